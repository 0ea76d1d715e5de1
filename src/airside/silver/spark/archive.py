"""Silver from the archive: all of it in batches, or as it grows.

The archive's own index says which records there are and in which order; Spark's file source, where
the archive is followed, says no more than that there is something new. So the batches do not
depend on modification times or on how Spark lists folders, and files that were merged in the
meantime are no others.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from airside.silver.spark.chunks import DDL
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.problems import translated_errors
from airside.silver.spark.workers import judge_parts
from airside.stream import Frame, Position
from airside.warehouse.batch_document import BatchDocument

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FILES = "*.ndjson.zst"
_FILE = "path string, modificationTime timestamp, length bigint, content binary"
_LOOK_SECONDS = 1
BATCH_RECORDS = 500_000
BATCH_BYTES = 512 * 1024 * 1024
"""Uncompressed. A batch's clean rows and ids are held between its two passes."""

_TASK_BYTES = 16 * 1024 * 1024


class PartOfArchive(Protocol):
    """Records that one task can read."""

    @property
    def raw_bytes(self) -> int:
        """Their size, uncompressed."""


Part = TypeVar("Part", bound=PartOfArchive)


class PartedArchive(Protocol[Part]):
    """An archive as it is now, in parts that can be read anywhere."""

    def take(
        self, after: Position, *, through: Position | None, max_records: int, max_bytes: int
    ) -> Sequence[Part]:
        """The parts that come next in stream order, each shard's together; empty at the end."""

    @property
    def read(self) -> Callable[[Part], Sequence[Frame]]:
        """Gives a part's frames; pickles, as workers call it."""


Done = Callable[[BatchDocument], None]
"""Told of each batch when it is published."""


def run_to_end(
    spark: "SparkSession",
    silver: SparkSilver,
    archive: PartedArchive[Part],
    done: Done,
    stopping: threading.Event,
    *,
    batch_records: int = BATCH_RECORDS,
) -> None:
    """Do all that the archive holds beyond what is published, in batches in stream order.

    Args:
        spark: The session.
        silver: The stage.
        archive: What to read.
        done: Told of each batch.
        stopping: Ends the work after the batch under way.
        batch_records: A batch holds at most so many.
    """
    while not stopping.is_set():
        parts = archive.take(
            silver.position(),
            through=silver.planned(),
            max_records=batch_records,
            max_bytes=BATCH_BYTES,
        )
        if not parts:
            return
        tasks = _tasks(parts)
        work = partial(
            judge_parts, tasks=tasks, read=archive.read, after=silver.position(), feed=silver.feed
        )
        numbers = spark.range(0, len(tasks), 1, len(tasks))
        document = silver.run(numbers.mapInArrow(work, DDL))
        if document is None:
            return
        done(document)


def _tasks(parts: Sequence[Part]) -> list[list[Part]]:
    """Put small parts together, by their sizes alone: a batch done again has the same tasks."""
    tasks: list[list[Part]] = []
    size = 0
    for part in parts:
        if not tasks or size + part.raw_bytes > _TASK_BYTES:
            tasks.append([])
            size = 0
        tasks[-1].append(part)
        size += part.raw_bytes
    return tasks


def follow(
    spark: "SparkSession",
    silver: SparkSilver,
    open_archive: Callable[[], PartedArchive[Part]],
    done: Done,
    stopping: threading.Event,
    *,
    folder: str,
    checkpoint: str,
    seconds: float,
) -> None:
    """Do what the archive holds, and then what it gains, in a streaming query, until told to stop.

    Args:
        spark: The session.
        silver: The stage.
        open_archive: Gives the archive as it is when it is called.
        done: Told of each batch.
        stopping: Ends the query after the batch under way.
        folder: Where Spark watches for files.
        checkpoint: Where Spark keeps what it has seen. Losing it loses nothing: all files are
            then looked at once more.
        seconds: How often to look.

    Raises:
        AirsideError: As `run_to_end` raises it.
    """
    busy = threading.Lock()

    def batch(files: "DataFrame", epoch: int) -> None:  # noqa: ARG001 - Spark's signature
        # Only the stop holds it otherwise, and stopping a query waits for this very call.
        if busy.acquire(blocking=False):
            try:
                run_to_end(spark, silver, open_archive(), done, stopping)
            finally:
                busy.release()

    # Spark takes for done what it has handed on; a stop may have left some of that undone.
    run_to_end(spark, silver, open_archive(), done, stopping)
    with translated_errors():
        files = (
            spark.readStream.format("binaryFile")
            .schema(_FILE)
            .option("pathGlobFilter", _FILES)
            .load(folder)
        )
        query = (
            files.select("path")
            .writeStream.queryName("airside-silver")
            .foreachBatch(batch)
            .option("checkpointLocation", checkpoint)
            .trigger(processingTime=f"{seconds} seconds")
            .start()
        )
        try:
            while not stopping.is_set() and not query.awaitTermination(_LOOK_SECONDS):
                pass
        finally:
            with busy:
                query.stop()
