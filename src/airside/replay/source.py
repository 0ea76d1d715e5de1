"""What every source of recorded traffic promises."""

from collections.abc import Iterator
from typing import Protocol

from airside.events import Emission


class Source(Protocol):
    """Recorded traffic that can be played again, any number of times, always the same."""

    @property
    def name(self) -> str:
        """As the user named it."""

    @property
    def total(self) -> int | None:
        """How many records a full replay gives; None where finding out means reading it all."""

    def emissions(self) -> Iterator[Emission]:
        """Every record from the first on, with `due_us` never falling.

        Lazy, and in bounded memory; it neither waits nor looks at a clock. Abandon the iterator
        at any point (its `close` frees what it holds); a second call starts afresh.

        Raises:
            CorruptDataError: The data cannot be read on; every record before it was given.
        """
