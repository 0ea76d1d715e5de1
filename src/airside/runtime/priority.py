"""Who comes first where the processors are short."""

import os
import sys
import threading


def stand_back(niceness: int) -> None:
    """Let the calling thread, and those it starts, have less of processors that are short.

    Only Linux gives threads a priority of their own; elsewhere nothing happens.

    Args:
        niceness: As for `nice`: beside another thread one of 5 gets a quarter, one of 10 a tenth.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        # Who was started with a lower one may not raise it.
        os.setpriority(os.PRIO_PROCESS, thread, max(now, niceness))
