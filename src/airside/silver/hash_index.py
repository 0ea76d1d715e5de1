"""Finds the places of hashes among millions, in memory.

The hashes lie in sorted runs. A new run is merged with the one before it while that is not twice as
long, so there are few of them, and no hash is merged often; runs that have grown long stay as they
are, so that the oldest hashes can be forgotten a run at a time: a log-structured merge tree of
arrays. Of a hash only the upper half is kept: in a run of a million, one of four thousand that are
not there is taken for one that is. ADR 35 has what it takes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Ordinals = npt.NDArray[np.int64]
_Halves = npt.NDArray[np.uint32]

LONGEST_RUN = 1 << 20


class _Run(NamedTuple):
    halves: _Halves
    """The upper halves of the hashes, ascending."""
    first: int
    """The smallest ordinal."""
    offsets: npt.NDArray[np.uint32]
    """Of each hash's ordinal from there."""
    last: int
    """The greatest ordinal."""
    shift: int
    marks: npt.NDArray[np.uint8]
    """A bit for each beginning of a hash, whether any is here: most sought need no more."""

    def find(self, sought: _Halves) -> Ordinals:
        """The ordinals of ascending halves, as often as each is there."""
        beginning = sought >> self.shift
        sought = sought[(self.marks[beginning >> 3] >> (beginning & 7)) & 1 > 0]
        left = np.searchsorted(self.halves, sought)
        is_there = self.halves[np.minimum(left, len(self.halves) - 1)] == sought
        left = left[is_there]
        counts = np.searchsorted(self.halves, sought[is_there], "right") - left
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found: Ordinals = self.offsets[np.repeat(left, counts) + within].astype(np.int64)
        return found + self.first


class HashIndex:
    """Hashes, each with an ordinal; two may be alike."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def add(self, hashes: Hashes, ordinals: Ordinals) -> None:
        """Take in hashes whose ordinals lie within four billions of each other.

        Here, and where they are sought, hashes that ascend take the least time.
        """
        for start in range(0, len(hashes), LONGEST_RUN):
            stretch = slice(start, start + LONGEST_RUN)
            self._append(_sorted(_halves(hashes[stretch]), ordinals[stretch]))

    def find(self, hashes: Hashes) -> Ordinals:
        """The ordinals of all that have one of these hashes, and of a few others, in no order."""
        sought = np.sort(_halves(hashes), kind="stable")
        sought = sought[np.append(True, sought[1:] != sought[:-1])[: len(sought)]]
        return np.concatenate([np.empty(0, np.int64), *(run.find(sought) for run in self._runs)])

    def forget(self, before: int) -> None:
        """Drop the runs that lie before an ordinal altogether."""
        self._runs = [run for run in self._runs if run.last >= before]

    def _append(self, run: _Run) -> None:
        while self._runs:
            other = self._runs[-1]
            length = len(other.halves) + len(run.halves)
            if len(other.halves) >= 2 * len(run.halves) or length > LONGEST_RUN:
                break
            self._runs.pop()
            run = _merged(other, run)
        self._runs.append(run)


def _halves(hashes: Hashes) -> _Halves:
    halves: _Halves = (hashes >> 32).astype(np.uint32)
    return halves


def _sorted(halves: _Halves, ordinals: Ordinals) -> _Run:
    first, last = int(ordinals.min()), int(ordinals.max())
    order = np.argsort(halves, kind="stable")  # for what is sorted in parts, a merge
    halves, offsets = halves[order], (ordinals - first)[order].astype(np.uint32)
    bits = (4 * len(halves)).bit_length()
    is_marked = np.zeros(1 << bits, np.bool_)
    is_marked[halves >> (32 - bits)] = True
    return _Run(halves, first, offsets, last, 32 - bits, np.packbits(is_marked, bitorder="little"))


def _merged(*runs: _Run) -> _Run:
    return _sorted(
        np.concatenate([run.halves for run in runs]),
        np.concatenate([run.first + run.offsets.astype(np.int64) for run in runs]),
    )
