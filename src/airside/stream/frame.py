"""Frames: the unit in which records are stored and moved.

A frame is a zstd frame of NDJSON: consecutive records of one shard, each verbatim and ended by LF.
Frames concatenate to a valid `.ndjson.zst` file, so the archive never compresses anything again,
and become Arrow without a copy of the payloads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import zstandard

from airside.errors import CorruptDataError

_DAY_US = 86_400_000_000

RECORDS_SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("payload", pa.binary()),
    ]
)
"""Records as Arrow. `arrived_at` is UTC; every payload ends with the LF that ended its line."""
_SCAN_BYTES = 262_144


def _fresh(size: int) -> npt.NDArray[np.uint8]:
    # Not a bytearray: to fill it with zeros first takes as long as to decompress into it.
    return np.empty(size, np.uint8)


class Run(NamedTuple):
    """Records with consecutive sequence numbers that arrived at one instant."""

    first_sequence_number: str
    """Zero-padded to the stream's width, so that text order is stream order."""
    records: int
    arrived_at_us: int
    """Microseconds since the Unix epoch."""

    @property
    def last_sequence_number(self) -> str:
        """The sequence number of the run's last record."""
        if self.records == 1:
            return self.first_sequence_number
        last = int(self.first_sequence_number) + self.records - 1
        return str(last).zfill(len(self.first_sequence_number))


@dataclass(frozen=True, slots=True)
class Frame:
    """Consecutive records of one shard."""

    shard_id: str
    runs: tuple[Run, ...]
    data: bytes
    """The records as one zstd frame of NDJSON."""
    raw_bytes: int
    """Size of the NDJSON before compression."""

    @property
    def records(self) -> int:
        """How many records the frame holds."""
        return sum(run.records for run in self.runs)

    @property
    def first_sequence_number(self) -> str:
        """The sequence number of the first record."""
        return self.runs[0].first_sequence_number

    @property
    def last_sequence_number(self) -> str:
        """The sequence number of the last record."""
        return self.runs[-1].last_sequence_number

    @property
    def first_arrived_at_us(self) -> int:
        """When the first record arrived, in microseconds since the Unix epoch."""
        return self.runs[0].arrived_at_us


def pack(payloads: Sequence[bytes]) -> tuple[bytes, int]:
    """Make the bytes of a frame out of records.

    A newline byte inside a record becomes a space, which JSON does not notice, so that one line
    stays one record.

    Returns:
        The zstd frame, and the size of the NDJSON in it.
    """
    lines = b"\n".join(payloads) + b"\n"
    if lines.count(b"\n") != len(payloads):
        lines = b"\n".join(payload.replace(b"\n", b" ") for payload in payloads) + b"\n"
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(lines), len(lines)


def unpack(frame: Frame) -> bytes:
    """Give a frame's NDJSON.

    Raises:
        CorruptDataError: The bytes are not what `pack` made.
    """
    try:
        # A damaged header may claim any size, and that much would be allocated.
        size = zstandard.frame_content_size(frame.data)
        if size != frame.raw_bytes:
            raise zstandard.ZstdError(f"{size} bytes instead of {frame.raw_bytes}")  # noqa: TRY301 - told the same way
        lines = zstandard.ZstdDecompressor().decompress(frame.data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CorruptDataError(
            f"records {frame.first_sequence_number} to {frame.last_sequence_number} of shard "
            f"{frame.shard_id} cannot be decompressed ({error}); restore the file from a copy, or "
            "rebuild from the archive with `airside backfill`"
        ) from error
    count = lines.count(b"\n")
    if count != frame.records:
        raise CorruptDataError(
            f"records {frame.first_sequence_number} to {frame.last_sequence_number} of shard "
            f"{frame.shard_id}: expected {frame.records} lines, found {count}; restore the file "
            "from a copy, or rebuild from the archive with `airside backfill`"
        )
    return lines


def frames_to_arrow(
    frames: Sequence[Frame], allocate: Callable[[int], npt.NDArray[np.uint8]] = _fresh
) -> pa.Table:
    """Turn frames into one Arrow table of records (`RECORDS_SCHEMA`), in the frames' order.

    Args:
        frames: Read from the stream or the archive.
        allocate: Gives memory of a size in bytes for the payloads.

    Raises:
        CorruptDataError: The bytes of a frame are not what `pack` made.
    """
    if not frames:
        return RECORDS_SCHEMA.empty_table()
    lines = allocate(sum(frame.raw_bytes for frame in frames))
    ends = _decompress(frames, lines)
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    runs = [run for frame in frames for run in frame.runs]
    shards = pa.DictionaryArray.from_arrays(
        np.repeat(np.arange(len(frames), dtype=np.int32), [frame.records for frame in frames]),
        pa.array([frame.shard_id for frame in frames], pa.string()),
    )
    arrived = np.repeat([run.arrived_at_us for run in runs], [run.records for run in runs])
    return pa.Table.from_arrays(
        [
            shards.cast(pa.string()),
            _sequence_numbers(runs),
            pa.array(arrived.astype(np.int64)).cast(pa.timestamp("us")),
            pa.Array.from_buffers(
                pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(lines)]
            ),
        ],
        schema=RECORDS_SCHEMA,
    )


