"""Facts and dimensions as Parquet files, for any tool to open."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from airside.lake import Lake
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.duckdb import read_rows
from airside.warehouse.duckdb_errors import translated_errors

FOLDER = "gold"
_ROWS_A_GROUP = 50_000
_NO_MORE = f"{FOLDER}/fct_flight_activity"
"""Files that older versions wrote, and that nobody would keep up to date."""

_CHANGING = ("dim_aircraft", "fct_flight_legs", "fct_turnarounds")
_GROWING = ("dim_airlines", "dim_airports", "dim_flights")
_FIXED = ("dim_dates",)
_TABLES = frozenset((*_CHANGING, *_GROWING, *_FIXED))


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

    `gold/<table>.parquet` each. The events of `fct_flight_activity` are files already: `silver/`
    has each once. May run on any thread, beside loading and refreshing; every file is as of one
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
        CorruptDataError: The warehouse is damaged.
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
        for name in sizes:
            if name.startswith(_NO_MORE):
                lake.delete(name)
        for file in _files(cursor):
            if exported.get(file.name) != (file.version, sizes.get(file.path)):
                with lake.publish(file.path) as path:
                    _write(cursor, file.query, path, rest)
                    size = path.stat().st_size
                _remember(cursor, file, size)
                written.append(file.path)
    return written


def is_whole(path: Path) -> bool:
    """Whether every page of a file of gold is what was written."""
    try:
        for _ in pq.ParquetFile(path, page_checksum_verification=True).iter_batches(_ROWS_A_GROUP):
            pass
    except (OSError, pa.ArrowException):
        return False
    return True


def _write(
    cursor: duckdb.DuckDBPyConnection, query: str, path: Path, rest: Callable[[float], object]
) -> None:
    """Write a query's rows, all on this thread; COPY would use those that loading needs."""
    began = time.monotonic()
    rows = cursor.sql(query).to_arrow_reader(_ROWS_A_GROUP)
    with pq.ParquetWriter(
        path, rows.schema, compression="zstd", store_schema=False, write_page_checksum=True
    ) as writer:
        for group in read_rows(rows):  # or the lake would take it for an error of writing
            writer.write_batch(group)
            rest(time.monotonic() - began)
            began = time.monotonic()


def _files(cursor: duckdb.DuckDBPyConnection) -> Iterator[_File]:
    progress = dict(
        cursor.execute("SELECT model_name, through_batch_id FROM staging.gold_progress").fetchall()
    )
    for table in _FIXED:
        yield _File(f"{table}.parquet", f"FROM main.{table}", "fixed")
    for table in _GROWING:
        yield _File(f"{table}.parquet", f"FROM main.{table}", f"{_count(cursor, table)} rows")
    for table in _CHANGING:
        yield _File(f"{table}.parquet", f"FROM main.{table}", f"batch {progress.get(table)}")


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
