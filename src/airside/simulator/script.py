"""When a flight sends what: the order of its messages, from schedule to turnaround."""

from collections.abc import Iterator
from enum import IntEnum

from airside.simulator.flight import Flight

FIRST_NEWS = 160 * 60
"""Seconds before the scheduled departure at which a flight is first heard of."""
NEWS_EVERY = 60 * 60


class Kind(IntEnum):
    """What a message is about; in the order in which they can follow each other."""

    SCHEDULED = 0
    BOARDING = 1
    DEPARTING = 2
    EN_ROUTE = 3
    TOUCHED_DOWN = 4
    IN_BLOCK = 5
    TURNED_AROUND = 6
    CANCELLED = 7
    DIVERTED = 8


def script(flight: Flight) -> Iterator[tuple[int, Kind]]:
    """The instants (Unix seconds) at which something happens, in order.

    EN_ROUTE and DIVERTED stand once, for the start of a track that reports from then on; the
    second DIVERTED, on the ground, is the last word of a diverted flight.
    """
    whim = flight.key % 600
    news = flight.scheduled_departure_at - FIRST_NEWS + whim
    if flight.cancelled_at is not None:
        while news < flight.cancelled_at:
            yield news, Kind.SCHEDULED
            news += NEWS_EVERY
        yield flight.cancelled_at, Kind.CANCELLED
        return
    kind = flight.aircraft.type
    boarding_minutes = 55 if kind.is_heavy else 36 if kind.seats > 100 else 26
    boarding = flight.off_block_at - boarding_minutes * 60 + whim % 240
    while news < boarding:
        yield news, Kind.SCHEDULED
        news += NEWS_EVERY
    yield boarding, Kind.BOARDING
    yield (boarding + flight.off_block_at) // 2, Kind.BOARDING
    pushed_back = flight.off_block_at + 4 + whim % 36
    yield pushed_back, Kind.DEPARTING
    if flight.takeoff_at - pushed_back > 240:
        yield (pushed_back + flight.takeoff_at) // 2, Kind.DEPARTING
    yield flight.takeoff_at, Kind.EN_ROUTE
    if flight.diversion is not None:
        yield flight.diversion.decided_at, Kind.DIVERTED
        yield flight.diversion.landed_at, Kind.DIVERTED
        return
    yield flight.landing_at, Kind.TOUCHED_DOWN
    yield flight.in_block_at + 4 + whim % 36, Kind.IN_BLOCK
