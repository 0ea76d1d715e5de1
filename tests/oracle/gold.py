"""The contract's "Derived" section over clean rows: legs, delays, turnarounds, live flights.

Everything is computed from all rows at once, in plain loops, so that it can be checked by eye
against the contract.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import sqrt
from typing import Any

from oracle.record import Row, minutes_between

ATTRIBUTES = (
    "airline_iata",
    "tail_number",
    "aircraft_type",
    "arrival_airport_iata",
    "departure_gate",
    "arrival_gate",
    "scheduled_arrival_at",
    "estimated_departure_at",
    "estimated_arrival_at",
    "actual_departure_at",
    "actual_arrival_at",
    "taxi_time_minutes",
    "turnaround_time_minutes",
    "passenger_count",
    "baggage_count",
    "security_wait_time_minutes",
    "runway_in_use",
    "weather_conditions",
)
"""What a leg takes from its latest event that has it."""


@dataclass(frozen=True)
class Settings:
    """The contract's settings of the derived section, at their defaults."""

    turnaround_cutoff: timedelta = timedelta(minutes=180)
    scheduled_window: timedelta = timedelta(hours=3)
    landed_window: timedelta = timedelta(minutes=30)
    stale_after: timedelta = timedelta(hours=6)


@dataclass
class Gold:
    """The answers. Rows are dicts by column name."""

    legs: dict[str, Row] = field(default_factory=dict)
    """By `leg_key`."""
    turnarounds: dict[str, Row] = field(default_factory=dict)
    """By the arriving leg's `leg_key`."""
    airline_delays: dict[str | None, Row] = field(default_factory=dict)
    """By `airline_iata`; None for the legs without an airline."""
    passengers_vs_turnaround: Row = field(default_factory=dict)
    """`n`, `r`, `slope`, `intercept` over all pairs, and `by_aircraft_type`: type → the same."""
    watermark: datetime | None = None
    active: dict[str, Row] = field(default_factory=dict)
    """The active legs, by `leg_key`."""
    by_status: Counter[str] = field(default_factory=Counter)
    """How many active legs have each status; a status without any is missing."""


def gold(clean: Iterable[Row], settings: Settings | None = None) -> Gold:
    """Derive everything from the clean rows of a stream."""
    settings = settings or Settings()
    legs = read_legs(clean)
    turnarounds = read_turnarounds(legs.values(), settings.turnaround_cutoff)
    watermark = read_watermark(legs.values())
    active = {key: leg for key, leg in legs.items() if is_active(leg, watermark, settings)}
    return Gold(
        legs=legs,
        turnarounds=turnarounds,
        airline_delays=read_airline_delays(legs.values()),
        passengers_vs_turnaround=read_passengers_vs_turnaround(turnarounds.values()),
        watermark=watermark,
        active=active,
        by_status=Counter(leg["flight_status"] for leg in active.values()),
    )


def read_legs(clean: Iterable[Row]) -> dict[str, Row]:
    """One row per leg: latest state, each attribute from the latest event that has it."""
    events_of: dict[str, list[Row]] = defaultdict(list)
    for row in clean:
        events_of[row["leg_key"]].append(row)
    return {leg_key: _leg(events) for leg_key, events in events_of.items()}


def _leg(events: list[Row]) -> Row:
    newest_first = sorted(
        events,
        key=lambda e: (e["event_at"], e["arrived_at"], e["shard_id"], e["sequence_number"]),
        reverse=True,
    )
    latest = newest_first[0]
    leg: Row = {
        "leg_key": latest["leg_key"],
        "flight_icao": latest["flight_icao"],
        "departure_airport_iata": latest["departure_airport_iata"],
        "scheduled_departure_at": latest["scheduled_departure_at"],
        "flight_status": latest["flight_status"],
        "last_event_at": latest["event_at"],
        "events": len(events),
    }
    for name in ATTRIBUTES:
        leg[name] = next((e[name] for e in newest_first if e[name] is not None), None)
    departed, arrived = leg["actual_departure_at"], leg["actual_arrival_at"]
    if departed and arrived and arrived < departed:
        leg["actual_arrival_at"] = arrived = None
    leg["departure_delay_minutes"] = minutes_between(leg["scheduled_departure_at"], departed)
    leg["arrival_delay_minutes"] = minutes_between(leg["scheduled_arrival_at"], arrived)
    return leg


def read_turnarounds(legs: Iterable[Row], cutoff: timedelta) -> dict[str, Row]:
    """One row per arriving leg whose turnaround is reported or can be derived."""
    legs = list(legs)
    departures: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for leg in legs:
        if leg["tail_number"] and leg["actual_departure_at"]:
            departures[leg["tail_number"], leg["departure_airport_iata"]].append(
                leg["actual_departure_at"]
            )
    turnarounds = {}
    for leg in legs:
        arrived = leg["actual_arrival_at"]
        place = (leg["tail_number"], leg["arrival_airport_iata"])
        later = [at for at in departures.get(place, ()) if arrived and at > arrived]
        left = min(later, default=None)
        if left is not None and left - arrived >= cutoff:
            left = None
        reported = leg["turnaround_time_minutes"]
        derived = minutes_between(arrived, left)
        if reported is None and derived is None:
            continue
        turnarounds[leg["leg_key"]] = {
            "leg_key": leg["leg_key"],
            "airport_iata": leg["arrival_airport_iata"],
            "tail_number": leg["tail_number"],
            "aircraft_type": leg["aircraft_type"],
            "passenger_count": leg["passenger_count"],
            "reported_minutes": reported,
            "derived_minutes": derived,
            "turnaround_minutes": float(reported) if reported is not None else derived,
        }
    return turnarounds


