"""Facts and dimensions as Parquet files, for any tool to open."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from airside.lake import Lake
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.duckdb import translated_errors

FOLDER = "gold"
ACTIVITY = "fct_flight_activity"
ACTIVITY_ROWS_A_FILE = 500_000
"""What only ever grows is cut, so that an export rewrites its last file alone."""
_ROWS_A_GROUP = 50_000
_FULL = "batches {} to {}"
_FULL_PATTERN = re.compile(_FULL.format(r"(\d+)", r"(\d+)"))
"""The version of a file that is written once. It stays when staging lets go of its rows."""

_CHANGING = ("dim_aircraft", "fct_flight_legs", "fct_turnarounds")
_GROWING = ("dim_airlines", "dim_airports", "dim_flights")
_FIXED = ("dim_dates",)
_TABLES = frozenset((ACTIVITY, *_CHANGING, *_GROWING, *_FIXED))


@dataclass(frozen=True, slots=True)
class _File:
    """One file, and what tells whether its content is another than last time."""

    name: str
    query: str
    version: str

    @property
    def path(self) -> str:
        """Its name in the lake."""
        return f"{FOLDER}/{self.name}"


def export(
    warehouse: DuckDBWarehouse,
    lake: Lake,
    *,
    rest: Callable[[float], object] = lambda _seconds: None,
) -> list[str]:
    """Write the files whose content has changed since, and those that are gone or cut short.

    `gold/<table>.parquet` each, and `gold/fct_flight_activity-2.parquet` and so on after each half
    million events. May run on any thread, beside loading and refreshing; every file is as of one
    instant.

    Args:
        warehouse: Where gold is; nothing is written before gold has been built.
        lake: Where the files go.
        rest: Called again and again, with the seconds worked since, to leave time to others.

    Returns:
        The names written.

    Raises:
        RetryableError: A file cannot be written now, or DuckDB lacks disk or memory to read it.
            The older one, if any, is still whole.
    """
    written: list[str] = []
    with translated_errors(warehouse.path), warehouse.transform.cursor() as cursor:
        if not _is_built(cursor):
            return written
        exported = {
            name: (version, size)
            for name, version, size in cursor.execute(
                "SELECT file_name, version, bytes FROM staging.gold_exports"
            ).fetchall()
        }
        sizes = lake.sizes(FOLDER, ".parquet")
        for file in _files(cursor, {name: version for name, (version, _) in exported.items()}):
            if exported.get(file.name) != (file.version, sizes.get(file.path)):
                with lake.publish(file.path) as path:
                    _write(cursor, file.query, path, rest)
                    size = path.stat().st_size
                _remember(cursor, file, size)
                written.append(file.path)
    return written


def _write(
    cursor: duckdb.DuckDBPyConnection, query: str, path: Path, rest: Callable[[float], object]
) -> None:
    """Write a query's rows, all on this thread; COPY would use those that loading needs."""
    began = time.monotonic()
    rows = cursor.sql(query).to_arrow_reader(_ROWS_A_GROUP)
    with pq.ParquetWriter(path, rows.schema, compression="zstd", store_schema=False) as writer:
        for group in rows:
            writer.write_batch(group)
            rest(time.monotonic() - began)
            began = time.monotonic()


def _files(cursor: duckdb.DuckDBPyConnection, exported: Mapping[str, str]) -> Iterator[_File]:
    progress = dict(
        cursor.execute("SELECT model_name, through_batch_id FROM staging.gold_progress").fetchall()
    )
    for table in _FIXED:
        yield _File(f"{table}.parquet", f"FROM main.{table}", "fixed")
    for table in _GROWING:
        yield _File(f"{table}.parquet", f"FROM main.{table}", f"{_count(cursor, table)} rows")
    for table in _CHANGING:
        yield _File(f"{table}.parquet", f"FROM main.{table}", f"batch {progress.get(table)}")
    yield from _activity_files(cursor, exported)


def _activity_files(
    cursor: duckdb.DuckDBPyConnection, exported: Mapping[str, str]
) -> Iterator[_File]:
    """Each holds whole batches: later ones only ever add to the last file, or begin another."""
    ((oldest,),) = cursor.execute(f"SELECT min(batch_id) FROM main.{ACTIVITY}").fetchall()
    first, number = 1, 1
    while full := _FULL_PATTERN.fullmatch(exported.get(_activity_name(number), "")):
        if oldest is not None and oldest <= int(full[1]):
            yield _activity_file(number, int(full[1]), int(full[2]))
        first, number = int(full[2]) + 1, number + 1
    batches = cursor.execute(
        f"SELECT batch_id, count(*) FROM main.{ACTIVITY} WHERE batch_id >= {first}"
        " GROUP BY batch_id ORDER BY batch_id"
    ).fetchall()
    rows = last = 0
    for last, count in batches:
        if not rows:
            first = last
        rows += count
        if rows >= ACTIVITY_ROWS_A_FILE:
            yield _activity_file(number, first, last)
            rows, number = 0, number + 1
    if rows or number == 1:
        yield _File(
            _activity_name(number),
            f"FROM main.{ACTIVITY} WHERE batch_id >= {first}",
            f"{rows} rows through batch {last}",
        )


def _activity_name(number: int) -> str:
    return f"{ACTIVITY}.parquet" if number == 1 else f"{ACTIVITY}-{number}.parquet"


def _activity_file(number: int, first: int, last: int) -> _File:
    return _File(
        _activity_name(number),
        f"FROM main.{ACTIVITY} WHERE batch_id BETWEEN {first} AND {last}",
        _FULL.format(first, last),
    )


def _count(cursor: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = cursor.execute(f"SELECT count(*) FROM main.{table}").fetchall()
    return int(rows)


def _is_built(cursor: duckdb.DuckDBPyConnection) -> bool:
    found = cursor.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables"
    ).fetchall()
    return {name for (name,) in found} >= {
        "staging.gold_exports",
        *(f"main.{table}" for table in _TABLES),
    }


def _remember(cursor: duckdb.DuckDBPyConnection, file: _File, size: int) -> None:
    cursor.execute("BEGIN")
    cursor.execute("DELETE FROM staging.gold_exports WHERE file_name = ?", [file.name])
    cursor.execute(
        "INSERT INTO staging.gold_exports VALUES (?, ?, ?)", [file.name, file.version, size]
    )
    cursor.execute("COMMIT")