def _decompress(frames: Sequence[Frame], buffer: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Decompress frames into a buffer of their size; gives where each line ends."""
    view = buffer.data
    decompressor = zstandard.ZstdDecompressor()
    filled = 0
    for frame in frames:
        try:
            # A damaged header may claim any size, and that much would be allocated.
            if zstandard.frame_content_size(frame.data) != frame.raw_bytes:
                break
            end = filled + frame.raw_bytes
            view[filled:end] = decompressor.decompress(frame.data, allow_extra_data=False)
        except (zstandard.ZstdError, ValueError):
            break
        filled = end
    # In stretches that the processor's cache holds.
    newlines = [
        np.flatnonzero(buffer[start : start + _SCAN_BYTES] == ord("\n")) + start
        for start in range(0, len(buffer), _SCAN_BYTES)
    ]
    ends = np.concatenate(newlines) + 1
    records = np.cumsum([frame.records for frame in frames])
    sizes = np.cumsum([frame.raw_bytes for frame in frames])
    is_whole = filled == len(buffer)
    if not is_whole or len(ends) != records[-1] or not np.array_equal(ends[records - 1], sizes):
        for frame in frames:
            unpack(frame)  # says which one is damaged
        raise CorruptDataError("the frames of a batch do not fit together; read it again")
    return ends


def _sequence_numbers(runs: Sequence[Run]) -> pa.Array:
    """Spell out every sequence number of the runs, vectorised where they are 64-bit integers."""
    width = max((len(run.first_sequence_number) for run in runs), default=0)
    if all(run.records == 1 for run in runs):
        return pa.array([run.first_sequence_number for run in runs], pa.string())
    firsts = np.array([int(run.first_sequence_number) for run in runs], dtype=np.int64)
    counts = np.array([run.records for run in runs], dtype=np.int64)
    starts = np.repeat(firsts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return _zero_padded(starts + np.arange(len(starts)), width)


def _zero_padded(numbers: npt.NDArray[np.int64], width: int) -> pa.Array:
    """Write non-negative integers as text of one width, digit column by digit column."""
    digits = np.full((len(numbers), width), ord("0"), dtype=np.uint8)
    rest = numbers
    for column in range(width - 1, -1, -1):
        if not rest.any():
            break
        rest, digit = np.divmod(rest, 10)
        digits[:, column] += digit.astype(np.uint8)
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(
        pa.string(), len(numbers), [None, pa.py_buffer(offsets), pa.py_buffer(digits.tobytes())]
    )


def of_one_day(frames: Sequence[Frame]) -> list[Frame]:
    """The first frames, as far as they began to arrive on one day (UTC).

    Of duplicates a batch keeps only their number, which counts on the day it began; so a batch
    ends with its day, and a day has the same duplicates however its records are cut.
    """

    def day(frame: Frame) -> int:
        return frame.first_arrived_at_us // _DAY_US

    return list(takewhile(lambda frame: day(frame) == day(frames[0]), frames))
