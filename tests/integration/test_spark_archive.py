"""Silver on Spark over an archive: the embedded engine's rows, whatever the batches are."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from airside.errors import CorruptDataError, UsageError
from airside.replay.nycflights13 import NycFlights13
from airside.silver.spark.archive import follow, run_to_end
from airside.silver.spark.job import SparkSilver
from airside.warehouse.batch_document import BatchDocument
from oracle.corpus import hostile
from support.archives import Bench, bench
from support.spark import archive_of, contents, embedded, parts, received, rows, stage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RECORDS = 3_000
LIMITS: dict[str, Any] = {"dedupe_horizon": timedelta(minutes=40), "dedupe_max_ids": 700}
"""Narrow enough to matter."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Three shards, three hours, a dozen files each."""
    with bench(tmp_path_factory.mktemp("archive"), shards=3) as made:
        archive_of(made, hostile(RECORDS, seed=5), seconds=8_000, files=12)
        yield made


@pytest.fixture(scope="module")
def expected(archive: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded(archive, tmp_path_factory.mktemp("embedded"), **LIMITS)


def run(
    spark: "SparkSession", silver: SparkSilver, source: Path, batch_records: int = 1_000
) -> list[BatchDocument]:
    done: list[BatchDocument] = []
    archive = parts(source)
    run_to_end(spark, silver, archive, done.append, threading.Event(), batch_records=batch_records)
    return done


@pytest.mark.parametrize("batch_records", [RECORDS, 700])
def test_the_rows_are_the_embedded_engines(
    spark: "SparkSession", archive: Bench, expected: Path, tmp_path: Path, batch_records: int
) -> None:
    documents = run(spark, stage(tmp_path, **LIMITS), archive.root, batch_records)

    made = contents(tmp_path)
    assert made["silver"] == rows(expected, "silver")
    assert made["quarantine"] == rows(expected, "quarantine")
    assert made["documents"] == documents
    assert received(documents) == RECORDS
    assert documents[-1].through == archive.reader().end()
    assert min(sum(d.duplicates for d in documents), len(made["quarantine"])) > 50


def test_a_stop_does_not_wait_for_a_batch_that_begins_meanwhile(
    spark: "SparkSession", archive: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql.streaming.query import StreamingQuery  # noqa: PLC0415 - an extra
    from pyspark.sql.utils import ForeachBatchFunction  # noqa: PLC0415

    stopping, called = threading.Event(), threading.Event()
    call, stop = ForeachBatchFunction.call, StreamingQuery.stop

    def tell(function: Any, *arguments: Any) -> None:
        called.set()
        call(function, *arguments)

    def stop_when_called(query: Any) -> None:
        assert called.wait(60)
        stop(query)

    monkeypatch.setattr(ForeachBatchFunction, "call", tell)
    monkeypatch.setattr(StreamingQuery, "stop", stop_when_called)
    documents: list[BatchDocument] = []

    def done(document: BatchDocument) -> None:
        documents.append(document)
        stopping.set()

    following = threading.Thread(
        target=follow,
        args=(spark, stage(tmp_path), lambda: parts(archive.root), done, stopping),
        kwargs={
            "folder": str(archive.root / "bronze"),
            "checkpoint": str(tmp_path / "checkpoint"),
            "seconds": 1,
        },
        daemon=True,
    )
    following.start()
    following.join(60)
    assert not following.is_alive()
    assert received(documents) == RECORDS


def test_the_first_flights_of_2013(spark: "SparkSession", tmp_path: Path) -> None:
    events = [emission.payload for emission in islice(NycFlights13().emissions(), 6_000)]
    for name in ("source", "lake", "embedded"):
        (tmp_path / name).mkdir()
    with bench(tmp_path / "source") as made:
        archive_of(made, events, seconds=7_200, files=2)
        run(spark, stage(tmp_path / "lake"), made.root, 4_000)
        calm = embedded(made, tmp_path / "embedded")

    assert rows(tmp_path / "lake", "silver") == rows(calm, "silver")
    assert len(rows(calm, "silver")) == 6_000


def test_the_files_have_the_embedded_engines_columns_and_types(
    spark: "SparkSession", archive: Bench, expected: Path, tmp_path: Path
) -> None:
    run(spark, stage(tmp_path, **LIMITS), archive.root, RECORDS)

    for zone in ("silver", "quarantine"):
        ours, theirs = (
            duckdb.sql(
                f"DESCRIBE FROM read_parquet('{next((root / zone).rglob('*.parquet'))}',"
                " hive_partitioning = false)"
            ).fetchall()
            for root in (tmp_path, expected)
        )
        assert ours == theirs


def test_doing_it_again_changes_nothing(
    spark: "SparkSession", archive: Bench, tmp_path: Path
) -> None:
    run(spark, stage(tmp_path), archive.root)
    before = contents(tmp_path)

    assert run(spark, stage(tmp_path), archive.root) == []
    assert contents(tmp_path) == before


def test_a_new_driver_knows_what_was_accepted(
    spark: "SparkSession", archive: Bench, expected: Path, tmp_path: Path
) -> None:
    """Each batch by a driver of its own, which reads the ids from the lake."""
    while True:
        silver = stage(tmp_path, **LIMITS)
        stopping = threading.Event()

        def stop(_document: BatchDocument, stopping: threading.Event = stopping) -> None:
            stopping.set()

        run_to_end(spark, silver, parts(archive.root), stop, stopping, batch_records=1_300)
        silver.close()
        if not stopping.is_set():
            break

    assert contents(tmp_path)["silver"] == rows(expected, "silver")


def test_a_damaged_archive_says_where(spark: "SparkSession", tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with bench(tmp_path / "source") as made:
        archive_of(made, hostile(50, seed=1), seconds=60)
        file = made.files()[0]
        path = made.root / file
        path.write_bytes(path.read_bytes()[:-20] + b"\0" * 20)

        with pytest.raises(CorruptDataError, match="cannot be decompressed"):
            run(spark, stage(tmp_path / "lake"), made.root)
    assert contents_or_nothing(tmp_path / "lake") == []


def test_a_lake_of_the_embedded_pipeline_is_refused(expected: Path) -> None:
    with pytest.raises(UsageError, match="name an empty lake"):
        stage(expected).position()


def test_a_lost_file_of_accepted_ids_is_noticed(
    spark: "SparkSession", archive: Bench, tmp_path: Path
) -> None:
    run(spark, stage(tmp_path), archive.root)
    min((tmp_path / "dedupe").rglob("*.parquet")).unlink()

    with pytest.raises(CorruptDataError, match="duplicates"):
        stage(tmp_path).position()


def contents_or_nothing(lake: Path) -> list[Path]:
    return [path for path in lake.rglob("*") if path.is_file() and path.suffix != ".json"]
