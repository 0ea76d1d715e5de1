"""Writes damaged or missing files of an archive again, where the stream still has their records.

A day of what has been archived stays on the stream, so a file that is spoilt while it is young need
not come from a copy. Only the embedded stream numbers records without gaps, which is what tells
which of them a file held.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Protocol

from airside.bronze import Archive, read_floor
from airside.bronze.archive import DATA_SUFFIX
from airside.bronze.index import CURE, Contents
from airside.errors import CorruptDataError
from airside.runtime.clocks import wall_clock
from airside.stream import (
    EmbeddedStream,
    Frame,
    Position,
    RangeFile,
    files_by_shard,
    in_force,
    unpack,
)
from airside.stream.embedded import WIDTH
from airside.stream.salvage import SalvagedStream

Tell = Callable[[str], None]


class Source(Protocol):
    """What may still have the records."""

    def read(
        self, after: Position, *, through: Position | None = None, max_records: int, max_bytes: int
    ) -> list[Frame]:
        """See `airside.stream.Stream.read`."""


@contextmanager
def open_source(stream: Path | None) -> Iterator[Source | None]:
    """A directory's stream, or what is whole of it; None where there is none."""
    with ExitStack() as stack:
        source: Source | None = None
        if stream is not None and stream.exists():
            try:
                source = stack.enter_context(closing(EmbeddedStream(stream, clock=wall_clock)))
            except CorruptDataError:
                source = stack.enter_context(closing(SalvagedStream(stream, {})))
        yield source


class Mender:
    """Reads an archive, and writes again what cannot be read.

    Args:
        archive: What is read, and mended.
        source: What may still have the records.
        tell: Told of each file that was written again.
    """

    def __init__(self, archive: Archive, source: Source | None, tell: Tell) -> None:
        self._archive = archive
        self._source = source
        self._tell = tell

    def mend(self, end: Position) -> None:
        """Put in place what is missing above the floor, or what its index does not fit.

        Args:
            end: How far the archive is known to have come.
        """
        if self._source is None:
            return
        lake, root = self._archive.lake, self._archive.root
        names = lake.names(root, DATA_SUFFIX)
        floor = read_floor(self._archive)
        parsed = (RangeFile.parse(name, DATA_SUFFIX) for name in names)
        files, _ = in_force(file for file in parsed if not floor.covers(file))
        sizes = lake.sizes(root, DATA_SUFFIX)
        reached = dict(floor.through)
        for shard_id, whole in files_by_shard(files).items():
            for file in whole:
                if not self._fits(file.name, sizes.get(file.name)):
                    self._again(file.name)
            for file in whole:
                before, leader = reached.get(shard_id, ""), _leader(file.first)
                if leader != before and not self._is_bridged(before, file):
                    self._fill(shard_id, before, leader)
                reached[shard_id] = file.last
        for shard_id, last in end.items():
            if reached.get(shard_id, "") < last:
                self._fill(shard_id, reached.get(shard_id, ""), last)

    def read(self, name: str) -> Contents:
        """A file's contents, every frame of which is whole.

        Raises:
            CorruptDataError: They are not, and the stream has the records no more.
        """
        try:
            contents = self._archive.read(name)
            for frame in contents.frames:
                unpack(frame)
        except CorruptDataError as error:
            if self._again(name):
                return self._archive.read(name)
            seen, _, _ = str(error).rpartition("; ")
            where = "" if name in seen else f"{name}: "
            raise CorruptDataError(f"{where}{seen}; {CURE}") from error
        return contents

    def _fits(self, name: str, size: int | None) -> bool:
        try:
            return self._archive.stored_bytes(name) == size
        except CorruptDataError:
            return False

    def _is_bridged(self, before: str, file: RangeFile) -> bool:
        """Whether nothing was ever archived before a file: those records were lost earlier."""
        return self._archive.read_index(file.name).after == before

    def _again(self, name: str) -> bool:
        """Write a file again; tells whether that could be done."""
        file = RangeFile.parse(name, DATA_SUFFIX)
        after = _leader(file.first)
        frames = self._records(file.shard_id, after, file.last)
        if not frames or self._archive.name(frames) != name:
            return False
        self._archive.write(Contents(after, frames))
        self._tell(f"{name} was damaged, and has been written again from the stream.")
        return True

    def _fill(self, shard_id: str, after: str, through: str) -> None:
        frames = self._records(shard_id, after, through)
        for _, hour in groupby(frames, lambda frame: frame.first_arrived_at_us // 3_600_000_000):
            written = list(hour)
            self._archive.write(Contents(after, written))
            after = written[-1].last_sequence_number
            name = self._archive.name(written)
            self._tell(f"{name} was missing, and has been written again from the stream.")

    def _records(self, shard_id: str, after: str, through: str) -> list[Frame]:
        """All records of a range, or none."""
        if self._source is None or len(through) != WIDTH:
            return []
        try:
            frames = self._source.read(
                {shard_id: after} if after else {},
                through={shard_id: through},
                max_records=0,
                max_bytes=0,
            )
        except CorruptDataError:
            return []
        wanted = int(through) - int(after or 0)
        return frames if sum(frame.records for frame in frames) == wanted else []


def _leader(number: str) -> str:
    """The sequence number before; empty before the first."""
    return str(int(number) - 1).zfill(len(number)) if int(number) > 1 else ""
