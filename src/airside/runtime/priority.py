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
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        # Who was started with a lower one may not raise it.
        os.setpriority(os.PRIO_PROCESS, thread, max(now, _NICENESS))
