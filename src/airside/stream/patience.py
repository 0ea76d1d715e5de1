"""Waits for room on a full stream, so that a producer drops nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airside.stream.protocol import Stream, StreamFullError

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a producer waits.

    It holds no more than the one put that was refused, so memory stays what it is, and whatever
    feeds it (a file, a pipe, a simulator) waits as well.

    Args:
        seconds: So long without any room before it gives up.
        monotonic: Seconds on a clock that never goes back.
        wait: Waits so many seconds; True means stop (`threading.Event.wait` does).
        tell: Told a sentence when it begins to wait, and when it goes on.
    """

    seconds: float
    monotonic: Callable[[], float]
    wait: Callable[[float], bool]
    tell: Callable[[str], None] = lambda _text: None

    def put(self, stream: Stream, payloads: Sequence[bytes]) -> bool:
        """Put records as soon as there is room for them.

        Returns:
            Whether they were put; False where it was told to stop while it waited.

        Raises:
            StreamFullError: There was no room for too long; none of them was put.
            AirsideError: As the stream's own `put`.
        """
        began: float | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                stream.put(payloads)
            except StreamFullError as error:
                now = self.monotonic()
                if began is None:
                    began = now
                    self.tell(f"Waiting up to {self.seconds:,.0f} s for room: {error}.")
                elif now - began >= self.seconds:
                    raise
                if self.wait(pause):
                    return False
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                if began is not None:
                    self.tell("There is room again; going on.")
                return True
