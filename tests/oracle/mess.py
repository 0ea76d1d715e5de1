"""What goes wrong with a record: one function per kind of trouble.

A *change* alters one thing in a record that stays JSON; several can come together. A *break* makes
bytes that are no record at all.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from random import Random
from typing import Any

from oracle import odd_values as odd
from oracle.json_writer import Members, Raw, write
from oracle.time_formats import iso

Record = dict[str, Any]
Change = Callable[[Record, Random], None]
Break = Callable[[bytes, Random], bytes]

SECTIONS = ("flight_details", "route_info", "operational_data", "live_telemetry")
_INTEGERS = tuple(
    [("operational_data", f"{kind}_time_minutes") for kind in ("taxi", "turnaround")]
    + [("operational_data", name) for name in ("passenger_count", "baggage_count")]
    + [("operational_data", "security_wait_time_minutes")]
    + [("live_telemetry", name) for name in ("altitude_ft", "ground_speed_kts")]
    + [("live_telemetry", name) for name in ("vertical_speed_fps", "heading")]
)
_TEXTS = (
    *(("flight_details", name) for name in ("flight_icao", "airline_iata", "tail_number")),
    *(("route_info", name) for name in ("departure_gate", "arrival_gate")),
    *(("operational_data", n) for n in ("runway_in_use", "aircraft_type", "weather_conditions")),
    ("", "source_system_id"),
)
_TIMES = tuple(
    ("route_info", f"{kind}_{end}_utc")
    for kind in ("scheduled", "actual")
    for end in ("departure", "arrival")
)


def _set(record: Record, section: str, name: str, value: Any) -> None:
    """Put a value in, where its section still stands."""
    target = record if section == "" else record.get(section)
    if isinstance(target, dict):
        target[name] = value


def _setter(places: tuple[tuple[str, str], ...], values: tuple[Any, ...]) -> Change:
    def change(record: Record, rng: Random) -> None:
        section, name = rng.choice(places)
        _set(record, section, name, deepcopy(rng.choice(values)))

    return change


def _drop_field(record: Record, rng: Random) -> None:
    section = record.get(rng.choice(SECTIONS))
    if isinstance(section, dict) and section:
        del section[rng.choice(list(section))]


def _spoil_section(record: Record, rng: Random) -> None:
    name = rng.choice(SECTIONS)
    record[name] = rng.choice([None, "text", 7, True, [], [{}], {}, "", Raw("NaN")])
    if rng.random() < 0.3:
        del record[name]


def _spoil_operations(record: Record, rng: Random) -> None:
    record["operational_data"] = rng.choice([None, "text", 7, [], [{}]])
    if rng.random() < 0.3:
        del record["operational_data"]


def _anything_anywhere(record: Record, rng: Random) -> None:
    pools = (odd.BLANKS, odd.NESTED, odd.TEXT, odd.GOOD_INTEGERS, odd.BAD_INTEGERS, odd.NEGATIVES)
    section, name = rng.choice((*_INTEGERS, *_TEXTS, *_TIMES, ("live_telemetry", "location_str")))
    _set(record, section, name, deepcopy(rng.choice(rng.choice(pools))))


def _unknown_field(record: Record, rng: Random) -> None:
    values = (
        *odd.NESTED,
        *odd.TEXT,
        *odd.IDS,
        Raw("[" * 500 + "]" * 500),
        Raw('{"a":' * 99 + "1" + "}" * 99),
    )
    section = rng.choice(["", *SECTIONS])
    names = ("gate_agent", "EVENT_ID", "event_id ", "", "event_id\0", "flight_details.flight_icao")
    _set(record, section, rng.choice(names), rng.choice(values))


def _duplicate_key(record: Record, rng: Random) -> None:
    """The same key again, behind the first (which counts) or before it."""
    name = rng.choice(SECTIONS)
    section = record.get(name)
    if not isinstance(section, dict) or not section:
        return
    key = rng.choice(list(section))
    again = (key, deepcopy(rng.choice((*odd.BLANKS, *odd.NESTED, *odd.TEXT))))
    members = list(section.items())
    members.insert(rng.choice([0, len(members)]), again)
    record[name] = Members(tuple(members))


def _move(kind: str, low_minutes: float, high_minutes: float) -> Change:
    """Move an actual time away from the schedule, whatever has happened."""

    def change(record: Record, rng: Random) -> None:
        route = record.get("route_info")
        if isinstance(route, dict):
            minutes = rng.uniform(low_minutes, high_minutes)
            at = datetime(2025, 9, 24, 12) + timedelta(minutes=minutes)  # noqa: DTZ001
            route[f"actual_{kind}_utc"] = iso(at, rng)

    return change


def _arrive_first(record: Record, rng: Random) -> None:
    """An actual arrival before the actual departure, both in the past of the event."""
    departed = datetime(2025, 9, 24, 6) + timedelta(seconds=rng.randrange(10_000))  # noqa: DTZ001
    early = timedelta(microseconds=rng.choice([1, 1_000_000, 3_600_000_000]))
    record["event_timestamp"] = iso(departed + timedelta(minutes=rng.randrange(1, 600)), rng)
    _set(record, "route_info", "actual_departure_utc", iso(departed, rng))
    _set(record, "route_info", "actual_arrival_utc", iso(departed - early, rng))


def _swap_schedule(record: Record, rng: Random) -> None:
    """Arrival scheduled before departure, or at the same instant."""
    route = record.get("route_info")
    if isinstance(route, dict):
        arrival = route.get("scheduled_arrival_utc")
        if rng.random() < 0.5:
            route["scheduled_arrival_utc"] = route.get("scheduled_departure_utc")
        route["scheduled_departure_utc"] = arrival


_EVENT_ID, _EVENT_TIME = (("", "event_id"),), (("", "event_timestamp"),)
_FLIGHT, _STATUS = (("flight_details", "flight_icao"),), (("live_telemetry", "flight_status"),)
_AIRPORTS = tuple(("route_info", f"{end}_airport_iata") for end in ("departure", "arrival"))
_LOCATION = (("live_telemetry", "location_str"),)
_SIGNED = tuple(place for place in _INTEGERS if place[1] in {"altitude_ft", "vertical_speed_fps"})
_ABSENT = (*odd.BLANKS, *odd.NESTED)

QUARANTINING: tuple[Change, ...] = (
    _setter(_EVENT_ID, _ABSENT),
    _setter(_EVENT_TIME, (*_ABSENT, *odd.BAD_EVENT_TIMES, *odd.BAD_EVENT_TIMES)),
    _setter(_FLIGHT, _ABSENT),
    _setter(_AIRPORTS, (*_ABSENT, *odd.BAD_AIRPORTS)),
    _setter(_TIMES[:2], (*_ABSENT, *odd.BAD_TIMES)),
    _swap_schedule,
    _setter(_STATUS, (*_ABSENT, *odd.BAD_STATUSES)),
    _spoil_section,
)
"""Changes that mostly cost the whole record."""

FLAGGING: tuple[Change, ...] = (
    *(_setter((place,), (*odd.BAD_INTEGERS, *odd.NEGATIVES, *odd.NESTED)) for place in _INTEGERS),
    _setter((("live_telemetry", "heading"),), (361, "720", 2**31 - 1, "+0361")),
    _setter(_LOCATION, (*odd.BAD_LOCATIONS, *odd.NESTED)),
    _setter(_TIMES[2:3], (*odd.BAD_TIMES, *odd.NESTED)),
    _setter(_TIMES[3:], (*odd.BAD_TIMES, *odd.NESTED)),
    _move("departure", 0, 900),
    _move("arrival", 0, 900),
    _arrive_first,
    _spoil_operations,
)
"""Changes that mostly cost a field."""

HARMLESS: tuple[Change, ...] = (
    _setter(_EVENT_ID, odd.IDS),
    _setter(_TEXTS, (*odd.BLANKS, *odd.NESTED, *odd.TEXT, *odd.TEXT)),
    _setter(_INTEGERS, (*odd.BLANKS, *odd.GOOD_INTEGERS, *odd.GOOD_INTEGERS)),
    _setter(_SIGNED, odd.NEGATIVES),
    _setter(_LOCATION, (*odd.BLANKS, *odd.GOOD_LOCATIONS)),
    _setter(_AIRPORTS, odd.GOOD_AIRPORTS),
    _drop_field,
    _unknown_field,
    _duplicate_key,
    _anything_anywhere,
)
"""Changes that the contract mostly forgives."""


def _insert(*pieces: bytes) -> Break:
    """A piece that spoils the record wherever it stands."""

    def broken(payload: bytes, rng: Random) -> bytes:
        at = rng.randrange(len(payload) + 1)
        return payload[:at] + rng.choice(pieces) + payload[at:]

    return broken


def _around(before: tuple[bytes, ...], after: tuple[bytes, ...]) -> Break:
    def broken(payload: bytes, rng: Random) -> bytes:
        return rng.choice(before) + payload + rng.choice(after)

    return broken


def _truncate(payload: bytes, rng: Random) -> bytes:
    return payload[: rng.randrange(len(payload))]


def _single_quotes(payload: bytes, rng: Random) -> bytes:  # noqa: ARG001
    return payload.replace(b'"', b"'")


def _as_member(*texts: str) -> Break:
    """A member whose text is not JSON, in a record that is otherwise fine."""

    def broken(payload: bytes, rng: Random) -> bytes:
        brace = payload.index(b"{") + 1
        return payload[:brace] + f'"odd":{rng.choice(texts)},'.encode() + payload[brace:]

    return broken


def _instead(*payloads: bytes) -> Break:
    def broken(payload: bytes, rng: Random) -> bytes:  # noqa: ARG001
        return rng.choice(payloads)

    return broken


def _as_item(payload: bytes, rng: Random) -> bytes:
    return rng.choice([b"[" + payload + b"]", json.dumps(payload.decode()).encode()])


BREAKS: tuple[Break, ...] = (
    _insert(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"),
    _instead(b"\xff\xfe{\x00}\x00", b"\xc3\x28", b"\xf8\x88\x80\x80\x80", b'{"event_id": "\xe9"}'),
    _truncate,
    _single_quotes,
    _around((b"\xef\xbb\xbf", b"\xc2\xa0", b"\x0b", b"\x00", b"x", b"//\n", b"/**/", b"{"), (b"",)),
    _around(
        (b"",), (b"}", b"{}", b"\x00", b"\x0c", b" x", b"//", b",", b"\xc2\xa0", b"null", b";")
    ),
    _as_member('"\\ud83d"', '"\\udeeb"', '"\\ud83d\\u0041"', '"\\ude00\\ud83d"', '"\\ud83dx"'),
    _as_member('"\t"', '"\n"', '"\x00"', '"\x1f"', '"\\x41"', '"\\u12"', '"\\u00g0"', '"\\', "'a'"),
    _as_member("01", "+5", ".5", "5.", "1e", "1e+", "0x1", "--1", "-", "1_0", "True", "nul", "Na"),
    _as_member(
        "+NaN", "Infinit", "infinityx", "- inf", "nan1", "undefined", "[1,,2]", "[,]", "{,}"
    ),
    _as_member(
        "[1", '{"a"}', '{"a":}', "{a:1}", '{"a":1,,}', "[1 2]", "{1:2}", "", "/*x*/1", "1/*x*/"
    ),
    _instead(b"", b" ", b"\n", b"\x00", b"not json", b"<xml/>", b"{", b"}", b"event_id,flight"),
    _instead(b"42", b'"text"', b"null", b"true", b"[]", b"NaN", b"-Infinity", b"[{}]", b" 1e5 "),
    _as_item,
)
"""Bytes that are no record: not UTF-8, not JSON, or not an object."""


def to_bytes(record: Record, rng: Random) -> bytes:
    """The record as its producer writes it."""
    return write(record, rng if rng.random() < 0.4 else None).encode()
