"""Hostile records: a plausible day of flights, spoilt in every way the contract knows.

About four records in ten are fine, so that gold has something to say; the rest are forgiven,
flagged, quarantined, repeated, early or late.
"""

from copy import deepcopy
from datetime import datetime, timedelta
from random import Random
from typing import Any

from oracle import flights
from oracle.mess import BREAKS, FLAGGING, HARMLESS, QUARANTINING, Change, to_bytes

_STRAY_CLOCKS = ("2099-12-31T23:59:59.999999", 4_102_444_799_999)
"""Two legs from the end of time: the watermark must not follow them."""


def hostile(n: int, seed: int) -> list[bytes]:
    """Make `n` records in the order in which they reach the stream; the same for the same seed."""
    rng = Random(seed)
    sent: list[tuple[datetime, bytes]] = []
    events = flights.events(n, rng)
    for (_, record), clock in zip(rng.sample(events, min(2, n)), _STRAY_CLOCKS, strict=False):
        record["event_timestamp"] = clock
    for at, record in events:
        sent += [(at + delay + _jitter(rng), payload) for delay, payload in _spoil(record, rng)]
    sent.sort(key=lambda item: item[0])
    kept = sorted(rng.sample(range(len(sent)), n))
    return [sent[index][1] for index in kept]


def _spoil(record: dict[str, Any], rng: Random) -> list[tuple[timedelta, bytes]]:
    """What reaches the stream of one well-meant record, each with its delay."""
    at_once, later = timedelta(), timedelta(minutes=rng.expovariate(1 / 60))
    kind = rng.choices(
        ["fine", "harmless", "flagged", "quarantined", "mixed", "broken", "repeated"],
        weights=[40, 12, 16, 12, 6, 8, 6],
    )[0]
    if kind == "repeated":
        return _repeat(record, later, rng)
    if kind == "broken":
        return [(at_once, rng.choice(BREAKS)(to_bytes(record, rng), rng))]
    changes: dict[str, tuple[Change, ...]] = {
        "harmless": rng.choices(HARMLESS, k=rng.randint(1, 3)),
        "flagged": rng.choices(FLAGGING, k=rng.choice([1, 1, 1, 2, 4])),
        "quarantined": rng.choices(QUARANTINING, k=rng.choice([1, 1, 1, 2, 4])),
        "mixed": rng.choices(HARMLESS + FLAGGING + QUARANTINING, k=rng.randint(2, 6)),
    }
    for change in changes.get(kind, ()):
        change(record, rng)
    return [(at_once, to_bytes(record, rng))]


def _repeat(record: dict[str, Any], later: timedelta, rng: Random) -> list[tuple[timedelta, bytes]]:
    """The same event twice, in each way that can happen."""
    good = to_bytes(record, rng)
    other = deepcopy(record)
    match rng.choice(["same bytes", "other content", "bad then good", "good then bad"]):
        case "same bytes":
            return [(timedelta(), good), (later, good), *([(later * 2, good)] * rng.randint(0, 1))]
        case "other content":
            for change in rng.choices(HARMLESS[1:] + FLAGGING, k=3):
                change(other, rng)
            return [(timedelta(), good), (later, to_bytes(other, rng))]
        case order:
            rng.choice(QUARANTINING[1:])(other, rng)
            spoilt = to_bytes(other, rng)
            first, second = (spoilt, good) if order == "bad then good" else (good, spoilt)
            return [(timedelta(), first), (later, second)]


def _jitter(rng: Random) -> timedelta:
    """Mostly a moment, sometimes hours: events come late and out of order."""
    if rng.random() < 0.97:
        return timedelta(seconds=rng.expovariate(1 / 20))
    return timedelta(minutes=rng.uniform(10, 400))
