"""Repeatable chance: generators and hashes that depend on their seed and on nothing else.

Plans draw from `random.Random`, one generator per thing that is planned, so that adding a draw to
one thing leaves the others as they were. What is drawn per message comes from an integer hash of
the message, so that a day can be entered at any instant.
"""

import random
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_ALL = (1 << 64) - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def digest(*parts: object) -> int:
    """64 bits that depend on the parts' text alone (not on the process, as `hash` does)."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def generator(*parts: object) -> random.Random:
    """A generator of its own for whatever the parts name."""
    return random.Random(digest(*parts))  # noqa: S311 - a simulation, not a secret


def scramble(number: int) -> int:
    """64 well-mixed bits of a whole number: another one for another number below 2**64."""
    number &= _ALL
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _ALL
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _ALL
    return number ^ (number >> 31)


def mix(values: Hashes) -> Hashes:
    """SplitMix64's finaliser: one well-mixed 64-bit hash per value.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))
