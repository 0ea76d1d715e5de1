"""Waiting for another process, up to a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], seconds: float = 60.0, *, pause: float = 0.1) -> T:
    """Look until there is something to see; fails with what `look` last raised, or gave.

    Args:
        look: What is there now.
        seconds: How long to look.
        pause: Seconds between two looks, which what is sought must outlast.
    """
    ends = time.monotonic() + seconds
    while True:
        problem: object = None
        try:
            seen = look()
            if seen:
                return seen
            problem = seen
        except AssertionError as error:
            problem = error
        assert time.monotonic() < ends, f"not within {seconds:.0f} s: {problem!r}"
        time.sleep(pause)
