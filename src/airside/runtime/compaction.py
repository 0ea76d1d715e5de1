"""Merges the small files of past hours, in bronze and in silver."""

from collections.abc import Callable

from airside import bronze, silver
from airside.bronze import Archive
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake
from airside.runtime.lakes import refuse_a_jobs
from airside.stream import hour_folder

_MAX_ARCHIVE_BYTES = 64 * 1024 * 1024  # of which a reader holds one for each shard


def compact(lake: Lake, clock: Callable[[], int]) -> dict[str, tuple[int, int]]:
    """Merge the files of every hour before the current one; a pipeline may run meanwhile.

    Returns:
        Zone → how many files were read, and how many were written in their place.

    Raises:
        UsageError: The lake's silver files are a Spark job's.
        CorruptDataError: A file is damaged, or one between two others is missing.
    """
    refuse_a_jobs(lake)
    archive = Archive(lake, FLIGHT_EVENTS)
    return {
        "bronze": bronze.compact(
            archive, before=hour_folder(archive.root, clock()), max_bytes=_MAX_ARCHIVE_BYTES
        ),
    } | {
        zone: silver.compact(lake, root, before=hour_folder(root, clock()))
        for zone in silver.ZONES
        for root in [f"{zone}/{FLIGHT_EVENTS.name}"]
    }
