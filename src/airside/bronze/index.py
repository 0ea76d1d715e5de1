"""The index beside an archive file: what makes its lines records of the stream again.

JSON, with each frame's place in the file and its runs (first sequence number, records, arrival in
microseconds). With it, a rebuild gives the same rows as the live run, `arrived_at` included. Each
index also names the record that the file follows, so that a file that is gone is noticed.
"""

import zlib
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import msgspec

from airside.errors import CorruptDataError
from airside.stream import Frame, Run

INDEX_SUFFIX = ".index.json"
CURE = (
    "restore both from a copy of the archive, or let `airside backfill` write them again while the "
    "stream still has their records"
)
"""What to do about a damaged file."""


class Contents(NamedTuple):
    """What an archive file holds."""

    after: str
    """The sequence number that comes before the file on its shard; empty at the shard's start."""
    frames: list[Frame]


_Positive = Annotated[int, msgspec.Meta(ge=1)]


class _IndexedFrame(msgspec.Struct):
    stored_bytes: _Positive
    raw_bytes: _Positive
    runs: Annotated[list[Run], msgspec.Meta(min_length=1)]


class _Index(msgspec.Struct):
    shard_id: str
    after: str
    frames: Annotated[list[_IndexedFrame], msgspec.Meta(min_length=1)]
    checksum: int | None = None
    """Over all of the above; an earlier version wrote none."""


def _checksum(index: _Index) -> int:
    return zlib.crc32(msgspec.json.encode((index.shard_id, index.after, index.frames)))


def encode_index(contents: Contents) -> bytes:
    """Make the index of a file that holds the frames one after the other."""
    index = _Index(
        shard_id=contents.frames[0].shard_id,
        after=contents.after,
        frames=[
            _IndexedFrame(len(frame.data), frame.raw_bytes, list(frame.runs))
            for frame in contents.frames
        ],
    )
    index.checksum = _checksum(index)
    return msgspec.json.encode(index)


def missing(after: str, through: str, before: str) -> CorruptDataError:
    """The error for records that no file of the archive holds.

    Args:
        after: The last sequence number that is there.
        through: The last one that is not.
        before: The file that follows the gap, or where the archive ends.
    """
    gap = f"after {after} through {through}" if after else f"up to {through}"
    return CorruptDataError(
        f"records {gap} are missing before {before}; restore their file from a copy of the archive"
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """What files of the archive hold together."""

    records: int
    stored_bytes: int
    last_arrived_at_us: int


def totals(name: str, index: bytes) -> Totals:
    """Add up what an archive file holds, by its index alone.

    Raises:
        CorruptDataError: The index cannot be read.
    """
    frames = _decoded(name, index).frames
    return Totals(
        records=sum(run.records for frame in frames for run in frame.runs),
        stored_bytes=sum(frame.stored_bytes for frame in frames),
        last_arrived_at_us=max(run.arrived_at_us for frame in frames for run in frame.runs),
    )


def decode_index(name: str, index: bytes) -> Contents:
    """Give a file's frames by its index alone, each without its data.

    Args:
        name: The file's name, for messages.
        index: Its index.

    Raises:
        CorruptDataError: The index cannot be read.
    """
    decoded = _decoded(name, index)
    frames = [
        Frame(decoded.shard_id, tuple(indexed.runs), b"", indexed.raw_bytes)
        for indexed in decoded.frames
    ]
    return Contents(decoded.after, frames)


def decode(name: str, data: bytes, index: bytes) -> Contents:
    """Cut an archive file into its frames again.

    Args:
        name: The file's name, for messages.
        data: The file.
        index: Its index.

    Raises:
        CorruptDataError: The index cannot be read or does not fit the file.
    """
    decoded = _decoded(name, index)
    expected = sum(frame.stored_bytes for frame in decoded.frames)
    if expected != len(data):
        raise CorruptDataError(
            f"{name} has {len(data):,} bytes, its index says {expected:,}; {CURE}"
        )
    frames = []
    start = 0
    for indexed in decoded.frames:
        end = start + indexed.stored_bytes
        runs = tuple(indexed.runs)
        frames.append(Frame(decoded.shard_id, runs, data[start:end], indexed.raw_bytes))
        start = end
    return Contents(decoded.after, frames)


def _decoded(name: str, index: bytes) -> _Index:
    try:
        decoded = msgspec.json.decode(index, type=_Index)
        if decoded.checksum not in {None, _checksum(decoded)}:
            raise ValueError("its checksum does not fit")  # noqa: TRY301 - told the same way
    except (ValueError, OverflowError) as error:  # msgspec's errors and those of UTF-8 among them
        raise CorruptDataError(
            f"{name}{INDEX_SUFFIX} cannot be read ({error}), and without it nor can the file; "
            f"{CURE}"
        ) from error
    return decoded
