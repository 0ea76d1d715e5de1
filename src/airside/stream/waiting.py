"""How long records have waited, by clocks of which one may be set back."""

from collections.abc import Callable


class Waiting:
    """Tells how long the oldest record of a backlog has waited.

    Where the wall clock was ahead once, records that arrived by it lie in the future until it has
    caught up. So a record has waited at least for as long as it has been seen to be the oldest.

    Args:
        clock: Microseconds since the Unix epoch.
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._oldest_us: int | None = None
        self._seen_at = 0.0

    def seconds(self, oldest_arrived_at_us: int) -> float:
        """How long the record has waited; to be asked again and again.

        Args:
            oldest_arrived_at_us: When it arrived, in microseconds since the Unix epoch.
        """
        now = self._monotonic()
        if oldest_arrived_at_us != self._oldest_us:
            self._oldest_us, self._seen_at = oldest_arrived_at_us, now
        return max((self._clock() - oldest_arrived_at_us) / 1e6, now - self._seen_at)
