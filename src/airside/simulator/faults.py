"""What a careless producer does to its messages: beyond use, or merely not as agreed.

Each fault takes a sound message and a number to vary by, and gives the bytes that arrive.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Fault = Callable[[bytes, int], bytes]
Edit = Callable[[dict[str, Any], int], object]


def _edited(edit: Edit) -> Fault:
    def fault(payload: bytes, vary: int) -> bytes:
        message = json.loads(payload)
        edit(message, vary)
        return json.dumps(message).encode()

    return fault


def _put(section: str, field: str, *values: object) -> Fault:
    """Put one of these values into a field."""
    return _edited(lambda m, vary: m[section].__setitem__(field, values[vary % len(values)]))


def _put_top(field: str, *values: object) -> Fault:
    return _edited(lambda m, vary: m.__setitem__(field, values[vary % len(values)]))


def _not_utf8(payload: bytes, vary: int) -> bytes:
    at = 1 + vary % (len(payload) - 2)
    return payload[:at] + (b"\xff", b"\xc3\x28", b"\xe9 ")[vary % 3] + payload[at:]


def _not_json(payload: bytes, vary: int) -> bytes:
    broken = (
        lambda: payload[: 1 + vary % (len(payload) - 2)],
        lambda: payload.replace(b'"', b"'"),
        lambda: payload + b"}",
        lambda: payload.replace(b": ", b" ", 1),
        lambda: b"<html><body>502 Bad Gateway</body></html>",
    )
    return broken[vary % len(broken)]()


def _not_object(payload: bytes, vary: int) -> bytes:
    return (b"[" + payload + b"]", b"42", b"null", b'"heartbeat"')[vary % 4]


def _route(message: dict[str, Any], vary: int) -> None:
    field = ("departure_airport_iata", "arrival_airport_iata")[vary % 2]
    message["route_info"][field] = (None, "", "VAAH", "A1D", "??")[vary // 2 % 5]


def _schedule(message: dict[str, Any], vary: int) -> None:
    route = message["route_info"]
    if vary % 4 == 0:  # arrives before it departs
        route["scheduled_arrival_utc"], route["scheduled_departure_utc"] = (
            route["scheduled_departure_utc"],
            route["scheduled_arrival_utc"],
        )
    else:
        field = ("scheduled_departure_utc", "scheduled_arrival_utc")[vary % 2]
        route[field] = (None, "2025-09-24 18:00:00", "tomorrow", "2025-13-01T00:00:00")[
            vary // 4 % 4
        ]


MALFORMED: dict[str, Fault] = {
    "not_utf8": _not_utf8,
    "not_json": _not_json,
    "not_object": _not_object,
    "missing_event_id": _put_top("event_id", None, "", "   "),
    "bad_event_timestamp": _put_top(
        "event_timestamp", None, "32/Foo/2025 10:00:00", "yesterday", "2025-09-24 18:15:30", -5
    ),
    "missing_flight": _put("flight_details", "flight_icao", None, " ", ["6E", 1234]),
    "bad_route": _edited(_route),
    "bad_schedule": _edited(_schedule),
    "bad_status": _put("live_telemetry", "flight_status", None, "", "taxiing", "UNKNOWN", 7),
}
"""The contract's fatal reason → the fault that brings it about."""


def _numbers_as_text(message: dict[str, Any], _vary: int) -> None:
    for section in ("operational_data", "live_telemetry"):
        for field, value in message[section].items():
            if isinstance(value, int):
                message[section][field] = str(value)


def _with_offset(message: dict[str, Any], vary: int) -> None:
    route = message["route_info"]
    for field, value in route.items():
        if field.endswith("_utc") and value is not None:
            at = datetime.fromisoformat(value).replace(tzinfo=UTC)
            hours = (0, 5.5, -4, 1)[vary % 4]
            written = at.astimezone(timezone(timedelta(hours=hours))).isoformat()
            route[field] = written.replace("+00:00", "Z")


