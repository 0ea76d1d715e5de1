"""Merges the small files of past hours, in bronze and in silver."""

from collections.abc import Callable

from airside import bronze, silver
from airside.bronze import Archive
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.runtime.data_dir import DataDir
from airside.stream import hour_folder

_MAX_ARCHIVE_BYTES = 64 * 1024 * 1024  # of which a reader holds one for each shard


def compact(data_dir: DataDir, clock: Callable[[], int]) -> dict[str, tuple[int, int]]:
    """Merge the files of every hour before the current one; a pipeline may run meanwhile.

    Returns:
        Zone → how many files were read, and how many were written in their place.
    """
    data_dir.check()
    lake = LocalLake(data_dir.root)
    archive = Archive(lake, FLIGHT_EVENTS)
    return {
        "bronze": bronze.compact(
            archive, before=hour_folder(archive.root, clock()), max_bytes=_MAX_ARCHIVE_BYTES
        ),
        "silver": silver.compact(
            lake,
            data_dir.root,
            FLIGHT_EVENTS,
            before=hour_folder(f"silver/{FLIGHT_EVENTS.name}", clock()),
        ),
    }
