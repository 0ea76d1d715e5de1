"""Silver on Spark over an archive: all of it in batches, or as it grows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from airside.bronze import Archive, ArchiveParts
from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake, open_lake
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import lake_named
from airside.settings import Settings
from airside.silver.spark.archive import follow, run_to_end
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.session import session
from airside.silver.spark.workers import lake_at
from airside.warehouse.batch_document import BatchDocument

Progress = Callable[[int], None]
"""Told how many records were just done."""


@dataclass
class SparkRun:
    """What a run has done."""

    batches: int = 0
    received: int = 0
    clean: int = 0
    quarantined: int = 0
    duplicates: int = 0
    through: dict[str, str] = field(default_factory=dict)
    """Shard → the last sequence number that the lake holds the verdict of."""

    def add(self, document: BatchDocument) -> None:
        """Count a batch."""
        self.batches += 1
        self.received += document.received
        self.clean += document.clean
        self.quarantined += document.quarantined
        self.duplicates += document.duplicates
        self.through = dict(document.through)


def run_spark(
    source: str,
    lake_url: str,
    settings: Settings,
    master: str,
    progress: Progress,
    *,
    checkpoint: Path | None = None,
    window_seconds: float = 10.0,
    stopping: threading.Event | None = None,
) -> SparkRun:
    """Do what an archive holds beyond what a lake has, and go on with what it gains if asked.

    Args:
        source: The lake or data directory whose archive is read.
        lake_url: The lake that takes silver, quarantine and the batches' documents.
        settings: Of duplicates and memory.
        master: Spark's; a cluster has to see the same places.
        progress: Told of the records.
        checkpoint: Follow the archive in a streaming query, whose checkpoint is here; without it,
            the run ends where the archive ends now.
        window_seconds: How often to look when following.
        stopping: Ends the run after the batch under way.

    Returns:
        What was done.

    Raises:
        UsageError: There is no archive, or the lake was written by something else.
        RetryableError: Another Airside writes to the lake.
        CorruptDataError: Archive or lake are damaged; says where.
    """
    from_lake, _ = lake_named(source)
    archive = Archive(from_lake, FLIGHT_EVENTS)
    if not from_lake.names(archive.root):
        raise UsageError(
            f"there is no archive in {from_lake.where(archive.root)}; name the lake, or the data "
            "directory, that has one with --source"
        )
    if checkpoint is not None and not isinstance(from_lake, LocalLake):
        raise UsageError(
            f"{from_lake.url} cannot be followed, as Spark alone has no access to it; follow an "
            "archive in a folder, or run without --streaming from a schedule: each run goes on "
            "where the last one ended"
        )
    open_archive = partial(ArchiveParts, partial(lake_at, from_lake.url), FLIGHT_EVENTS)
    stopping = stopping or threading.Event()
    run = SparkRun()

    def done(document: BatchDocument) -> None:
        run.add(document)
        progress(document.received)

    # What is wrong with the lake shows before anybody waits for Spark.
    with _stage(lake_url, settings) as silver, session(master) as spark:
        run.through = dict(silver.position())
        if checkpoint is None:
            run_to_end(spark, silver, open_archive(), done, stopping)
        else:
            follow(
                spark,
                silver,
                open_archive,
                done,
                stopping,
                folder=from_lake.where(archive.root),
                checkpoint=str(checkpoint.absolute()),
                seconds=window_seconds,
            )
    return run


@contextmanager
def _stage(lake_url: str, settings: Settings) -> Iterator[SparkSilver]:
    """The stage on a lake that is ours alone meanwhile."""
    lake = open_lake(lake_url)
    with ExitStack() as stack:
        if isinstance(lake, LocalLake):
            directory = DataDir(Path(lake.url))
            directory.root.mkdir(parents=True, exist_ok=True)
            stack.enter_context(directory.owned())
        lake.sweep("silver", "quarantine", "batches", "dedupe")
        silver = SparkSilver(
            partial(lake_at, lake.url),
            dedupe_horizon=timedelta(hours=settings.silver.dedupe_horizon_hours),
            dedupe_max_ids=settings.silver.dedupe_max_ids,
            memory_limit=settings.warehouse.memory_limit,
        )
        stack.callback(silver.close)
        silver.position()
        yield silver