def read_airline_delays(legs: Iterable[Row]) -> dict[str | None, Row]:
    """One row per airline."""
    legs_of: dict[str | None, list[Row]] = defaultdict(list)
    for leg in legs:
        legs_of[leg["airline_iata"]].append(leg)
    return {airline: _airline(airline, group) for airline, group in legs_of.items()}


def _airline(airline: str | None, legs: list[Row]) -> Row:
    departure_delays = _known(legs, "departure_delay_minutes")
    arrival_delays = _known(legs, "arrival_delay_minutes")
    return {
        "airline_iata": airline,
        "flights": len(legs),
        "departed": sum(leg["actual_departure_at"] is not None for leg in legs),
        "landed": sum(leg["actual_arrival_at"] is not None for leg in legs),
        "cancelled": sum(leg["flight_status"] == "cancelled" for leg in legs),
        "diverted": sum(leg["flight_status"] == "diverted" for leg in legs),
        "mean_departure_delay_minutes": mean(departure_delays),
        "median_departure_delay_minutes": quantile(departure_delays, Fraction(1, 2)),
        "p90_departure_delay_minutes": quantile(departure_delays, Fraction(9, 10)),
        "mean_arrival_delay_minutes": mean(arrival_delays),
        "median_arrival_delay_minutes": quantile(arrival_delays, Fraction(1, 2)),
        "p90_arrival_delay_minutes": quantile(arrival_delays, Fraction(9, 10)),
        "d15": _departure_punctuality(legs, lambda delay: delay < 15),
        "a15": _arrival_punctuality(legs, lambda delay: delay < 15),
        "d0": _departure_punctuality(legs, lambda delay: delay <= 0),
        "a0": _arrival_punctuality(legs, lambda delay: delay <= 0),
    }


def _departure_punctuality(legs: list[Row], is_on_time: Any) -> float | None:
    counted = punctual = 0
    for leg in legs:
        delay, is_cancelled = leg["departure_delay_minutes"], leg["flight_status"] == "cancelled"
        counted += delay is not None or is_cancelled
        punctual += delay is not None and is_on_time(delay) and not is_cancelled
    return punctual / counted if counted else None


def _arrival_punctuality(legs: list[Row], is_on_time: Any) -> float | None:
    counted = punctual = 0
    for leg in legs:
        delay = leg["arrival_delay_minutes"]
        is_lost = leg["flight_status"] in {"cancelled", "diverted"}
        counted += delay is not None or is_lost
        punctual += delay is not None and is_on_time(delay) and not is_lost
    return punctual / counted if counted else None


def read_watermark(legs: Iterable[Row]) -> datetime | None:
    """The third-greatest last event, the greatest while there are fewer than three legs."""
    newest_first = sorted((leg["last_event_at"] for leg in legs), reverse=True)
    if not newest_first:
        return None
    return newest_first[2] if len(newest_first) >= 3 else newest_first[0]


def is_active(leg: Row, watermark: datetime | None, settings: Settings) -> bool:
    """Whether a leg is in operation at the watermark."""
    if watermark is None or abs(leg["last_event_at"] - watermark) > settings.stale_after:
        return False
    match leg["flight_status"]:
        case "boarding" | "departing" | "en-route":
            return True
        case "scheduled":
            return abs(leg["scheduled_departure_at"] - watermark) <= settings.scheduled_window
        case "landed":
            return watermark - leg["last_event_at"] <= settings.landed_window
        case _:
            return False


def read_passengers_vs_turnaround(turnarounds: Iterable[Row]) -> Row:
    """Pearson correlation and least-squares line, overall and by aircraft type."""
    pairs_of: dict[str | None, list[tuple[int, float]]] = defaultdict(list)
    for turnaround in turnarounds:
        x, y = turnaround["passenger_count"], turnaround["turnaround_minutes"]
        if x is not None:
            pairs_of[turnaround["aircraft_type"]].append((x, y))
    every_pair = [pair for pairs in pairs_of.values() for pair in pairs]
    return {
        **regression(every_pair),
        "by_aircraft_type": {kind: regression(pairs) for kind, pairs in pairs_of.items()},
    }


def regression(pairs: Sequence[tuple[float, float]]) -> Row:
    """`n`, `r`, `slope`, `intercept`; the last three None for n < 3 or where x or y is constant."""
    n = len(pairs)
    unknown = {"n": n, "r": None, "slope": None, "intercept": None}
    if n < 3:
        return unknown
    xs, ys = [Fraction(x) for x, _ in pairs], [Fraction(y) for _, y in pairs]
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    xx = sum((x - mean_x) ** 2 for x in xs)
    yy = sum((y - mean_y) ** 2 for y in ys)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    if not xx or not yy:
        return unknown
    slope = xy / xx
    return {
        "n": n,
        "r": float(xy) / sqrt(xx * yy),
        "slope": float(slope),
        "intercept": float(mean_y - slope * mean_x),
    }


def mean(values: Sequence[float]) -> float | None:
    """The exact mean, rounded once; None of nothing."""
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def quantile(values: Sequence[float], share: Fraction) -> float | None:
    """The quantile between the two nearest ranks, linearly interpolated; None of nothing."""
    if not values:
        return None
    ordered = sorted(map(Fraction, values))
    whole, part = divmod(share * (len(ordered) - 1), 1)
    below = ordered[whole]
    above = ordered[min(whole + 1, len(ordered) - 1)]
    return float(below + part * (above - below))


def _known(legs: list[Row], name: str) -> list[float]:
    return [leg[name] for leg in legs if leg[name] is not None]
