"""What gold keeps beside its models: how far they have come, and what they were built from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from airside.events.reference import airports_table
from airside.warehouse.duckdb import translated_errors

_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS staging",
    "CREATE TABLE IF NOT EXISTS staging.gold_window (through_batch_id BIGINT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS staging.gold_progress (
        model_name VARCHAR NOT NULL,
        through_batch_id BIGINT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS staging.gold_fingerprints (
        name VARCHAR NOT NULL,
        fingerprint VARCHAR NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS staging.gold_exports (
        file_name VARCHAR NOT NULL,
        version VARCHAR NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS staging.airports (
        airport_iata VARCHAR NOT NULL,
        airport_icao VARCHAR,
        airport_name VARCHAR,
        city VARCHAR,
        country VARCHAR,
        latitude DOUBLE,
        longitude DOUBLE,
        timezone VARCHAR
    )""",
)


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

    def __init__(self, database: Path) -> None:
        self._database = database

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection like those that the rest of the process has to this file."""
        with translated_errors(self._database):
            return duckdb.connect(str(self._database))

    def create_tables(self) -> None:
        """Make the tables that are missing."""
        with translated_errors(self._database), self.connect() as connection:
            for statement in _TABLES:
                connection.execute(statement)

    def load_airports(self) -> None:
        """Fill `staging.airports` with the package's airports."""
        airports = airports_table()
        with translated_errors(self._database), self.connect() as connection:
            connection.register("airports", airports)
            connection.execute("BEGIN")
            connection.execute("DELETE FROM staging.airports")
            connection.execute("INSERT INTO staging.airports BY NAME FROM airports")
            connection.execute("COMMIT")

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
        with translated_errors(self._database), self.connect() as connection:
            ((through,),) = connection.execute(
                """
                SELECT coalesce(max(batch_id) FILTER (records <= $limit), min(batch_id), $after)
                FROM (
                    SELECT batch_id, sum(received) OVER (ORDER BY batch_id) AS records
                    FROM staging.batches
                    WHERE batch_id > $after
                )
                """,
                {"after": after, "limit": 2**62 if max_events is None else max_events},
            ).fetchall()
            connection.execute("BEGIN")
            connection.execute("DELETE FROM staging.gold_window")
            connection.execute("INSERT INTO staging.gold_window VALUES (?)", [through])
            connection.execute("COMMIT")
        return int(through)

    def fingerprints(self) -> Fingerprints:
        """Those that the tables were built from."""
        with translated_errors(self._database), self.connect() as connection:
            rows = connection.execute(
                "SELECT name, fingerprint FROM staging.gold_fingerprints"
            ).fetchall()
        return Fingerprints(**dict(rows))

    def forget_models(self) -> None:
        """Have every table built anew; also after a crash in the middle of it."""
        with translated_errors(self._database), self.connect() as connection:
            connection.execute("DELETE FROM staging.gold_fingerprints WHERE name = 'models'")

    def store_fingerprints(self, fingerprints: Fingerprints) -> None:
        """Write down what the tables are built from now; their exported files are out of date."""
        with translated_errors(self._database), self.connect() as connection:
            connection.execute("BEGIN")
            connection.execute("DELETE FROM staging.gold_exports")
            connection.execute("DELETE FROM staging.gold_fingerprints")
            for name in Fingerprints.__slots__:
                connection.execute(
                    "INSERT INTO staging.gold_fingerprints VALUES (?, ?)",
                    [name, getattr(fingerprints, name)],
                )
            connection.execute("COMMIT")

    def _number(self, sql: str) -> int:
        with translated_errors(self._database), self.connect() as connection:
            ((value,),) = connection.execute(sql).fetchall()
        return int(value)
