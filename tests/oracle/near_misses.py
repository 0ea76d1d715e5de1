"""Values one slip of the finger away from a good one, where grammars are most easily got wrong."""

from random import Random
from typing import NamedTuple

from oracle.json_writer import write
from oracle.sample import SAMPLE


class _Kind(NamedTuple):
    """Fields of one grammar."""

    fields: tuple[tuple[str, str], ...]
    good: tuple[str, ...]
    slips: str
    """The characters that slip in."""


_TIMES = _Kind(
    (
        ("", "event_timestamp"),
        ("route_info", "scheduled_departure_utc"),
        ("route_info", "scheduled_arrival_utc"),
        ("route_info", "actual_departure_utc"),
        ("route_info", "actual_arrival_utc"),
    ),
    (
        "2025-09-24T18:15:30",
        "2025-09-24T18:15:30Z",
        "2025-09-24T18:15",
        "2025-09-24T18:15:30.123456",
        "2025-09-24T18:15:30.999999999-2359",
        "2025-09-24T18:15:30+05:30",
        "2000-01-01T00:00:00Z",
        "2099-12-31T23:59:59-00",
        "24/Sep/2025 18:15:30",
        "4/OCT/2025 18:15:30",
        "1758737730",
        "1758737730123",
    ),
    "0123456789-T:Z+. /$zt\t\n\0,;eEnaNSp%_\u00a0",
)
_INTEGERS = _Kind(
    (
        ("operational_data", "passenger_count"),
        ("live_telemetry", "altitude_ft"),
        ("live_telemetry", "heading"),
    ),
    ("180", "-5", "+12", "0", "-0", "360", "0000", "2147483647", "-2147483648"),
    "0123456789+-. eEx_\t\0\u0665\u00a0",
)
_LOCATIONS = _Kind(
    (("live_telemetry", "location_str"),),
    (
        "19.0886;72.8679",
        " -90 ; +180 ",
        "89.99999999999999999;179.99999999999999999999999999",
        "0.1000000000000000055511151231257827;-0.30000000000000004440892098500626",
    ),
    "0123456789+-.; eE\t\0",
)
_STATUSES = _Kind(
    (("live_telemetry", "flight_status"),),
    ("en route", "Landed", " canceled\t", "BOARDING", "en-route"),
    "aenR- \t\0\u00a0",
)
_TEXTS = _Kind(
    (
        ("", "event_id"),
        ("flight_details", "airline_iata"),
        ("route_info", "departure_airport_iata"),
        ("operational_data", "weather_conditions"),
    ),
    ("BOM", " bom ", "[x]", '{"a": 1}', "\t{", "\\n", '"'),
    'aZ[]{}"\\ \t\n\0\x0b\x1f\x7f\u00a0',
)
_KINDS = (_TIMES, _TIMES, _TIMES, _INTEGERS, _LOCATIONS, _STATUSES, _TEXTS)


def near_misses(n: int, seed: int) -> list[bytes]:
    """Make `n` sample records with one field a slip or a few beside the contract's grammar."""
    rng = Random(seed)
    payloads = []
    for _ in range(n):
        kind = rng.choice(_KINDS)
        section, name = rng.choice(kind.fields)
        payloads.append(put(section, name, write(_slip(rng.choice(kind.good), kind.slips, rng))))
    return payloads


def put(section: str, name: str, value: str, into: bytes = SAMPLE.encode()) -> bytes:
    """The sample with one field (of the record itself where `section` is empty) as JSON text.

    It comes first of two equal keys, and so it is the one that counts.
    """
    head = f'"{section}": {{'.encode() if section else b"{"
    return into.replace(head, head + f"{write(name)}: {value}, ".encode(), 1)


def _slip(good: str, slips: str, rng: Random) -> str:
    text = list(good)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        match rng.choice(["insert", "replace", "delete", "swap"]):
            case "insert":
                text.insert(at, rng.choice(slips))
            case "replace":
                text[at : at + 1] = rng.choice(slips)
            case "delete":
                del text[at : at + 1]
            case _:
                text[at : at + 2] = reversed(text[at : at + 2])
    return "".join(text)
