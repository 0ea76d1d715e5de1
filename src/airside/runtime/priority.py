"""Who comes first where the processors are short."""

import os
import sys
import threading

_NICENESS = 10


def stand_back() -> None:
    """Let the calling thread, and those it starts, work mostly when the processors are free.

    Only Linux gives threads a priority of their own; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
