"""Refreshing gold: which batches, which models, and whether anything has to be done at all."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from airside.errors import AirsideError
from airside.gold.control import Control, Fingerprints
from airside.gold.database import Database, DuckDBDatabase
from airside.gold.dbt_process import INCREMENTAL, PROJECT_DIR, DbtProcess, NodeResult
from airside.gold.recorded import Recorded, recorded
from airside.gold.script import run, script
from airside.gold.thresholds import Thresholds

_VIEWS = ("--select", "config.materialized:view")
_OF_ALL_ROWS = ("models", "reference")
"""What makes tables be built anew from all rows where it has changed: all of them, or the
dimensions that take names from the reference data."""
_REFERENCED = ("--full-refresh", "--select", "dim_airlines", "dim_airports", "dim_aircraft")


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What a refresh did."""

    through_batch_id: int
    """The last batch that gold now holds; 0 before the first."""
    refreshed: bool
    """Whether anything had to be done."""
    model_seconds: Mapping[str, float] = field(default_factory=dict)
    """Model → seconds it took, all runs of this refresh together."""


class Gold:
    """The star schema in a warehouse.

    One thread refreshes; any may read the tables meanwhile. Every model changes in a transaction of
    its own, so a reader sees a model before or after, never halfway.

    Args:
        database: With the staging tables in it; a path is a DuckDB file's.
        work_dir: A folder for dbt's own files, under the data directory.
        thresholds: Constant for the life of this object.
        max_events_per_run: A refresh of more events is cut into several runs, which bounds memory.
    """

    def __init__(
        self,
        database: Database | Path,
        work_dir: Path,
        *,
        thresholds: Thresholds | None = None,
        max_events_per_run: int = 500_000,
    ) -> None:
        thresholds = thresholds or Thresholds()
        if isinstance(database, Path):
            database = DuckDBDatabase(database)
        self._database = database
        self._control = Control(database)
        self._dbt = DbtProcess(database, work_dir, asdict(thresholds))
        self._fingerprints = Fingerprints.of(PROJECT_DIR, asdict(thresholds))
        self._max_events_per_run = max_events_per_run
        self._lock = threading.Lock()
        self._is_prepared = False

    def refresh(self) -> RefreshResult:
        """Take in every batch that staging holds now.

        Costs what the new events cost; next to nothing where there are none.

        Raises:
            AirsideError: A model failed; what the other models had done stands, and the next
                refresh goes on from there.
        """
        with self._opened():
            return self._refresh(rebuild=False)

    def full_refresh(self) -> RefreshResult:
        """Build every table anew from staging."""
        with self._opened():
            return self._refresh(rebuild=True)

    def begin_rebuild(self) -> bool:
        """Say whether the next refresh builds tables anew, from the whole of staging.

        Where it does, that is written down, and stays so until it has been done, whatever becomes
        of this process: until then no row may leave staging.
        """
        with self._opened():
            stored = self._control.fingerprints()
            stale = [
                name
                for name in _OF_ALL_ROWS
                if getattr(stored, name) != getattr(self._fingerprints, name)
            ]
            self._control.forget(stale)
            return bool(stale)

    def test(self) -> list[NodeResult]:
        """Run dbt's tests of keys, relationships and rules; those that failed are in the result."""
        with self._opened():
            # Unit tests are of the models, which are the same in every database.
            return self._dbt.invoke("test", *self._database.tests)

    def close(self) -> None:
        """Let go of the database."""
        self._dbt.close()

    @contextmanager
    def _opened(self) -> Iterator[None]:
        # Open all along, so that the short connections of dbt find the file open already.
        with self._lock, self._database.session():
            if not self._is_prepared:
                self._control.create_tables()
            yield

    def _refresh(self, *, rebuild: bool) -> RefreshResult:
        seconds: dict[str, float] = {}
        latest = self._control.latest_batch()
        done: list[NodeResult] = []
        # Batches only ever grow: where gold is ahead, it was built from another staging.
        if rebuild or self._control.is_ahead_of(latest):
            self._control.forget(["models"])
            self._is_prepared = False
        if not self._is_prepared:
            done += self._prepare()
            self._is_prepared = True
        through = self._control.refreshed_through()
        while through < latest:
            through = self._control.open_window(through, self._max_events_per_run)
            done += self._take_in()
        for result in done:
            seconds[result.name] = seconds.get(result.name, 0.0) + result.seconds
        return RefreshResult(through, bool(done), seconds)

    def _take_in(self) -> list[NodeResult]:
        """Have each model take in what the window holds.

        By dbt where nothing is written down, and after an error: it looks at what there is and
        plans anew.
        """
        control = self._control
        if steps := control.script():
            try:
                with self._database.session() as session:
                    return run(session, steps)
            except AirsideError:
                control.store_script(())
                raise
        done = self._dbt.invoke("run", *INCREMENTAL)
        if self._database.keeps_scripts:
            control.store_script(script(self._dbt.heard))
        return done

    def _prepare(self) -> list[NodeResult]:
        """Bring reference data and the models' definitions up to date.

        The fingerprints are written down last: after a crash all of it is done again.
        """
        control, wanted, dbt = self._control, self._fingerprints, self._dbt
        if self._database.keeps_scripts and control.is_new():
            package = recorded()
            if package.fingerprints == wanted:
                return self._make(package)
        stored = control.fingerprints()
        done: list[NodeResult] = []
        if stored.reference != wanted.reference:
            control.load_airports()
            done += dbt.invoke("seed", "--full-refresh")
        if stored.models != wanted.models:
            control.open_window(0, self._max_events_per_run)
            done += dbt.invoke("run", "--full-refresh")
        else:
            if stored.reference != wanted.reference:
                control.open_window(0, None)
                done += dbt.invoke("run", *_REFERENCED)
            # On a server, a table that is made anew takes the views upon it along.
            if stored.views != wanted.views or stored.reference != wanted.reference:
                done += dbt.invoke("run", *_VIEWS)
        if done:
            control.store_fingerprints(wanted)
        return done

    def _make(self, package: Recorded) -> list[NodeResult]:
        """Build all of it as dbt would, which need not be loaded for that."""
        control = self._control
        control.load_airports()
        control.open_window(0, self._max_events_per_run)
        with self._database.session() as session:
            done = run(session, package.build)
        control.store_fingerprints(package.fingerprints)
        control.store_script(package.refresh)
        return done
