"""Merges the archive's small files, an hour at a time."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from airside.bronze.archive import DATA_SUFFIX, Archive
from airside.bronze.floor import read_floor
from airside.bronze.index import INDEX_SUFFIX, Contents, missing
from airside.errors import CorruptDataError
from airside.stream import RangeFile, files_by_shard, in_force


def compact(
    archive: Archive,
    *,
    before: str,
    max_bytes: int,
    rest: Callable[[float], object] = lambda _seconds: None,
) -> tuple[int, int]:
    """Merge files of the hours that are over, where they are neighbours on their shard.

    The merged file is published before its parts are deleted, and readers pass over parts that a
    merged file covers, so that a crash in between loses nothing and counts nothing twice.

    Args:
        archive: What to merge.
        before: Only folders that sort before this one, such as
            `bronze/flight_events/ingest_date=2026-01-01/ingest_hour=05`.
        max_bytes: A merged file holds at most so many bytes.
        rest: Called again and again, with the seconds of processor time worked since, to leave time
            to others; what it raises ends the merge, which can begin again.

    Returns:
        How many files were read, and how many were written in their place.

    Raises:
        CorruptDataError: A file is damaged, or one between two others is missing: its neighbours
            stay as they are, and all else is merged.
    """
    lake = archive.lake
    floor = read_floor(archive)
    sizes = lake.sizes(archive.root, DATA_SUFFIX)  # to ask for each would be a request a file
    files = [RangeFile.parse(name, DATA_SUFFIX) for name in sizes]
    kept, replaced = in_force(file for file in files if not floor.covers(file))
    for file in replaced:
        _delete(archive, file)
        rest(0.0)
    for index in _orphans(archive, kept):
        lake.delete(index)
        rest(0.0)
    read = written = 0
    damage: CorruptDataError | None = None
    for parts in _neighbours(kept):
        if parts[0].folder >= before:
            continue
        for group in _groups([(file, sizes[file.name]) for file in parts], max_bytes):
            began = time.thread_time()
            try:
                joined = _joined(archive, group)
            except CorruptDataError as error:
                damage = damage or error
            else:
                archive.write(joined)
                for file in group:
                    _delete(archive, file)
                read += len(group)
                written += 1
            rest(time.thread_time() - began)
    if damage is not None:
        raise damage
    return read, written


def _orphans(archive: Archive, kept: Sequence[RangeFile]) -> list[str]:
    """Indexes of parts that a merge had removed when it was cut off.

    One that no merged file covers may be of a file that is just being written.
    """
    known = {file.name + INDEX_SUFFIX for file in kept}
    others = [
        RangeFile.parse(name, DATA_SUFFIX + INDEX_SUFFIX)
        for name in archive.lake.names(archive.root, INDEX_SUFFIX)
        if name not in known
    ]
    return [other.name for other in others if any(file.covers(other) for file in kept)]


def _neighbours(files: Iterable[RangeFile]) -> Iterator[list[RangeFile]]:
    """Give the files that follow one another on their shard and are of one hour.

    Where arrivals went back over the end of an hour, its files have some of the next between them.
    """
    for shard in files_by_shard(files).values():
        for _, parts in groupby(shard, key=lambda file: file.folder):
            yield list(parts)


def _joined(archive: Archive, files: list[RangeFile]) -> Contents:
    """Put files together, each of which has to follow the one before it."""
    joined = archive.read(files[0].name)
    for before, file in pairwise(files):
        contents = archive.read(file.name)
        if contents.after != before.last:
            raise missing(before.last, contents.after, file.name)
        joined.frames.extend(contents.frames)
    return joined


def _delete(archive: Archive, file: RangeFile) -> None:
    """Remove a file and its index; the file first, as a file without an index is damage."""
    archive.lake.delete(file.name)
    archive.lake.delete(file.name + INDEX_SUFFIX)


def _groups(files: list[tuple[RangeFile, int]], max_bytes: int) -> list[list[RangeFile]]:
    """Put neighbours together up to the limit; a file with no neighbour stays as it is."""
    groups: list[list[RangeFile]] = []
    size = 0
    for file, file_size in files:
        if not groups or size + file_size > max_bytes:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file_size
    return [group for group in groups if len(group) > 1]
