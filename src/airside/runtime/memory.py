"""How much memory a process keeps that it no longer uses."""

import ctypes
import sys

_M_ARENA_MAX = -8  # from glibc's malloc.h
_ARENAS = 2


def keep_few_arenas() -> None:
    """Have all threads share two of malloc's pools, instead of one for nearly each of them.

    What a thread frees stays in its pool, and no other thread gets it: a quarter of the process
    under load. To be called before there are threads. Only glibc is told; others do nothing of the
    kind.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
