"""The archive in parts that can be read anywhere, for an engine that runs on many machines.

The indexes alone say what comes next; whoever is given a part reads its file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from airside.bronze.archive import Archive
from airside.bronze.reader import ArchiveReader
from airside.events import Feed
from airside.lake import Lake
from airside.stream import Frame, Position, of_one_day

PART_BYTES = 64 * 1024 * 1024
"""Uncompressed; a part of a large file is no larger."""


class Part(NamedTuple):
    """Frames of one file: those after a sequence number through another."""

    name: str
    after: str
    through: str
    raw_bytes: int
    """Uncompressed."""


@dataclass
class ArchiveParts:
    """An archive as it was when the instance was made.

    Args:
        open_lake: Gives the lake that holds it; pickles, as other machines call it.
        feed: The kind of record.
    """

    open_lake: Callable[[], Lake]
    feed: Feed

    def __post_init__(self) -> None:
        archive = Archive(self.open_lake(), self.feed)
        self._reader = ArchiveReader(archive, archive.read_index)

    def take(
        self, after: Position, *, through: Position | None, max_records: int, max_bytes: int
    ) -> list[Part]:
        """The parts of one day that come next, each shard's together; none at the end.

        Args:
            after: What is done already.
            through: Take exactly so much, and ignore the limits: a planned batch is done again.
            max_records: Stop before the frame that would exceed it, but give at least one.
            max_bytes: The same, in uncompressed bytes.

        Raises:
            CorruptDataError: Records are missing, or an index is damaged.
        """
        frames = self._reader.read(
            after, through=through, max_records=max_records, max_bytes=max_bytes
        )
        if through is None:
            frames = of_one_day(frames)
        parts: list[Part] = []
        for frame in sorted(frames, key=lambda f: (f.shard_id, f.first_sequence_number)):
            name = self._reader.file_of(frame).name
            last = parts[-1] if parts else None
            if last and last.name == name and last.raw_bytes + frame.raw_bytes <= PART_BYTES:
                parts[-1] = last._replace(
                    through=frame.last_sequence_number, raw_bytes=last.raw_bytes + frame.raw_bytes
                )
            else:
                before = last.through if last and last.name == name else ""
                before = before or after.get(frame.shard_id, "")
                parts.append(Part(name, before, frame.last_sequence_number, frame.raw_bytes))
        return parts

    @property
    def read(self) -> Callable[[Part], list[Frame]]:
        """Gives a part's frames."""
        return partial(read_part, open_lake=self.open_lake, feed=self.feed)


def read_part(part: Part, open_lake: Callable[[], Lake], feed: Feed) -> list[Frame]:
    """Read a part of an archive.

    Raises:
        CorruptDataError: The file or its index is missing or damaged.
    """
    contents = Archive(open_lake(), feed).read(part.name)
    return [
        frame
        for frame in contents.frames
        if part.after < frame.first_sequence_number <= part.through
    ]
