"""Where a consumer stands on a stream, and the stretch of it that one batch covers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airside.stream.frame import Frame

Position = Mapping[str, str]
"""Shard → the last sequence number consumed. A shard that is absent is read from its start."""


@dataclass(frozen=True, slots=True)
class SequenceRange:
    """Consecutive records, fixed before work on them starts: after one position, through another.

    Written down in the ledger, it makes a batch repeatable: whatever a crash interrupts is done
    again over exactly the same records.
    """

    after: Position
    through: Position

    @classmethod
    def of(cls, after: Position, frames: Iterable["Frame"]) -> "SequenceRange":
        """The range that `frames`, read after `after`, cover."""
        through = dict(after)
        for frame in frames:
            through[frame.shard_id] = frame.last_sequence_number
        return cls(after=dict(after), through=through)

    @property
    def shards(self) -> list[str]:
        """The shards on which the range is not empty."""
        return sorted(s for s, last in self.through.items() if self.after.get(s) != last)
