"""Notices when records may have aged out of the stream before a consumer has read them.

Kinesis forgets a record after the stream's retention, and says nothing to a reader that asks for
what follows it. Whoever reads a shard makes sure that what it is given follows (see `seams`). Where
the record at which a consumer stands is gone, either nothing has arrived since, or what arrived may
be lost; to tell the two apart, each consumer notes now and then until when it has certainly read
everything. A directory that has just been made from an archive has no such notes, and cannot tell.
"""

import math
from collections.abc import Callable
from typing import Literal, Protocol

from airside.errors import CorruptDataError
from airside.stream.kinesis.retention import SHORTEST_US
from airside.stream.kinesis.source import Source
from airside.stream.position import Position

_NOTE_US = 60_000_000
_ENDED = "ended"


class Memory(Protocol):
    """Keeps one consumer's notes, durably."""

    def recall(self, shard_id: str) -> str | None:
        """What was last noted of a shard."""

    def note(self, shard_id: str, text: str) -> None:
        """Note something of a shard."""


class Continuity:
    """Watches over one consumer's positions.

    Args:
        source: The shards.
        memory: Keeps the notes.
        clock: Microseconds since the Unix epoch.
        on_gap: Whether a gap is an error, or is passed over.
    """

    def __init__(
        self,
        source: Source,
        memory: Memory,
        *,
        clock: Callable[[], int],
        on_gap: Literal["stop", "skip"] = "stop",
    ) -> None:
        self._source = source
        self._memory = memory
        self._clock = clock
        self._on_gap = on_gap
        self._noted_us: dict[str, float] = {}
        """Shard → all that arrived before has certainly been read, as noted by this process;
        without end where no more is to come."""
        self._began_us = 0

    def begin(self, after: Position) -> None:
        """Make sure, as a walk begins, that no shard has aged out before it was read to its end.

        Raises:
            CorruptDataError: One may have; says which.
        """
        self._began_us = self._clock()
        shards = self._source.shards()
        for shard_id in sorted(after.keys() - shards):
            if not any(shard_id in shards[other].parents for other in after.keys() & shards):
                self.judge(shard_id, after[shard_id])

    def judge(self, shard_id: str, sequence: str) -> None:
        """Make sure that nothing is lost although a shard has forgotten the record at a position.

        Raises:
            CorruptDataError: Something may be.
            AirsideError: The retention had to be asked, and cannot be had.
        """
        if self._on_gap == "stop" and not self._has_read_all(shard_id):
            raise CorruptDataError(
                f"{shard_id} of {self._source.client.address.url} has forgotten the record "
                f"{sequence}, up to which it was read: what arrived between then and "
                f"the oldest record that it still has may be lost; lengthen the stream's "
                'retention, and set stream.on_gap = "skip" to go on with what there is'
            )

    def note_through(self, shard_id: str, arrived_before_us: int) -> None:
        """Note that all records which arrived before an instant have been read."""
        if arrived_before_us - self._noted_us.get(shard_id, 0) >= _NOTE_US:
            self._memory.note(shard_id, str(arrived_before_us))
            self._noted_us[shard_id] = arrived_before_us

    def note_tip(self, shard_id: str) -> None:
        """Note that a shard has been read to its end as it was when the walk began or later."""
        self.note_through(shard_id, self._began_us)

    def note_ended(self, shard_id: str) -> None:
        """Note that a closed shard has been read to its end."""
        if self._noted_us.get(shard_id) != math.inf:
            self._memory.note(shard_id, _ENDED)
            self._noted_us[shard_id] = math.inf

    def _has_read_all(self, shard_id: str) -> bool:
        noted = self._memory.recall(shard_id)
        if noted is None or noted == _ENDED:  # without a note, the position is an archive's
            return True
        # By the clock as it is now, after the read: what is young enough now was so then.
        age_us = self._clock() - int(noted)
        return age_us < SHORTEST_US or age_us < self._source.retention.ask_us()
