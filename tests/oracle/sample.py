"""The contract's sample record, ways to change it, and what an edge case is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SAMPLE = """\
{"event_id": "a1b2c3d4-e5f6-4a5b-8c9d-012345abcdef", "event_timestamp": "24/Sep/2025 18:15:30",
 "source_system_id": "simulator-v8.0-time-compressed",
 "flight_details": {"flight_icao": "6E1234", "airline_iata": "6E", "tail_number": "VT-ABC"},
 "route_info": {"departure_airport_iata": "BOM", "arrival_airport_iata": "AMD",
   "departure_gate": "A12", "arrival_gate": "C8",
   "scheduled_departure_utc": "2025-09-24T18:00:00", "scheduled_arrival_utc": "2025-09-24T19:00:00",
   "actual_departure_utc": "2025-09-24T18:05:00", "actual_arrival_utc": null},
 "operational_data": {"taxi_time_minutes": 15, "turnaround_time_minutes": null,
   "runway_in_use": "27R", "passenger_count": 180, "baggage_count": 210,
   "security_wait_time_minutes": 25, "aircraft_type": "A320", "weather_conditions": "Clear"},
 "live_telemetry": {"location_str": "19.0886;72.8679", "altitude_ft": 35000,
   "ground_speed_kts": 455, "vertical_speed_fps": null, "heading": null,
   "flight_status": " en-route "}}"""


@dataclass(frozen=True)
class EdgeCase:
    """A record and what the contract says of it."""

    name: str
    payload: bytes
    reasons: tuple[str, ...] = ()
    """Empty: the record is clean."""
    flags: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The columns the case is about, with their values."""

    def __str__(self) -> str:
        return self.name


def edit(*edits: tuple[str, str]) -> bytes:
    """The sample with each `old` text, which must be there once, replaced by `new`."""
    text = SAMPLE
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is {text.count(old)} times in the sample, expected once")
        text = text.replace(old, new)
    return text.encode()


def utc(*parts: int) -> datetime:
    """An instant, naive as every instant here."""
    return datetime(*parts)  # type: ignore[arg-type,misc]  # noqa: DTZ001


def quarantined(name: str, payload: bytes, *reasons: str) -> EdgeCase:
    """A record that must not pass, with all its reasons."""
    return EdgeCase(name, payload, reasons=reasons)


def clean(name: str, payload: bytes, *flags: str, **columns: Any) -> EdgeCase:
    """A record that passes, with its flags."""
    return EdgeCase(name, payload, flags=flags, columns=columns)


def event_id(value: str) -> bytes:
    """The sample with another `event_id`, as JSON text."""
    return edit(('"a1b2c3d4-e5f6-4a5b-8c9d-012345abcdef"', value))


def stamp(value: str) -> bytes:
    """The sample with another `event_timestamp`; its actual departure is left out."""
    return edit(('"24/Sep/2025 18:15:30"', value), (DEPARTED, "null"))


def planned(departure: str, arrival: str) -> bytes:
    """The sample with another schedule and no actual departure."""
    return edit(
        (DEPARTED, "null"),
        ('"2025-09-24T18:00:00"', departure),
        ('"2025-09-24T19:00:00"', arrival),
    )


def actual(departure: str, arrival: str = "null") -> bytes:
    """The sample with other actual times; the event is of 18:15:30 on 2025-09-24."""
    return edit(
        (DEPARTED, departure), ('"actual_arrival_utc": null', f'"actual_arrival_utc": {arrival}')
    )


def passengers(value: str) -> bytes:
    """The sample with another `passenger_count`."""
    return edit(('"passenger_count": 180', f'"passenger_count": {value}'))


def altitude(value: str) -> bytes:
    """The sample with another `altitude_ft`."""
    return edit(('"altitude_ft": 35000', f'"altitude_ft": {value}'))


def heading(value: str) -> bytes:
    """The sample with another `heading`."""
    return edit(('"heading": null', f'"heading": {value}'))


def location(value: str) -> bytes:
    """The sample with another `location_str`."""
    return edit(('"19.0886;72.8679"', value))


def status(value: str) -> bytes:
    """The sample with another `flight_status`."""
    return edit(('" en-route "', value))


def origin(value: str) -> bytes:
    """The sample with another departure airport."""
    return edit(('"BOM"', value))


DEPARTED = '"2025-09-24T18:05:00"'
ROUTE = SAMPLE[SAMPLE.index('{"departure_airport') : SAMPLE.index(',\n "operational')]
OPERATIONS = SAMPLE[SAMPLE.index('{"taxi') : SAMPLE.index(',\n "live')]
TELEMETRY = SAMPLE[SAMPLE.index('{"location') : -1]
FLIGHT = SAMPLE[SAMPLE.index('{"flight_icao') : SAMPLE.index(',\n "route')]
HALF_PAST_SIX = utc(2025, 9, 24, 18, 30)
