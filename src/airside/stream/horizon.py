"""How far a stream had come at a moment: what arrives later is left to the next time."""

from dataclasses import dataclass

from airside.stream.protocol import Backlog


@dataclass(frozen=True, slots=True)
class Horizon:
    """All that a stream had taken at one moment.

    Without it, a consumer that works until nothing waits may never end while records keep coming.
    """

    received: int | None
    """Records that the stream had taken; None where it cannot tell."""
    at_us: int
    """The moment, in microseconds since the Unix epoch; counts where the stream cannot."""

    @classmethod
    def of(cls, backlog: Backlog, now_us: int) -> "Horizon":
        """The horizon at the moment when a backlog was measured."""
        # What has been seen to wait has arrived, even where the service's clock is ahead of ours.
        return cls(backlog.received, max(now_us, backlog.oldest_arrived_at_us or 0))

    def is_reached(self, backlog: Backlog) -> bool:
        """Whether a consumer with this backlog has got through all that had arrived by then."""
        if backlog.received is not None and self.received is not None:
            return backlog.received - backlog.records >= self.received
        oldest_us = backlog.oldest_arrived_at_us
        return oldest_us is None or oldest_us > self.at_us
