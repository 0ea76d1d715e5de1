"""Silver on Spark over an archive: all of it in batches, or as it grows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from airside.bronze import Archive, ArchiveParts
from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.runtime.data_dir import DataDir
from airside.settings import Settings
from airside.silver.spark.archive import follow, run_to_end
from airside.silver.spark.job import SparkSilver
from airside.warehouse.batch_document import BatchDocument

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOK_SECONDS = 0.5
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


@dataclass(frozen=True, slots=True)
class SparkPlaces:
    """Where a run reads and writes."""

    source: Path
    """The lake whose archive is read."""
    lake: Path
    """The lake that takes silver, quarantine and the batches' documents."""
    checkpoint: Path
    """Spark's, when it follows the archive."""

    @classmethod
    def of(
        cls, data_dir: DataDir, source: Path | None, lake: Path | None, checkpoint: Path | None
    ) -> "SparkPlaces":
        """The places that were named, and the usual ones for those that were not."""
        return cls(
            source or data_dir.root,
            lake or data_dir.root / "spark",
            checkpoint or data_dir.work / "spark-checkpoint",
        )


def run_spark(
    places: SparkPlaces,
    settings: Settings,
    master: str,
    progress: Progress,
    *,
    window_seconds: float | None = None,
    stopping: threading.Event | None = None,
) -> SparkRun:
    """Do what the archive holds beyond what the lake has, and go on with what it gains if asked.

    Args:
        places: Where to read and write.
        settings: Of duplicates and memory.
        master: Spark's; a cluster has to see the same folders.
        progress: Told of the records.
        window_seconds: Follow the archive, and look this often; None ends where it ends now.
        stopping: Ends a run that follows.

    Returns:
        What was done.

    Raises:
        UsageError: There is no archive, or the lake was written by something else.
        RetryableError: Another Airside writes to the lake.
        CorruptDataError: Archive or lake are damaged; says where.
    """
    archive = Archive(LocalLake(places.source), FLIGHT_EVENTS)
    if not archive.lake.names(archive.root):
        raise UsageError(
            f"there is no archive in {places.source / archive.root}; name the lake, or the data "
            "directory, that has one with --source"
        )
    done = SparkRun()

    def count(document: BatchDocument) -> None:
        done.add(document)
        progress(document.received)

    with _prepared(places, settings, master) as (spark, silver):
        open_archive = partial(ArchiveParts, partial(LocalLake, places.source), FLIGHT_EVENTS)
        done.through = dict(silver.position())
        if window_seconds is None:
            run_to_end(spark, silver, open_archive(), count)
            return done
        query = follow(
            spark,
            silver,
            open_archive,
            count,
            folder=str(places.source / archive.root),
            checkpoint=str(places.checkpoint),
            seconds=window_seconds,
        )
        query.run_until(stopping or threading.Event())
    return done


@contextmanager
def _prepared(
    places: SparkPlaces, settings: Settings, master: str
) -> Iterator[tuple["SparkSession", SparkSilver]]:
    """A session, and the stage on a lake that is ours alone meanwhile."""
    from airside.silver.spark.session import open_session  # noqa: PLC0415
    places.lake.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(DataDir(places.lake).owned())
        LocalLake(places.lake).sweep()
        silver = SparkSilver(
            partial(LocalLake, places.lake),
            dedupe_horizon=timedelta(hours=settings.silver.dedupe_horizon_hours),
            dedupe_max_ids=settings.silver.dedupe_max_ids,
            memory_limit=settings.warehouse.memory_limit,
        )
        stack.callback(silver.close)
        silver.position()  # what is wrong with the lake shows before Spark has to start
        spark = open_session(master)
        stack.callback(spark.stop)
        yield spark, silver
