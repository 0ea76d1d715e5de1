"""Notices when records may have aged out of the stream before a consumer has read them.

Kinesis forgets a record after the stream's retention, and says nothing to a reader that asks for
what follows it. As long as the stream still has the record at which a consumer stands, it has all
that came after. Where it has not, either nothing has arrived since, or what arrived may be lost; to
tell the two apart, each consumer notes now and then until when it has certainly read everything.
A directory that has just been made from an archive has no such notes, and cannot tell.
"""

import math
from collections.abc import Callable
from typing import Literal, Protocol

from airside.errors import CorruptDataError
from airside.stream.kinesis.source import Source
from airside.stream.position import Position

_NOTE_US = 60_000_000
_HOUR_US = 3_600_000_000
_SURE_US = 12 * _HOUR_US
"""Half of the shortest retention that a stream can have: younger records have not aged out."""
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
        self._read_us: dict[str, float] = {}
        """Shard → all that arrived before has certainly been read; without end where no more is to
        come."""
        self._noted_us: dict[str, float] = {}
        self._checked_us = 0

    def check(self, after: Position) -> None:
        """Make sure that nothing after a position has aged out.

        The service is asked at the start, and again wherever what has been read arrived so long ago
        that what follows it may be forgotten: a process may outlive an outage, or fall behind.

        Raises:
            CorruptDataError: Something may have; says of which shard.
        """
        self._checked_us = self._clock()
        unsure = [
            shard_id
            for shard_id in sorted(after)
            if self._checked_us - self._read_us.get(shard_id, 0) > _SURE_US
        ]
        if not unsure:
            return
        shards = self._source.shards()
        for shard_id in unsure:
            read_us: float | None = math.inf
            if shard_id in shards:
                read_us = self._source.arrived_at_us((shard_id, after[shard_id]))
                is_whole = read_us is not None
            else:
                is_whole = any(shard_id in shards[other].parents for other in after.keys() & shards)
            if not is_whole and self._on_gap == "stop" and not self._has_read_all(shard_id):
                raise CorruptDataError(
                    f"{shard_id} of {self._source.client.address.url} has forgotten the record "
                    f"{after[shard_id]}, up to which it was read: what arrived between then and "
                    f"the oldest record that it still has may be lost; lengthen the stream's "
                    'retention, and set stream.on_gap = "skip" to go on with what there is'
                )
            if read_us is not None:
                self._read_us[shard_id] = read_us

    def note_through(self, shard_id: str, arrived_before_us: int) -> None:
        """Note that all records which arrived before an instant have been read."""
        self._read_us[shard_id] = arrived_before_us
        if arrived_before_us - self._noted_us.get(shard_id, 0) >= _NOTE_US:
            self._memory.note(shard_id, str(arrived_before_us))
            self._noted_us[shard_id] = arrived_before_us

    def note_tip(self, shard_id: str) -> None:
        """Note that a shard has been read to its end as it was at the last check or later."""
        self.note_through(shard_id, self._checked_us)

    def note_ended(self, shard_id: str) -> None:
        """Note that a closed shard has been read to its end."""
        self._read_us[shard_id] = math.inf
        if self._noted_us.get(shard_id) != math.inf:
            self._memory.note(shard_id, _ENDED)
            self._noted_us[shard_id] = math.inf

    def _has_read_all(self, shard_id: str) -> bool:
        noted = self._memory.recall(shard_id)
        if noted is None or noted == _ENDED:  # without a note, the position is an archive's
            return True
        answer = self._source.client.call("describe_stream_summary")
        hours = int(answer["StreamDescriptionSummary"]["RetentionPeriodHours"])
        return self._checked_us - int(noted) < hours * _HOUR_US
