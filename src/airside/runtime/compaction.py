"""Merges the small files of past hours, in bronze and in silver."""

from collections.abc import Callable
from functools import partial

from airside import bronze, silver
from airside.bronze import Archive
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake
from airside.runtime.apart import apart
from airside.runtime.lakes import refuse_a_jobs
from airside.stream import hour_folder

_MAX_ARCHIVE_BYTES = 64 * 1024 * 1024  # of which a reader holds one for each shard


def compact(lake: Lake, now: Callable[[], int]) -> dict[str, tuple[int, int]]:
    """Merge the files of every hour before the current one; a pipeline may run meanwhile.

    Args:
        lake: Where the files are.
        now: Gives an instant in the current hour, in microseconds since the Unix epoch.

    Returns:
        Zone → how many files were read, and how many were written in their place.

    Raises:
        UsageError: The lake's silver files are a Spark job's.
        CorruptDataError: A file is damaged, or one between two others is missing; the other zones
            were merged all the same.
    """
    refuse_a_jobs(lake)
    done, failed = apart(merges(lake, now))
    for error in failed.values():
        raise error
    return done


def merges(
    lake: Lake,
    now: Callable[[], int],
    rest: Callable[[float], object] = lambda _seconds: None,
) -> dict[str, Callable[[], tuple[int, int]]]:
    """What there is to merge, zone by zone; none needs the others.

    Args:
        lake: Where the files are.
        now: Gives an instant in the current hour, in microseconds since the Unix epoch: the wall
            clock, or how far the consumers have come.
        rest: Called again and again, with the seconds of processor time worked since, to leave time
            to others; what it raises ends the merge, which can begin again. It is asked before each
            zone too, as what has ended one has to end the others.

    Returns:
        Zone → what merges its files, and says how many it read and how many it wrote.
    """

    def merge_archive() -> tuple[int, int]:
        rest(0.0)
        archive = Archive(lake, FLIGHT_EVENTS)
        before = hour_folder(archive.root, now())
        return bronze.compact(archive, before=before, max_bytes=_MAX_ARCHIVE_BYTES, rest=rest)

    def merge(zone: str) -> tuple[int, int]:
        rest(0.0)
        root = f"{zone}/{FLIGHT_EVENTS.name}"
        return silver.compact(lake, root, before=hour_folder(root, now()), rest=rest)

    return {"bronze": merge_archive} | {zone: partial(merge, zone) for zone in silver.ZONES}
