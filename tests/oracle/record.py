"""One record, one verdict: the contract read row by row in plain Python."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle import text
from oracle.json_reader import NotJson, Value, parse

Row = dict[str, Any]
"""A silver row by column name: naive UTC datetimes, int, float, str, list of str, or None."""

REASONS = (
    "not_utf8",
    "not_json",
    "not_object",
    "missing_event_id",
    "bad_event_timestamp",
    "missing_flight",
    "bad_route",
    "bad_schedule",
    "bad_status",
)

INTEGERS = {
    "operational_data": (
        "taxi_time_minutes",
        "turnaround_time_minutes",
        "passenger_count",
        "baggage_count",
        "security_wait_time_minutes",
    ),
    "live_telemetry": ("altitude_ft", "ground_speed_kts", "vertical_speed_fps", "heading"),
}
MAY_BE_NEGATIVE = {"altitude_ft", "vertical_speed_fps"}

FLAGS = tuple(
    sorted(
        [f"bad_{field}" for fields in INTEGERS.values() for field in fields]
        + ["bad_location", "bad_actual_departure", "bad_actual_arrival", "departure_in_future"]
        + ["arrival_in_future", "arrival_before_departure", "missing_operational_data"]
    )
)

STATUSES = {
    "scheduled": "scheduled",
    "boarding": "boarding",
    "departing": "departing",
    "en-route": "en-route",
    "en route": "en-route",
    "enroute": "en-route",
    "airborne": "en-route",
    "active": "en-route",
    "landed": "landed",
    "arrived": "landed",
    "diverted": "diverted",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}

_AIRPORT = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True)
class Verdict:
    """What the contract says of one record, before duplicates are looked for."""

    reasons: tuple[str, ...] = ()
    """Why it is quarantined, in the contract's order; empty for an acceptable record."""

    row: Row | None = None
    """The silver row of an acceptable record, without the stream's three columns."""

    @property
    def reason(self) -> str | None:
        """The first reason; None for an acceptable record."""
        return self.reasons[0] if self.reasons else None

    @property
    def flags(self) -> list[str]:
        """The quality flags of an acceptable record; empty otherwise."""
        return self.row["quality_flags"] if self.row else []


def read_record(payload: bytes) -> Verdict:
    """Judge one record by its bytes alone."""
    try:
        record = parse(payload.decode("utf-8"))
    except UnicodeDecodeError:
        return Verdict(("not_utf8",))
    except NotJson:
        return Verdict(("not_json",))
    if not isinstance(record, dict):
        return Verdict(("not_object",))
    return _read_object(record)


def _read_object(record: dict[str, Value]) -> Verdict:
    flight = _section(record, "flight_details")
    route = _section(record, "route_info")
    operations = _section(record, "operational_data")
    telemetry = _section(record, "live_telemetry")

    event_id = _scalar(record, "event_id")
    event_at = text.event_time(_scalar(record, "event_timestamp"))
    flight_icao = _code(flight, "flight_icao")
    origin = _scalar(route, "departure_airport_iata")
    destination = _scalar(route, "arrival_airport_iata")
    scheduled_departure = text.iso_time(_scalar(route, "scheduled_departure_utc"))
    scheduled_arrival = text.iso_time(_scalar(route, "scheduled_arrival_utc"))
    status = STATUSES.get(text.lower(_scalar(telemetry, "flight_status")) or "")

    airports_hold = all(_AIRPORT.fullmatch(airport or "") for airport in (origin, destination))
    schedule_holds = (
        scheduled_departure is not None
        and scheduled_arrival is not None
        and scheduled_arrival > scheduled_departure
    )
    failed = {
        "missing_event_id": event_id is None,
        "bad_event_timestamp": event_at is None,
        "missing_flight": flight_icao is None,
        "bad_route": not airports_hold,
        "bad_schedule": not schedule_holds,
        "bad_status": status is None,
    }
    if any(failed.values()):
        return Verdict(tuple(reason for reason in REASONS if failed.get(reason)))
    assert event_at is not None
    assert scheduled_departure is not None
    assert scheduled_arrival is not None

    flags: set[str] = set()
    if operations is None:
        flags.add("missing_operational_data")
    departure = _movement("departure", route, event_at, flags)
    arrival = _movement("arrival", route, event_at, flags)
    if departure.actual and arrival.actual and arrival.actual < departure.actual:
        flags.add("arrival_before_departure")
        arrival = _Movement(actual=None, estimated=arrival.estimated)
    latitude, longitude = _location(telemetry, flags)
    row: Row = {
        "event_id": event_id,
        "event_at": event_at,
        "source_system_id": _scalar(record, "source_system_id"),
        "leg_key": leg_key(str(flight_icao), str(text.upper(origin)), scheduled_departure),
        "flight_icao": flight_icao,
        "airline_iata": _code(flight, "airline_iata"),
        "tail_number": _code(flight, "tail_number"),
        "aircraft_type": _code(operations, "aircraft_type"),
        "departure_airport_iata": text.upper(origin),
        "arrival_airport_iata": text.upper(destination),
        "departure_gate": _code(route, "departure_gate"),
        "arrival_gate": _code(route, "arrival_gate"),
        "scheduled_departure_at": scheduled_departure,
        "scheduled_arrival_at": scheduled_arrival,
        "estimated_departure_at": departure.estimated,
        "estimated_arrival_at": arrival.estimated,
        "actual_departure_at": departure.actual,
        "actual_arrival_at": arrival.actual,
        "departure_delay_minutes": minutes_between(scheduled_departure, departure.actual),
        "arrival_delay_minutes": minutes_between(scheduled_arrival, arrival.actual),
        **{name: _integer(operations, name, flags) for name in INTEGERS["operational_data"]},
        "runway_in_use": _code(operations, "runway_in_use"),
        "weather_conditions": _scalar(operations, "weather_conditions"),
        "latitude": latitude,
        "longitude": longitude,
        **{name: _integer(telemetry, name, flags) for name in INTEGERS["live_telemetry"]},
        "flight_status": status,
    }
    row["quality_flags"] = sorted(flags)
    return Verdict(row=row)


