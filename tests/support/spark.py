"""Spark for tests: one session a process, and the pieces that several of them put together."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from airside.bronze import ArchiveParts, ArchiveReader
from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.ledger import Ledger
from airside.silver import Silver
from airside.silver.kernel import RECORDS, Kernel
from airside.silver.spark.chunks import DDL, from_bytes
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.session import java_home, open_session
from airside.silver.spark.workers import RECORDS_DDL, judge, lake_at
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.batch_document import published_batches, read_batch
from support.archives import Bench

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


with duckdb.connect() as _connection:
    FLIGHT_EVENTS_VERDICTS = Kernel(_connection).to_arrow(RECORDS.empty_table()).schema


def spark_session() -> "Iterator[SparkSession]":
    """Spark on two threads."""
    need_java()
    spark = open_session("local[2]")
    yield spark
    spark.stop()


def need_java() -> None:
    """Skip where Spark cannot run, but not in CI."""
    try:
        java_home()
    except UsageError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))


def transformed(spark: "SparkSession", records: pa.Table) -> pa.Table:
    """What the job's workers make of records: their verdicts, as a kernel gives them."""
    rows = [
        (shard_id, sequence_number, arrived_at_us, bytearray(payload + b"\n"))
        for shard_id, sequence_number, arrived_at_us, payload in zip(
            *(records[name].to_pylist() for name in ("shard_id", "sequence_number")),
            records["arrived_at"].cast(pa.int64()).to_pylist(),
            records["payload"].to_pylist(),
            strict=True,
        )
    ]
    frame: DataFrame = spark.createDataFrame(rows, RECORDS_DDL).coalesce(2 if rows else 1)
    chunks = frame.mapInArrow(partial(judge, feed=FLIGHT_EVENTS), DDL).collect()
    tables = [FLIGHT_EVENTS_VERDICTS.empty_table()]
    for chunk in chunks:
        tables.append(from_bytes(chunk["rows"]))
        tables.append(from_bytes(chunk["refused"]).drop_columns(["detail", "payload"]))
    return pa.concat_tables(tables, promote_options="default")


def stage(root: Path, **options: Any) -> SparkSilver:
    """The stage on a lake, as a driver has it that has just started."""
    return SparkSilver(partial(lake_at, str(root)), **options)


def parts(root: Path) -> ArchiveParts:
    """The archive of a folder as it is now."""
    return ArchiveParts(partial(lake_at, str(root)), FLIGHT_EVENTS)


def archive_of(bench: Bench, payloads: list[bytes], *, seconds: int, files: int = 1) -> None:
    """Put records on a stream over so long a time, and archive them in at least so many files."""
    size = 25
    puts = [payloads[start : start + size] for start in range(0, len(payloads), size)]
    archiver = bench.archiver()
    for number, put in enumerate(puts):
        bench.now_us += seconds * 1_000_000 // len(puts)
        bench.stream.put([payload.replace(b"\n", b" ") for payload in put])
        if number % max(1, len(puts) // files) == 0:
            archiver.run_once(flush=True)
    archiver.run_once(flush=True)


def embedded(bench: Bench, folder: Path, **options: Any) -> Path:
    """A lake that the embedded engine made out of the same archive."""
    ledger = Ledger(folder / "ledger.db", clock=lambda: bench.now_us)
    warehouse = DuckDBWarehouse(folder / "warehouse.duckdb", clock=lambda: bench.now_us)
    silver = Silver(
        ArchiveReader(bench.archive), LocalLake(folder), ledger, warehouse, FLIGHT_EVENTS, **options
    )
    while silver.run_once():
        pass
    warehouse.close()
    ledger.close()
    return folder


def rows(lake: Path, zone: str) -> list[Any]:
    """The rows of all Parquet files of a zone, sorted."""
    pattern = lake / zone / "**" / "*.parquet"
    return duckdb.sql(
        f"SELECT * FROM read_parquet('{pattern}', hive_partitioning = false) ORDER BY ALL"
    ).fetchall()


def contents(lake: Path) -> dict[str, Any]:
    """All that a lake's readers can see: rows, files, documents, and that they fit together."""
    made = LocalLake(lake)
    documents = [
        read_batch(made, FLIGHT_EVENTS, batch) for batch in published_batches(made, FLIGHT_EVENTS)
    ]
    for zone, listed in (
        ("silver", [file for document in documents for file in document.clean_files]),
        ("quarantine", [file for document in documents for file in document.quarantine_files]),
    ):
        assert sorted(file.name for file in listed) == made.names(zone)
        for file in listed:
            assert file.bytes == made.size(file.name)
            assert file.rows == count(lake / file.name)
    return {
        "silver": rows(lake, "silver"),
        "quarantine": rows(lake, "quarantine"),
        "documents": documents,
    }


def count(path: Path) -> int:
    ((rows_in_file,),) = duckdb.sql(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()
    return int(rows_in_file)


@contextmanager
def crashing(lake: LocalLake, at: int, error: Callable[[], BaseException]) -> Iterator[None]:
    """Make the lake raise instead of its `at`-th publish, counted from 0."""
    publish = lake.publish
    calls = iter(range(10**6))

    def counted(name: str) -> Any:
        if next(calls) == at:
            raise error()
        return publish(name)

    lake.publish = counted  # type: ignore[method-assign]  # for the time of the test
    try:
        yield
    finally:
        lake.publish = publish  # type: ignore[method-assign]


def received(documents: Iterable[Any]) -> int:
    return sum(document.received for document in documents)
