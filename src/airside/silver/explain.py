"""Says in words what is wrong with a quarantined record: the `detail` beside its reasons.

The verdict is the SQL's alone. What is here only looks again at the few records that were refused,
for a person who has to repair their producer, and may cost more for it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import orjson

from airside.events.vocabulary import FLIGHT_STATUSES

MAX_VALUE_CHARS = 80
"""A value is shown up to here."""

MAX_DETAIL_CHARS = 1000
"""A detail is no longer than this, however many reasons there are."""

_BLANKS = " \t\n\v\f\r"
_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
_TYPES_BY_FIRST = {
    "{": "an object",
    "[": "an array",
    '"': "a string",
    "t": "a boolean",
    "f": "a boolean",
    "null": "null",
}
_SCHEDULE = ("$.route_info.scheduled_departure_utc", "$.route_info.scheduled_arrival_utc")
_AIRPORTS = ("$.route_info.departure_airport_iata", "$.route_info.arrival_airport_iata")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
    r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?",
    re.ASCII,
)
_TOLERATED = re.compile(
    r"""
    "(?:[^"\\]|\\.)*+(?:"|\\?\Z)        # a string, which stays as it is, closed or not
    | -?\b(?:nan|inf|infinity)\b
    | ,(?=[ \t\n\r]*[}\]])              # a trailing comma
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""What the contract lets pass as JSON and Python's parsers do not, and strings, to skip them."""


class _Literal(str):
    """A number or `NaN`, in the record's own spelling."""

    __slots__ = ()


_MISSING = object()


def explain(payload: bytes, reasons: Sequence[str]) -> str:
    """Say what exactly is wrong with a record.

    Args:
        payload: The record, verbatim.
        reasons: Its verdict, in the contract's names.

    Returns:
        One line, the same for the same record; a clause for each fault, with its JSON path and the
        value seen. It never raises, whatever the bytes are.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        return f"byte 0x{payload[error.start]:02x} at offset {error.start} is not UTF-8"
    if "not_json" in reasons:
        return _syntax_error(text)
    if "not_object" in reasons:
        first = text.lstrip(_BLANKS)[:4]
        return f"$ is {_TYPES_BY_FIRST.get('null' if first == 'null' else first[:1], 'a number')}"
    record = _read(text)
    if not isinstance(record, dict):
        return ", ".join(reasons)
    clauses = [clause for reason in reasons for clause in _clauses(record, reason)]
    return _shortened("; ".join(clauses), MAX_DETAIL_CHARS)


def _clauses(record: Mapping[str, object], reason: str) -> Iterator[str]:
    match reason:
        case "missing_event_id":
            yield _absence(record, "$.event_id") or reason
        case "bad_event_timestamp":
            yield _absence(record, "$.event_timestamp") or (
                f"$.event_timestamp {_shown(_at(record, '$.event_timestamp'))} is no instant from"
                " 2000 to 2099 as ISO 8601 with a `T`, Unix seconds or milliseconds, or"
                " dd/Mon/yyyy hh:mm:ss"
            )
        case "missing_flight":
            yield _absence(record, "$.flight_details.flight_icao") or reason
        case "bad_route":
            yield from _route_faults(record)
        case "bad_schedule":
            yield from _schedule_faults(record)
        case "bad_status":
            path = "$.live_telemetry.flight_status"
            yield _absence(record, path) or (
                f"{path} {_shown(_at(record, path))} is none of {', '.join(FLIGHT_STATUSES)}"
            )
        case _:
            yield reason


def _route_faults(record: Mapping[str, object]) -> Iterator[str]:
    for path in _AIRPORTS:
        value = _at(record, path)
        if absence := _absence(record, path):
            yield absence
        elif not re.fullmatch("[A-Za-z]{3}", _tidy(value)):
            yield f"{path} {_shown(value)} is not three letters"


def _schedule_faults(record: Mapping[str, object]) -> Iterator[str]:
    times = []
    for path in _SCHEDULE:
        value = _at(record, path)
        if absence := _absence(record, path):
            yield absence
        elif (time := _instant(_tidy(value))) is None:
            yield f"{path} {_shown(value)} is no ISO 8601 time from 2000 to 2099"
        else:
            times.append(time)
    if len(times) == len(_SCHEDULE):
        departure, arrival = (_shown(_at(record, path)) for path in _SCHEDULE)
        yield f"{_SCHEDULE[1]} {arrival} is not after {_SCHEDULE[0]} {departure}"


def _syntax_error(text: str) -> str:
    text = text.removesuffix("\n")  # the stream's, not the record's
    if not text.strip(_BLANKS):
        return "the record is empty"
    # Of one length with what it stands for, so that positions stay true.
    strict = _strict(text, lambda literal: f'"{"x" * (len(literal) - 2)}"')
    try:
        orjson.loads(strict)
    except orjson.JSONDecodeError as error:
        offset = len(text[: error.pos].encode())
        rest = _printable(text[error.pos : error.pos + 20])
        place = f"before `{rest}`" if rest else "at the end"
        return f"not JSON at byte {offset}, {place}: {error.msg}"
    return "not JSON"


def _read(text: str) -> object:
    for repaired in (str, partial(_strict, string_for='"{}"'.format)):
        try:
            return json.loads(
                repaired(text),
                object_pairs_hook=lambda pairs: dict(reversed(pairs)),  # the first of a key counts
                parse_int=_Literal,
                parse_float=_Literal,
                parse_constant=_Literal,
            )
        except (ValueError, RecursionError):
            continue
    return _MISSING


def _strict(text: str, string_for: Callable[[str], str]) -> str:
    """The same JSON without trailing commas, and with strings for literals Python cannot read."""

    def strict(found: re.Match[str]) -> str:
        match found[0][0]:
            case '"':
                return found[0]
            case ",":
                return " "
            case _:
                return string_for(found[0])

    return _TOLERATED.sub(strict, text)


def _at(record: object, path: str) -> object:
    value = record
    for key in path.split(".")[1:]:
        if not isinstance(value, dict):
            return _MISSING
        value = value.get(key, _MISSING)
    return value


def _absence(record: Mapping[str, object], path: str) -> str | None:
    """Why the contract reads no value there; None where it reads one."""
    section = path.rpartition(".")[0]
    if section != "$" and not isinstance(holder := _at(record, section), dict):
        return f"{section} is {_type(holder)}"
    value = _at(record, path)
    if value is _MISSING or value is None or isinstance(value, dict | list):
        return f"{path} is {_type(value)}"
    return None if _tidy(value) else f"{path} {_shown(value)} is blank"


def _tidy(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("\0", "").strip(_BLANKS)


def _instant(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return time if 2000 <= time.year <= 2099 else None


def _type(value: object) -> str:
    if value is _MISSING:
        return "missing"
    if value is None:
        return "null"
    if isinstance(value, _Literal):
        return "a number"
    return _TYPE_NAMES[type(value)]


def _shown(value: object) -> str:
    text = value if isinstance(value, _Literal) else json.dumps(value, ensure_ascii=False)
    return _shortened(_printable(text[: MAX_VALUE_CHARS + 1]), MAX_VALUE_CHARS)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
