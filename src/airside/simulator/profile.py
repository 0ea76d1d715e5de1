"""How an aircraft gets from one place to another: speed, height and time along the track.

Ground speed rises linearly while climbing, stays, and falls linearly while descending, so that the
distance flown at any moment is exact and the whole adds up to the great-circle distance.
"""

from dataclasses import dataclass

TAKEOFF_KTS = 150.0
TOUCHDOWN_KTS = 135.0
CLIMB_FPM = 1_900.0
DESCENT_FPM = 1_700.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One flight's vertical and speed profile. Times in seconds, speeds in knots."""

    seconds: float
    start_kts: float
    cruise_kts: float
    end_kts: float
    climb_seconds: float
    descent_seconds: float
    start_ft: float
    cruise_ft: float
    end_ft: float


def fly(
    nautical_miles: float,
    cruise_kts: float,
    cruise_ft: int,
    *,
    from_ft: float = 0.0,
    to_ft: float = 0.0,
    start_kts: float = TAKEOFF_KTS,
    is_airborne: bool = False,
) -> Profile:
    """The profile of a flight over this distance.

    Args:
        nautical_miles: length of the track, more than zero.
        cruise_kts: ground speed in cruise.
        cruise_ft: cruise altitude; short flights stay lower.
        from_ft: altitude at the start.
        to_ft: altitude at the end.
        start_kts: speed at the start.
        is_airborne: at the start the aircraft is already at its cruise, so there is no climb.
    """
    top = (
        from_ft
        if is_airborne
        else min(
            cruise_ft, 1_000.0 * round(max(from_ft, to_ft, 0) / 1_000 + 6 + nautical_miles * 0.075)
        )
    )
    climb = 0.0 if is_airborne else (top - from_ft) / CLIMB_FPM * 60
    descent = (top - to_ft) / DESCENT_FPM * 60
    miles_in_both = (
        (start_kts + cruise_kts) / 2 * climb + (cruise_kts + TOUCHDOWN_KTS) / 2 * descent
    ) / 3_600
    squeeze = min(1.0, 0.95 * nautical_miles / miles_in_both)
    climb, descent = climb * squeeze, descent * squeeze
    lost = (cruise_kts - start_kts) / 2 * climb + (cruise_kts - TOUCHDOWN_KTS) / 2 * descent
    return Profile(
        seconds=(nautical_miles * 3_600 + lost) / cruise_kts,
        start_kts=start_kts,
        cruise_kts=cruise_kts,
        end_kts=TOUCHDOWN_KTS,
        climb_seconds=climb,
        descent_seconds=descent,
        start_ft=from_ft,
        cruise_ft=top,
        end_ft=to_ft,
    )