def leg_key(flight_icao: str, origin: str, scheduled_departure: datetime) -> str:
    """md5 of designator, origin and scheduled departure."""
    natural_key = f"{flight_icao}|{origin}|{scheduled_departure:%Y-%m-%dT%H:%M:%S.%fZ}"
    return hashlib.md5(natural_key.encode(), usedforsecurity=False).hexdigest()


def minutes_between(start: datetime | None, end: datetime | None) -> float | None:
    """Signed and exact, in minutes; None where either end is."""
    if start is None or end is None:
        return None
    between = end - start
    microseconds = (between.days * 86_400 + between.seconds) * 1_000_000 + between.microseconds
    return microseconds / 60_000_000


def _section(record: dict[str, Value], name: str) -> dict[str, Value] | None:
    section = record.get(name)
    return section if isinstance(section, dict) else None


def _scalar(section: dict[str, Value] | None, name: str) -> str | None:
    value = section.get(name) if section is not None else None
    return text.clean(value) if isinstance(value, str) else None


def _code(section: dict[str, Value] | None, name: str) -> str | None:
    return text.upper(_scalar(section, name))


def _is_nested(section: dict[str, Value] | None, name: str) -> bool:
    """Whether an object or array stands where a scalar belongs."""
    return section is not None and isinstance(section.get(name), dict | list)


def _integer(section: dict[str, Value] | None, name: str, flags: set[str]) -> int | None:
    scalar = _scalar(section, name)
    number = text.integer(scalar) if scalar is not None else None
    fits = (
        number is not None
        and (number >= 0 or name in MAY_BE_NEGATIVE)
        and (number <= 360 or name != "heading")
    )
    if (scalar is not None and not fits) or _is_nested(section, name):
        flags.add(f"bad_{name}")
    return number if fits else None


def _location(
    telemetry: dict[str, Value] | None, flags: set[str]
) -> tuple[float, float] | tuple[None, None]:
    scalar = _scalar(telemetry, "location_str")
    position = text.location(scalar) if scalar is not None else None
    if (scalar is not None and position is None) or _is_nested(telemetry, "location_str"):
        flags.add("bad_location")
    return position or (None, None)


@dataclass(frozen=True)
class _Movement:
    actual: datetime | None = None
    estimated: datetime | None = None


def _movement(
    kind: str, route: dict[str, Value] | None, event_at: datetime, flags: set[str]
) -> _Movement:
    """The departure or arrival: an "actual" time later than the event is an estimate."""
    name = f"actual_{kind}_utc"
    scalar = _scalar(route, name)
    instant = text.iso_time(scalar)
    if (scalar is not None and instant is None) or _is_nested(route, name):
        flags.add(f"bad_actual_{kind}")
    if instant is not None and instant > event_at:
        flags.add(f"{kind}_in_future")
        return _Movement(estimated=instant)
    return _Movement(actual=instant)