def _synonym(message: dict[str, Any], vary: int) -> None:
    telemetry = message["live_telemetry"]
    other = {
        "en-route": ("en route", "enroute", "Airborne", "ACTIVE")[vary % 4],
        "landed": "arrived",
        "cancelled": "canceled",
    }
    status = telemetry["flight_status"].strip().lower()
    telemetry["flight_status"] = other.get(status, telemetry["flight_status"])


def _milliseconds(message: dict[str, Any], _vary: int) -> None:
    at = message["event_timestamp"]
    if isinstance(at, int):
        message["event_timestamp"] = at * 1_000


def _lower_codes(message: dict[str, Any], _vary: int) -> None:
    for section, field in (
        ("flight_details", "flight_icao"),
        ("route_info", "departure_airport_iata"),
        ("operational_data", "aircraft_type"),
    ):
        message[section][field] = f" {message[section][field].lower()} "


def _new_fields(message: dict[str, Any], vary: int) -> None:
    message["schema_version"] = "8.1"
    message["live_telemetry"]["squawk"] = f"{vary % 4096:04o}"


def _backwards(message: dict[str, Any], _vary: int) -> None:
    """An arrival before the departure, where there is a departure to be before."""
    route = message["route_info"]
    if route["actual_departure_utc"] is not None:
        departed = datetime.fromisoformat(route["actual_departure_utc"])
        route["actual_arrival_utc"] = (departed - timedelta(minutes=5)).isoformat()


def _not_a_number(payload: bytes, _vary: int) -> bytes:
    return payload.replace(b'"vertical_speed_fps": ', b'"vertical_speed_fps": NaN, "was": ', 1)


def _trailing_comma(payload: bytes, _vary: int) -> bytes:
    return payload[:-1] + b",}"


DRIFTED: dict[str, Fault] = {
    "numbers_as_text": _edited(_numbers_as_text),
    "offset_times": _edited(_with_offset),
    "status_synonym": _edited(_synonym),
    "milliseconds": _edited(_milliseconds),
    "lower_case_codes": _edited(_lower_codes),
    "unknown_fields": _edited(_new_fields),
    "trailing_comma": _trailing_comma,
    "not_a_number": _not_a_number,
    "fraction": _put("operational_data", "taxi_time_minutes", 12.7, "180.0", True),
    "words": _put("operational_data", "passenger_count", "full", "180 pax", -1),
    "negative_bags": _put("operational_data", "baggage_count", -3),
    "negative_wait": _put("operational_data", "security_wait_time_minutes", -1, "n/a"),
    "wild_turnaround": _put("operational_data", "turnaround_time_minutes", "45min", -45),
    "wild_heading": _put("live_telemetry", "heading", 361, -1, "north"),
    "wild_altitude": _put("live_telemetry", "altitude_ft", "FL350", 3.5e4),
    "wild_speed": _put("live_telemetry", "ground_speed_kts", -455, "fast"),
    "comma_location": _put("live_telemetry", "location_str", "19.0886,72.8679", "91;181", ""),
    "no_operations": _edited(lambda m, _: m.__delitem__("operational_data")),
    "operations_as_list": _put_top("operational_data", [], "none"),
    "departure_in_words": _put("route_info", "actual_departure_utc", "soon", "18:05"),
    "arrival_in_words": _put("route_info", "actual_arrival_utc", "late", "2025-09-24"),
    "arrival_first": _edited(_backwards),
}
"""Drifts that a message survives; the contract flags some of them."""

_MALFORMED, _DRIFTED = tuple(MALFORMED.values()), tuple(DRIFTED.values())


def malform(payload: bytes, vary: int) -> bytes:
    """Break a message in one of the nine ways, evenly."""
    return _MALFORMED[vary % len(_MALFORMED)](payload, vary // len(_MALFORMED))


def drift(payload: bytes, vary: int) -> bytes:
    """Let a message drift in one of the ways, evenly."""
    return _DRIFTED[vary % len(_DRIFTED)](payload, vary // len(_DRIFTED))
