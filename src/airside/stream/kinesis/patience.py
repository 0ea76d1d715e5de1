"""Trying again, later each time, and not all at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: a wait is random below a ceiling that doubles.

    Args:
        sleep: Waits so many seconds.
        random: A number from 0 up to 1.
        attempts: Tries in all, the first included.
        first_seconds: The ceiling of the first wait.
        most_seconds: No ceiling is higher.
    """

    sleep: Callable[[float], None]
    random: Callable[[], float]
    attempts: int = 10
    first_seconds: float = 0.1
    most_seconds: float = 5.0

    def tries(self) -> Iterator[int]:
        """Give the number of each try from 1, and wait before each but the first."""
        for number in range(1, self.attempts + 1):
            if number > 1:
                ceiling = self.first_seconds * float(2 ** (number - 2))
                self.sleep(min(self.most_seconds, ceiling) * self.random())
            yield number
