"""Puts what a source emits on a stream, at the source's pace or as fast as the stream takes it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from airside.events import Emission
from airside.stream.patience import Patience
from airside.stream.protocol import Stream

_PUT_RECORDS = 5_000
_PUT_BYTES = 4 * 1024 * 1024
_LONGEST_WAIT_SECONDS = 86_400.0  # the system cannot wait for centuries at once
_MIN_WAIT_SECONDS = 0.05  # at a low rate, some twenty puts a second rather than one an event


def fills_a_put(records: int, size: int) -> bool:
    """Whether records of so many bytes in all should be put before more are gathered."""
    return records >= _PUT_RECORDS or size >= _PUT_BYTES


@dataclass(frozen=True, slots=True)
class Producer:
    """Paces emissions and puts them in batches.

    Args:
        stream: Where the records go.
        monotonic: Seconds on a clock that never goes back.
        wait: Waits so many seconds; True means stop (`threading.Event.wait` does).
        on_put: Told after each put how many records it held and the source's clock in
            microseconds at its last record.
        on_refused: Told the size of a record that is too large for the stream; it is left out.
        patience: How to wait where the stream is full; without it, the stream's error is raised.
    """

    stream: Stream
    monotonic: Callable[[], float]
    wait: Callable[[float], bool]
    on_put: Callable[[int, int], None] = lambda _records, _due_us: None
    on_refused: Callable[[int], None] = lambda _size: None
    patience: Patience | None = None

    def run(
        self,
        emissions: Iterable[Emission],
        *,
        speed: float | None = None,
        rate: float | None = None,
    ) -> int:
        """Put emissions until they end or `wait` says stop.

        Args:
            emissions: In the order in which they are due.
            speed: Seconds of the source's clock in one real second; None does not wait for it.
            rate: At most so many records a real second; None sets no limit.

        Returns:
            How many records were put; each is durable.
        """
        pending: list[bytes] = []
        size = total = due_us = 0
        pace = _Pace(speed, rate, self.monotonic())
        for emission in emissions:
            ahead = pace.ahead(emission.due_us, total + len(pending), self.monotonic)
            full = fills_a_put(len(pending), size)
            if pending and (full or ahead > 0):
                if not self._put(pending):
                    return total
                total += len(pending)
                self.on_put(len(pending), due_us)
                pending, size = [], 0
            if (ahead > 0 or full) and self._wait(
                max(ahead, _MIN_WAIT_SECONDS) if ahead > 0 else 0
            ):
                return total
            if len(emission.payload) > self.stream.max_record_bytes:
                self.on_refused(len(emission.payload))
                continue
            pending.append(emission.payload)
            size += len(emission.payload)
            due_us = emission.due_us
        if pending:
            if not self._put(pending):
                return total
            self.on_put(len(pending), due_us)
        return total + len(pending)

    def _wait(self, seconds: float) -> bool:
        """Wait, however long; True means stop."""
        while seconds > _LONGEST_WAIT_SECONDS:
            if self.wait(_LONGEST_WAIT_SECONDS):
                return True
            seconds -= _LONGEST_WAIT_SECONDS
        return self.wait(seconds)

    def _put(self, payloads: Sequence[bytes]) -> bool:
        """Put records; False where it was told to stop instead."""
        if self.patience is not None:
            return self.patience.put(self.stream, payloads)
        self.stream.put(payloads)
        return True


class _Pace:
    """How far a source is ahead of the time at which it should send."""

    def __init__(self, speed: float | None, rate: float | None, started: float) -> None:
        self._speed = speed
        self._rate = rate
        self._started = started
        self._first_due_us: int | None = None

    def ahead(self, due_us: int, sent: int, monotonic: Callable[[], float]) -> float:
        """Seconds until the next record, due at `due_us` after `sent` others, should go."""
        if self._first_due_us is None:
            self._first_due_us = due_us
        planned = 0.0
        if self._speed is not None:
            planned = (due_us - self._first_due_us) / 1e6 / self._speed
        if self._rate is not None:
            planned = max(planned, sent / self._rate)
        return planned - (monotonic() - self._started) if planned else 0.0
