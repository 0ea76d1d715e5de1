"""What a process and all that it has started cost so far. Linux: it reads `/proc`."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """So far, of a process and its living descendants, and of those that they have waited for."""

    processor_seconds: float
    peak_bytes: int
    """The peaks of the single processes, added up: what two share counts twice."""


def usage_of_tree(pid: int) -> Usage:
    """Look at a process, its children and theirs."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            # the name, in brackets, may hold anything
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        each = int(path.parent.name)
        children.setdefault(int(fields[1]), []).append(each)
        seconds[each] = sum(map(int, fields[11:15])) / _TICKS
    tree = [pid]
    for each in tree:
        tree += children.get(each, [])
    return Usage(
        sum(seconds.get(each, 0.0) for each in tree), sum(_peak_bytes(each) for each in tree)
    )


def _peak_bytes(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
