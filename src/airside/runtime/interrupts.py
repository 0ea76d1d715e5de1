"""Ctrl-C and SIGTERM end a run in good order."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code that a shell gives a command ended by Ctrl-C."""
_LEAVE_SCREEN = b"\x1b[?1049l\x1b[?25h"
"""Back from a terminal's alternate screen, with the cursor."""


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn the first SIGINT or SIGTERM into an event; a second SIGINT ends the process at once.

    That is as safe as a crash: whatever was being written is done again at the next start.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            _end_at_once()
        stop.set()

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once() -> None:
    """End without waiting for threads, which would be in the middle of something."""
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), _LEAVE_SCREEN)
    os.write(sys.stderr.fileno(), b"Stopped at once; starting again goes on from there.\n")
    os._exit(INTERRUPTED)
