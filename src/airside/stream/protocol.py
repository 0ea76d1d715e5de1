"""What every stream promises, whatever it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from airside.errors import UsageError
from airside.stream.frame import Frame
from airside.stream.position import Position

MAX_RECORD_BYTES = 1024 * 1024
"""The contract's limit on one record."""


class RecordTooLargeError(UsageError):
    """A record is over the contract's limit; nothing of its put was taken."""

    def __init__(self, index: int, size: int) -> None:
        super().__init__(
            f"record {index} of the put has {size:,} bytes; at most {MAX_RECORD_BYTES:,} are "
            "allowed: split it or leave it out, then put again"
        )
        self.index = index


@dataclass(frozen=True, slots=True)
class Backlog:
    """What lies on a stream after a position, all counted at one moment."""

    received: int
    """Records that the stream has ever taken."""
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

    def put(self, payloads: Sequence[bytes]) -> None:
        """Append records. They are durable when the call returns, in the order given.

        Raises:
            RecordTooLargeError: A record is over `MAX_RECORD_BYTES`; none was taken.
            RetryableError: The stream cannot take them now (a full disk, throttling).
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

    def trim(self, through: Position, arrived_before_us: int) -> int:
        """Drop frames that every consumer is done with and that are older than the retention.

        Returns:
            How many records were dropped.
        """

    def close(self) -> None:
        """Release what the instance holds; the stream itself stays."""
