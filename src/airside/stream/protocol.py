"""What every stream promises, whatever it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from airside.errors import RetryableError, UsageError
from airside.stream.frame import Frame
from airside.stream.position import Position

MAX_RECORD_BYTES = 1024 * 1024
"""The contract's limit on one record."""


class RecordTooLargeError(UsageError):
    """A record is over the stream's limit; nothing of its put was taken."""

    def __init__(self, index: int, size: int, limit: int = MAX_RECORD_BYTES) -> None:
        super().__init__(
            f"record {index} of the put has {size:,} bytes; at most {limit:,} are allowed: split "
            "it or leave it out, then put again"
        )
        self.index = index


class StreamFullError(RetryableError):
    """The stream holds as much as it may; it took nothing of the put."""

    def __init__(self, where: object, held: int, limit: int) -> None:
        super().__init__(
            f"{where} is full: it holds {held:,} of {limit:,} bytes, most of which wait for the "
            "pipeline; see that one runs (`airside run`) and catches up, or raise "
            "stream.max_bytes; then try again"
        )
        self.held = held
        self.limit = limit


class PartlyPutError(RetryableError):
    """A stream whose puts are not atomic took some of the records, and then no more.

    Put again, those that were taken come twice; they are found to be duplicates.
    """

    def __init__(self, reason: str, taken: int, records: int) -> None:
        super().__init__(
            f"{taken:,} of {records:,} records were put, then: {reason}; when all are put again, "
            "those are found to be duplicates"
        )
        self.reason = reason
        self.taken = taken


@dataclass(frozen=True, slots=True)
class Backlog:
    """What lies on a stream after a position, all counted at one moment."""

    received: int | None
    """Records that the stream has ever taken; None where it cannot tell. Then it cannot tell how
    many wait either: those are counted that have been looked at so far, and there are some if and
    only if something waits."""
    records: int
    raw_bytes: int
    """Uncompressed."""
    stored_bytes: int
    """As the stream holds them, compressed."""
    oldest_arrived_at_us: int | None
    """When the oldest of them arrived; None where there are none."""


class Stream(Protocol):
    """An ordered, durable log of records, cut into shards.

    An instance belongs to one thread; any number of instances, in any number of processes, may
    share a stream.
    """

    @property
    def max_record_bytes(self) -> int:
        """The largest record that the stream takes: the contract's limit, or a little less."""

    @property
    def is_nearly_full(self) -> bool:
        """Whether `trim` would drop frames before their time, to keep the stream in its limit."""

    def put(self, payloads: Sequence[bytes]) -> None:
        """Append records. They are durable when the call returns, in the order given.

        Raises:
            RecordTooLargeError: A record is over `max_record_bytes`; none was taken.
            RetryableError: The stream cannot take them now (a full disk, throttling), and took
                none.
            StreamFullError: Likewise, as it has reached its limit; there is room again when its
                consumers have caught up.
            PartlyPutError: It took some.
        """

    def read(
        self,
        after: Position,
        *,
        through: Position | None = None,
        max_records: int,
        max_bytes: int,
    ) -> list[Frame]:
        """Read the frames after a position, in stream order; returns at once, empty at the end.

        Args:
            after: Where the reader stands.
            through: Read exactly to here, and ignore the limits: a planned batch is done again.
            max_records: Stop before the frame that would exceed it, but give at least one.
            max_bytes: The same, in uncompressed bytes.

        Raises:
            CorruptDataError: Records after the position are missing or damaged.
        """

    def backlog(self, after: Position) -> Backlog:
        """Measure what lies after a position."""

    def backlogs(self, afters: Sequence[Position]) -> list[Backlog]:
        """Measure what lies after each of several positions, all at one moment and to one end."""

    def trim(self, through: Position, arrived_before_us: int) -> int:
        """Drop frames that every consumer is done with and that are older than the retention.

        A stream that is nearly full drops younger ones too, the oldest first.

        Returns:
            How many records were dropped.
        """

    def close(self) -> None:
        """Release what the instance holds; the stream itself stays."""
