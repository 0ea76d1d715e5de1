"""The index beside an archive file: what makes its lines records of the stream again.

JSON, with each frame's place in the file and its runs (first sequence number, records, arrival in
microseconds). With it, a rebuild gives the same rows as the live run, `arrived_at` included.
"""

from collections.abc import Sequence

import msgspec

from airside.errors import CorruptDataError
from airside.stream import Frame, Run

INDEX_SUFFIX = ".index.json"


class _IndexedFrame(msgspec.Struct):
    stored_bytes: int
    raw_bytes: int
    runs: list[Run]


class _Index(msgspec.Struct):
    shard_id: str
    frames: list[_IndexedFrame]


def encode_index(frames: Sequence[Frame]) -> bytes:
    """Make the index of a file that holds the frames one after the other."""
    index = _Index(
        shard_id=frames[0].shard_id,
        frames=[
            _IndexedFrame(len(frame.data), frame.raw_bytes, list(frame.runs)) for frame in frames
        ],
    )
    return msgspec.json.encode(index)


def decode_frames(name: str, data: bytes, index: bytes) -> list[Frame]:
    """Cut an archive file into its frames again.

    Args:
        name: The file's name, for messages.
        data: The file.
        index: Its index.

    Raises:
        CorruptDataError: The index cannot be read or does not fit the file.
    """
    try:
        decoded = msgspec.json.decode(index, type=_Index)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptDataError(
            f"{name}{INDEX_SUFFIX} cannot be read ({error}); restore it from a copy of the archive"
        ) from error
    expected = sum(frame.stored_bytes for frame in decoded.frames)
    if expected != len(data):
        raise CorruptDataError(
            f"{name} has {len(data):,} bytes, its index says {expected:,}; restore both from a "
            "copy of the archive"
        )
    frames = []
    start = 0
    for indexed in decoded.frames:
        end = start + indexed.stored_bytes
        runs = tuple(indexed.runs)
        frames.append(Frame(decoded.shard_id, runs, data[start:end], indexed.raw_bytes))
        start = end
    return frames
