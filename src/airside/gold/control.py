"""What gold keeps beside its models: how far they have come, and what they were built from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from airside.events.reference import airports_table
from airside.gold.database import Database
from airside.gold.script import Step

_TABLES = {
    "gold_window": "through_batch_id BIGINT NOT NULL",
    "gold_progress": "model_name {text} NOT NULL, through_batch_id BIGINT NOT NULL",
    "gold_fingerprints": "name {text} NOT NULL, fingerprint {text} NOT NULL",
    "gold_scripts": "place BIGINT NOT NULL, model_name {text} NOT NULL, statement {text} NOT NULL",
    "gold_exports": "file_name {text} NOT NULL, version {text} NOT NULL, bytes BIGINT",
    "airports": (
        "airport_iata {text} NOT NULL, airport_icao {text}, airport_name {text}, city {text},"
        " country {text}, latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, timezone {text}"
    ),
}


_WINDOW = """
SELECT
    coalesce(
        max(CASE WHEN records <= CAST(? AS BIGINT) THEN batch_id END),
        min(batch_id),
        CAST(? AS BIGINT)
    )
FROM (
    SELECT
        batch_id,
        sum(received) OVER (ORDER BY batch_id ROWS UNBOUNDED PRECEDING) AS records
    FROM staging.batches
    WHERE batch_id > CAST(? AS BIGINT)
) AS due
"""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hashes of what gold is built from; a table is built anew when its own has changed."""

    reference: str = ""
    """Airlines, aircraft types and airports."""
    models: str = ""
    """The SQL of the tables, and the threshold that is baked into one."""
    views: str = ""
    """The SQL of the reports, and all thresholds: a view takes them up without reading any data."""

    @classmethod
    def of(cls, project_dir: Path, thresholds: Mapping[str, object]) -> "Fingerprints":
        """Those of a project with these thresholds."""
        cutoff = str(thresholds["turnaround_cutoff_minutes"])
        airports = repr(airports_table().to_pydict())
        models, macros = project_dir / "models", project_dir / "macros"
        reports = set((models / "reports").glob("*.sql"))
        tables = {*macros.rglob("*.sql"), *models.rglob("*.sql")} - reports
        return cls(
            reference=_hash_files((project_dir / "seeds").rglob("*.csv"), airports),
            models=_hash_files(tables, cutoff),
            views=_hash_files(reports, json.dumps(dict(thresholds), sort_keys=True)),
        )


def _hash_files(paths: Iterable[Path], *others: str) -> str:
    digest = hashlib.sha256("\0".join(others).encode())
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class Control:
    """The small tables in the schema `staging` that steer gold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_tables(self) -> None:
        """Make the tables that are missing."""
        with self._database.session() as session:
            session.execute("CREATE SCHEMA IF NOT EXISTS staging")
            for name, columns in _TABLES.items():
                typed = columns.format(text=self._database.text)
                session.execute(f"CREATE TABLE IF NOT EXISTS staging.{name} ({typed})")

    def is_new(self) -> bool:
        """Whether there is nothing of gold yet, nor of an attempt to build it."""
        return not self._number(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main'"
        )

    def load_airports(self) -> None:
        """Fill `staging.airports` with the package's airports."""
        with self._database.session() as session, session.transaction():
            session.execute("DELETE FROM staging.airports")
            session.insert("staging.airports", airports_table())

    def latest_batch(self) -> int:
        """The last batch in staging; 0 where there is none."""
        return self._number("SELECT coalesce(max(batch_id), 0) FROM staging.batches")

    def refreshed_through(self) -> int:
        """The last batch that every model has taken in; 0 before the first refresh."""
        return self._number("SELECT coalesce(min(through_batch_id), 0) FROM staging.gold_progress")

    def is_ahead_of(self, batch_id: int) -> bool:
        """Whether some model has taken in a later batch than this one."""
        furthest = "SELECT coalesce(max(through_batch_id), 0) FROM staging.gold_progress"
        return self._number(furthest) > batch_id

    def open_window(self, after: int, max_events: int | None) -> int:
        """Write down the last batch of the coming run.

        Args:
            after: The batches after this one are due.
            max_events: So many records at most, but at least one batch; None for no limit.

        Returns:
            The window's last batch: `after` where nothing is due.
        """
        limit = 2**62 if max_events is None else max_events
        with self._database.session() as session:
            ((through,),) = session.execute(_WINDOW, [limit, after, after])
            with session.transaction():
                session.execute("DELETE FROM staging.gold_window")
                session.execute("INSERT INTO staging.gold_window VALUES (?)", [through])
        return int(through)

    def fingerprints(self) -> Fingerprints:
        """Those that the tables were built from."""
        with self._database.session() as session:
            rows = session.execute("SELECT name, fingerprint FROM staging.gold_fingerprints")
        return Fingerprints(**dict(rows))

    def forget(self, names: Iterable[str]) -> None:
        """Have built anew what is made of this, also after a crash in the middle of it.

        While the models or the reference data have no fingerprint, all rows of staging are needed:
        see `airside.warehouse.staging.settled_through`.

        Args:
            names: Fields of `Fingerprints`.
        """
        with self._database.session() as session, session.transaction():
            for name in names:
                session.execute("DELETE FROM staging.gold_fingerprints WHERE name = ?", [name])

    def script(self) -> list[Step]:
        """What a refresh does; empty where dbt has to be asked."""
        with self._database.session() as session:
            rows = session.execute(
                "SELECT model_name, statement FROM staging.gold_scripts ORDER BY place"
            )
        return [Step(*row) for row in rows]

    def store_script(self, steps: Iterable[Step]) -> None:
        """Write down what a refresh does, in place of what it did before."""
        with self._database.session() as session, session.transaction():
            session.execute("DELETE FROM staging.gold_scripts")
            for place, step in enumerate(steps):
                session.execute(
                    "INSERT INTO staging.gold_scripts VALUES (?, ?, ?)",
                    [place, step.model, step.statement],
                )

    def store_fingerprints(self, fingerprints: Fingerprints) -> None:
        """Write down what the tables are built from now.

        Their exported files are out of date, and so may be what a refresh does.
        """
        with self._database.session() as session, session.transaction():
            session.execute("DELETE FROM staging.gold_exports")
            session.execute("DELETE FROM staging.gold_scripts")
            session.execute("DELETE FROM staging.gold_fingerprints")
            for name in Fingerprints.__slots__:
                session.execute(
                    "INSERT INTO staging.gold_fingerprints VALUES (?, ?)",
                    [name, getattr(fingerprints, name)],
                )

    def _number(self, sql: str) -> int:
        with self._database.session() as session:
            ((value,),) = session.execute(sql)
        return int(value)
