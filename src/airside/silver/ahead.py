"""Prepares batches: the frames of a range become verdicts, the next range's beside the loading.

What enters: frames. What leaves: records, verdicts and what is refused, in memory. Nothing is
written, so what is prepared and then not needed, after an error or a crash, costs nothing but its
time. With one batch ahead, decompressing and judging keep one processor busy while the other
compresses and commits; without it each waits for the other.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from airside.errors import AirsideError
from airside.silver.kernel import Kernel
from airside.silver.quarantine import quarantined
from airside.stream import Frame, Position, SequenceRange, frames_to_arrow, of_one_day


class Source(Protocol):
    """What silver reads: the stream, or the archive in its place."""

    def read(
        self, after: Position, *, through: Position | None = None, max_records: int, max_bytes: int
    ) -> list[Frame]:
        """See `airside.stream.Stream.read`."""


class Judged(NamedTuple):
    """A batch's records, and what became of each."""

    records: pa.Table
    verdicts: pa.Table
    """As a kernel gives them, row for row."""
    refused: pa.Table
    """In the columns of `staging.quarantine`, without `batch_id`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A range of the stream that is being prepared."""

    planned: SequenceRange
    first_arrived_at_us: int
    last_arrived_at_us: int
    is_full: bool
    """Whether it is so large that more is likely to wait behind it."""
    _judged: "list[Future[Judged]]"
    """One, until it is asked for: it is not kept alive here any longer."""

    def judged(self) -> Judged:
        """Wait for it, once: its memory is free as soon as the caller lets go of it.

        Raises:
            CorruptDataError: A frame is damaged.
        """
        return self._judged.pop().result()


class Preparation:
    """Reads the source and runs the kernel, on a thread beside the caller's.

    The source is read by the caller's thread alone.

    Args:
        source: What is read.
        kernel: Used by nobody else.
        max_records: A batch holds at most so many records …
        max_bytes: … and so many uncompressed bytes.
    """

    def __init__(self, source: Source, kernel: Kernel, *, max_records: int, max_bytes: int) -> None:
        self._source = source
        self._kernel = kernel
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._memory = _Memory(max_bytes)
        self._worker = ThreadPoolExecutor(1, "silver-ahead")
        self._ahead: Batch | None = None

    def planned(self, planned: SequenceRange) -> Batch:
        """Prepare exactly this range: a planned batch is done again."""
        frames = self._source.read(
            planned.after, through=planned.through, max_records=0, max_bytes=0
        )
        return self._prepare(planned, frames)

    def next(self, after: Position) -> Batch | None:
        """Prepare what comes after a position; None at the end of the stream."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.planned.after == after:
            return ahead
        frames = self._source.read(after, max_records=self._max_records, max_bytes=self._max_bytes)
        if not frames:
            self._memory.release()
            return None
        frames = of_one_day(frames)
        return self._prepare(SequenceRange.of(after, frames), frames)

    def look_ahead(self, batch: Batch) -> None:
        """Begin with what follows a batch that is full.

        After a smaller one nothing is begun: what little has arrived since is better taken at the
        next trigger, together with what arrives until then.
        """
        if batch.is_full:
            try:
                self._ahead = self.next(batch.planned.through)
            except AirsideError:
                self._ahead = None  # it is met again, and told, when the batch's turn has come
        else:
            self._memory.release()

    def _prepare(self, planned: SequenceRange, frames: Sequence[Frame]) -> Batch:
        return Batch(
            planned=planned,
            first_arrived_at_us=min(frame.first_arrived_at_us for frame in frames),
            last_arrived_at_us=max(frame.runs[-1].arrived_at_us for frame in frames),
            is_full=sum(frame.records for frame in frames) * 2 > self._max_records
            or sum(frame.raw_bytes for frame in frames) * 2 > self._max_bytes,
            _judged=[self._worker.submit(self._judge, frames)],
        )

    def _judge(self, frames: Sequence[Frame]) -> Judged:
        records = frames_to_arrow(frames, self._memory.allocate)
        verdicts = self._kernel.to_arrow(records)
        return Judged(records, verdicts, quarantined(records, verdicts))


class _Memory:
    """The memory of large batches, which is used again while one follows the other.

    To be given fresh pages, all zeros, takes longer than to decompress into them.

    Args:
        size: Of a large batch, in bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[bytearray] = []

    def allocate(self, size: int) -> npt.NDArray[np.uint8]:
        """Give so many bytes that nobody else refers to."""
        if not self._size // 2 < size <= self._size:
            return np.empty(size, np.uint8)
        kept = next(filter(_is_free, self._kept), None)
        if kept is None:
            kept = bytearray(self._size)
            self._kept.append(kept)
        return np.frombuffer(kept, np.uint8)[:size]

    def release(self) -> None:
        """Keep none any longer."""
        self._kept = []


def _is_free(memory: bytearray) -> bool:
    try:
        memory.append(memory.pop())  # refused where anybody refers to its bytes
    except BufferError:
        return False
    return True
