"""A flight that cannot land where it wanted to, and where it goes instead."""

import math
import random
from functools import cache

from airside.simulator.flight import Diversion, Flight
from airside.simulator.geography import EARTH_RADIUS_NM, Vector, airport, angle, distance_nm
from airside.simulator.profile import Profile, fly
from airside.simulator.world import AIRPORT_WEIGHTS

DIVERTED_OUT_OF_PLACE = 150 * 60
"""Seconds after the planned arrival until the aircraft, refuelled and flown on, is in its place."""
NEAREST_NM, FARTHEST_NM = 60, 700


def divert(flight: Flight, chance: random.Random) -> Diversion | None:
    """Send a flight elsewhere late in its cruise; None where it cruises too short or has nowhere.

    It leaves its track before the descent, and flies the great circle to the alternate at the
    speed and altitude it has.
    """
    profile = flight.profile
    if profile is None:
        return None
    cruise = profile.seconds - profile.climb_seconds - profile.descent_seconds
    if cruise < 300:
        return None
    elapsed = math.floor(profile.climb_seconds + cruise * chance.uniform(0.7, 0.98))
    here = _position(flight, profile, elapsed)
    alternate = _alternate(flight.leg.destination, flight.leg.origin)
    if alternate is None:
        return None
    there = airport(alternate)
    nautical_miles = angle(here, there.vector) * EARTH_RADIUS_NM
    if nautical_miles < NEAREST_NM:
        return None
    second = fly(
        nautical_miles,
        profile.cruise_kts,
        int(profile.cruise_ft),
        from_ft=profile.cruise_ft,
        to_ft=there.elevation_ft,
        start_kts=profile.cruise_kts,
        is_airborne=True,
    )
    decided = flight.takeoff_at + elapsed
    return Diversion(
        decided_at=decided,
        airport=alternate,
        start=here,
        end=there.vector,
        profile=second,
        landed_at=decided + math.ceil(second.seconds),
    )


@cache
def _alternate(destination: str, origin: str) -> str | None:
    """The nearest airport that is not too near; the origin, where there is none."""
    near = [
        (distance_nm(destination, code), code)
        for code in AIRPORT_WEIGHTS
        if code != destination and NEAREST_NM <= distance_nm(destination, code) <= FARTHEST_NM
    ]
    if near:
        return min(near)[1]
    return origin if distance_nm(destination, origin) <= FARTHEST_NM else None


def _position(flight: Flight, profile: Profile, elapsed: float) -> Vector:
    """Where a flight is after this many seconds in the air, in cruise."""
    climbing = profile.climb_seconds
    flown_nm = (
        (profile.start_kts + profile.cruise_kts) / 2 * climbing
        + profile.cruise_kts * (elapsed - climbing)
    ) / 3_600
    whole = angle(flight.start, flight.end)
    part = flown_nm / EARTH_RADIUS_NM
    first = math.sin(whole - part) / math.sin(whole)
    second = math.sin(part) / math.sin(whole)
    x, y, z = (first * a + second * b for a, b in zip(flight.start, flight.end, strict=True))
    return (x, y, z)
