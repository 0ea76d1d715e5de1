"""Waiting for the warehouse's file, which one process at a time may hold.

A pipeline that has just started holds it before it listens on its socket, and a question that is
asked just before a pipeline starts holds it for a moment.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from airside.errors import RetryableError, TerminalError

_SECONDS = 10.0
_PAUSE_SECONDS = 0.1

T = TypeVar("T")


def patiently(attempt: Callable[[], T]) -> T:
    """Call `attempt` until no other process holds the file.

    Raises:
        RetryableError: Another process still holds it after ten seconds.
    """
    ends = time.monotonic() + _SECONDS
    while True:
        try:
            return attempt()
        except TerminalError as error:
            # The warehouse says so by a plain TerminalError; its subclasses mean something else.
            if type(error) is not TerminalError:
                raise
            if time.monotonic() > ends:
                raise RetryableError(str(error)) from error
        time.sleep(_PAUSE_SECONDS)
