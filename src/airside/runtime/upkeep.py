"""What the pipeline does by itself, beside its stages, so that nothing grows without bound.

Every minute: rows of staging that are old enough leave, where a retention is set. Every hour, once
both consumers are through with it: the hour's small files are merged, archive files, cleaned rows
and refused records that are old enough are removed, where a retention is set, and the batches of
past hours are folded into one account.

Each step can be cut off at any instant and is done again, and one that fails keeps none of the
others from theirs. What they change is no longer touched by bronze, silver or gold, which go on
meanwhile. What was done is a row of the ledger.

Damage does not go away by itself: hourly work that meets it is done again in the next hour, and
says so until then. What else keeps it from being done may pass in a minute.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from airside import bronze, silver
from airside.bronze import BRONZE, Archive
from airside.errors import AirsideError, CorruptDataError
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake
from airside.ledger import Ledger
from airside.runtime.accounting import note_removed
from airside.runtime.apart import apart
from airside.runtime.compaction import merges
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import is_a_jobs
from airside.settings import Settings
from airside.stream import Stream, hour_folder
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.batch_document import published_batches
from airside.warehouse.handoff import first_batch
from airside.warehouse.staging import fold_batches, remove_rows, settled_through

UPKEEP = "upkeep"
_HOUR_US = 3_600_000_000


@dataclass
class Upkeep:
    """The upkeep of one data directory; belongs to one thread.

    Args:
        data_dir: Whose.
        settings: What is kept for how long.
        lake: The directory's.
        ledger: Knows how far the archive has come, and keeps what was done.
        warehouse: The directory's.
        stream: Knows what waits.
        clock: Microseconds since the Unix epoch.
        rest: Called while files are merged; see `airside.runtime.compaction.merges`.
    """

    data_dir: DataDir
    settings: Settings
    lake: Lake
    ledger: Ledger
    warehouse: DuckDBWarehouse
    stream: Stream
    clock: Callable[[], int]
    rest: Callable[[float], object] = lambda _seconds: None
    at_staging: threading.Lock = field(default_factory=threading.Lock, init=False)
    """Held while rows of staging are removed or its accounts folded, so that gold is begun anew
    before that or after it: what is settled, and then goes, is the same."""
    _hour: int = field(default=-1, init=False)
    """The last one whose hourly work is done, as far as it can be."""
    _damage: str | None = field(default=None, init=False)
    """What that work has met; its text alone, as an error holds on to what was read."""

    def run_once(self) -> dict[str, int]:
        """Do what is due.

        Returns:
            What was done → how much of it; empty where nothing was.

        Raises:
            AirsideError: Something cannot be done now; all else was, and stands.
            CorruptDataError: Only damage keeps something from being done; told at each call until
                the hour's work is done again.
        """
        reached, failed = apart({"reached_us": self._reached})
        reached_us = reached.get("reached_us")
        hour = None if reached_us is None else reached_us // _HOUR_US
        hourly: dict[str, Callable[[], int]] = {}
        if hour != self._hour:  # also an earlier one: a clock that was ahead has been set back
            hourly = {"batches_folded": self._fold_batches}
            if reached_us is not None:
                hourly |= self._of_files(reached_us)
        found, others = apart({"staging_rows_removed": self._remove_rows} | hourly)
        failed |= others
        done = {name: count for name, count in found.items() if count}
        if done:
            self.ledger.succeed(self.ledger.begin(UPKEEP, reached), done)
        if hourly and hour is not None:
            self._note(hour, [failed[name] for name in hourly if name in failed])
        if failed:
            raise min(failed.values(), key=_is_damage)
        if self._damage is not None:
            raise CorruptDataError(self._damage)
        return done

    def _note(self, hour: int, errors: Sequence[AirsideError]) -> None:
        """Note how an hour's work went: it is done but for damage, which stays as it is."""
        self._damage = next((str(error) for error in errors if _is_damage(error)), None)
        if all(map(_is_damage, errors)):
            self._hour = hour

    def _reached(self) -> int:
        """Through when both consumers have done all that arrived; now, where nothing waits."""
        positions = [self.ledger.position(BRONZE), self.warehouse.checkpoint()]
        waiting = [backlog.oldest_arrived_at_us for backlog in self.stream.backlogs(positions)]
        return min([self.clock(), *(oldest for oldest in waiting if oldest is not None)])

    def _remove_rows(self) -> int:
        days = self.settings.warehouse.staging_days
        if days is None:
            return 0
        with self.at_staging:
            return remove_rows(
                self.warehouse,
                FLIGHT_EVENTS,
                through=self._settled_through(),
                loaded_before_us=self._days_ago(days),
            )

    def _fold_batches(self) -> int:
        with self.at_staging:
            return fold_batches(
                self.warehouse,
                through=self._settled_through(),
                arrived_before_us=ago(self.clock(), self.settings.warehouse.batch_hours),
            )

    def _of_files(self, reached_us: int) -> dict[str, Callable[[], int]]:
        """What is to be done to files, by the name of what it counts."""
        settings = self.settings
        steps: dict[str, Callable[[], int]] = {}
        if (days := settings.bronze.keep_days) is not None:
            steps["bronze_records_removed"] = partial(self._expire_archive, days)
        for zone, days in (
            ("silver", settings.silver.keep_days),
            ("quarantine", settings.silver.quarantine_days),
        ):
            if days is not None:
                steps[f"{zone}_files_removed"] = partial(self._expire, zone, days)
        if settings.upkeep.compaction == "hourly":
            for zone, merge in merges(self.lake, lambda: reached_us, self.rest).items():
                steps[f"{zone}_files_merged"] = partial(self._merge, merge)
        return {name: partial(self._alone, step) for name, step in steps.items()}

    def _alone(self, step: Callable[[], int]) -> int:
        """Do something to files as the only process of the directory that does."""
        if is_a_jobs(self.lake):  # its batch documents name its files
            return 0
        with self.data_dir.merging():
            return step()

    def _expire_archive(self, days: float) -> int:
        """Remove files that are old enough, and that both consumers are done with."""
        archived, loaded = self.ledger.position(BRONZE), self.warehouse.checkpoint()
        through = {s: min(archived[s], loaded[s]) for s in archived.keys() & loaded.keys()}
        archive = Archive(self.lake, FLIGHT_EVENTS)
        removed = bronze.remove_before(
            archive, arrived_before_us=self._days_ago(days), through=through
        )
        note_removed(self.ledger, bronze.read_floor(archive).records)
        return removed

    def _expire(self, zone: str, days: float) -> int:
        """Remove files that are old enough, and whose rows the warehouse has had."""
        root = f"{zone}/{FLIGHT_EVENTS.name}"
        before = hour_folder(root, self._days_ago(days))
        return silver.remove_before(
            self.lake, root, before=before, through=self.warehouse.checkpoint()
        )

    @staticmethod
    def _merge(merge: Callable[[], tuple[int, int]]) -> int:
        read, _ = merge()
        return read

    def _settled_through(self) -> int:
        """The last batch that gold, and a server that is fed from here, need no more."""
        through = settled_through(self.warehouse)
        handed = published_batches(self.lake, FLIGHT_EVENTS)
        if handed:  # the last document is compared with its batches when the next is made
            through = min(through, first_batch(handed[-1]) - 1)
        return through

    def _days_ago(self, days: float) -> int:
        return ago(self.clock(), days * 24)


def ago(now_us: int, hours: float) -> int:
    """The instant so many hours before another, but none before 1970.

    Whoever keeps something for ten thousand years means for ever.
    """
    return now_us - int(min(now_us, hours * _HOUR_US))


def _is_damage(error: AirsideError) -> bool:
    return isinstance(error, CorruptDataError)
