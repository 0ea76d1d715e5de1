"""Whether what a shard gives follows the place from which it was asked.

Kinesis drops records that have aged out, and goes on with the oldest that it still has. Three
things tell that none was dropped between a place and what came of it:

- The record at the place is given once more, before what follows it: as long as the shard has that,
  it has all that came after. It costs a new iterator for that read, and nothing else.
- All that arrived before some instant lies before the place, and the instant is younger than the
  retention. That costs nothing; an hour is left for clocks that differ and for arrivals, which are
  approximate.
- Where the retention may have been shortened since it was last asked: what came arrived no more
  than a minute after that instant, so that no more than that minute can be missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from airside.stream.kinesis.cut import arrival_us
from airside.stream.kinesis.retention import HOUR_US, SHORTEST_US, Retention

_MARGIN_US = HOUR_US
_NEAR_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """How to read on from a place."""

    iterator: str
    read_us: int
    """All that arrived before lies before the place."""


class Seams:
    """Tells where a read without the record at its place is enough.

    Args:
        retention: The stream's.
        clock: Microseconds since the Unix epoch.
    """

    def __init__(self, retention: Retention, clock: Callable[[], int]) -> None:
        self._retention = retention
        self._clock = clock

    def may_try(self, read_us: int) -> bool:
        """Whether it is worth to read on from a place up to which all of an instant was read."""
        age_us = self._clock() - read_us + _MARGIN_US
        return age_us < SHORTEST_US or age_us < self._retention.known_us()

    def follows(self, read_us: int, records: Sequence[dict[str, Any]]) -> bool:
        """Whether what a tried read gave certainly follows."""
        if self._clock() - read_us + _MARGIN_US < SHORTEST_US:
            return True
        return bool(records) and arrival_us(records[0]) - read_us < _NEAR_US
