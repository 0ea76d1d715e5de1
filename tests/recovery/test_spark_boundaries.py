"""A crash at every boundary of a Spark batch: the next driver gives the undisturbed result."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark import cloudpickle

from airside.errors import RetryableError
from airside.lake import Lake, LocalLake
from airside.silver.spark.archive import run_to_end
from airside.silver.spark.job import SparkSilver
from airside.warehouse.batch_document import BatchDocument
from oracle.corpus import hostile
from support.archives import Bench, bench
from support.spark import archive_of, contents, crashing, parts, stage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BATCH = 300
PUBLISHES = 3
"""Of the driver in a batch: what it is about to write, the accepted ids, the document."""


class Crash(BaseException):
    """The process is gone: nothing that catches errors may see it."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("archive"), shards=2) as made:
        archive_of(made, hostile(600, seed=9), seconds=3_600, files=4)
        yield made


@pytest.fixture(scope="module")
def calm(spark: "SparkSession", archive: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("calm")
    run(spark, stage(lake), archive)
    return lake


def run(
    spark: "SparkSession",
    silver: SparkSilver,
    archive: Bench,
    batch_records: int = BATCH,
    done: Callable[[BatchDocument], None] = lambda _: None,
) -> None:
    run_to_end(
        spark, silver, parts(archive.root), done, threading.Event(), batch_records=batch_records
    )


@pytest.mark.parametrize("at", range(PUBLISHES + 2))
def test_a_crash_of_the_driver(
    spark: "SparkSession", archive: Bench, calm: Path, tmp_path: Path, at: int
) -> None:
    lake = LocalLake(tmp_path)
    with crashing(lake, at, Crash), pytest.raises(Crash):
        run(spark, stage(tmp_path, lake=lake), archive)

    run(spark, stage(tmp_path), archive)

    assert contents(tmp_path) == contents(calm)


def test_a_crash_before_the_document_and_then_other_batches(
    spark: "SparkSession", archive: Bench, calm: Path, tmp_path: Path
) -> None:
    """The batch that was cut off is done as it was planned; those after it may be others."""
    lake = LocalLake(tmp_path)
    with crashing(lake, PUBLISHES - 1, Crash), pytest.raises(Crash):
        run(spark, stage(tmp_path, lake=lake), archive)

    run(spark, stage(tmp_path), archive, batch_records=120)

    made, expected = contents(tmp_path), contents(calm)
    assert made["documents"][0] == expected["documents"][0]
    assert len(made["documents"]) > len(expected["documents"])
    assert made["silver"] == expected["silver"]
    assert made["quarantine"] == expected["quarantine"]


def test_an_error_is_not_the_end_of_the_driver(
    spark: "SparkSession", archive: Bench, calm: Path, tmp_path: Path
) -> None:
    lake = LocalLake(tmp_path)
    silver = stage(tmp_path, lake=lake)
    with (
        crashing(lake, PUBLISHES + 1, lambda: RetryableError("the disk is full")),
        pytest.raises(RetryableError, match="the disk is full"),
    ):
        run(spark, silver, archive)

    run(spark, silver, archive)

    assert contents(tmp_path) == contents(calm)


# Workers cannot import this module: what they need of it goes to them by value.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class FullOnce:
    """A lake whose disk is full when the second silver file is written, once for all workers."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self) -> Lake:
        return Full(LocalLake(self._root), self._root.with_name("was-full"))


class Full:
    def __init__(self, lake: LocalLake, mark: Path) -> None:
        self._lake = lake
        self._mark = mark

    def __getattr__(self, name: str) -> object:
        return getattr(self._lake, name)

    def publish(self, name: str) -> object:
        written = [n for n in self._lake.names("silver") if n.endswith(".parquet")]
        if name.startswith("silver/") and written and not self._mark.exists():
            self._mark.touch()
            raise RetryableError("no space left on the device; free some")
        return self._lake.publish(name)


def test_an_error_of_a_worker_comes_as_it_was_raised(
    spark: "SparkSession", archive: Bench, calm: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    silver = SparkSilver(FullOnce(lake))
    with pytest.raises(RetryableError) as raised:
        run(spark, silver, archive)
    assert str(raised.value) == "no space left on the device; free some"

    run(spark, silver, archive)

    assert contents(lake) == contents(calm)
