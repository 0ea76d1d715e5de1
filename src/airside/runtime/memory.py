"""What a process that stays keeps out of its memory."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

_M_ARENA_MAX = -8  # from glibc's malloc.h
_ARENAS = 8


def keep_few_arenas() -> None:
    """Have all threads share eight of malloc's pools, instead of one for nearly each of them.

    What a thread frees stays in its pool, and no other thread gets it. But each pool has a lock,
    and DuckDB has all of them give back what is free, several times a second: of two everybody
    waits for the one or the other. To be called before there are threads. Only glibc is told;
    others do nothing of the kind.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


@contextmanager
def without_pandas() -> Iterator[None]:
    """Hide pandas, which Arrow imports with its first array where it is installed.

    Nothing here needs it, and it takes 34 MB and a fifth of a second. What asked for it meanwhile
    goes on without it afterwards too.
    """
    hiding = _HidingPandas()
    sys.meta_path.insert(0, hiding)
    try:
        yield
    finally:
        sys.meta_path.remove(hiding)


class _HidingPandas(MetaPathFinder):
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("hidden by airside", name=fullname)
