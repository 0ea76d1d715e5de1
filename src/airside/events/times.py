"""The contract's grammar of time, in Python: text in, microseconds since the Unix epoch out."""

import re
from datetime import date
from functools import lru_cache

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?:Z|(?P<sign>[+-])(?P<offset_hour>\d\d)(?::?(?P<offset_minute>\d\d))?)?",
    re.ASCII,
)
_ABBREVIATED = re.compile(
    r"(?P<day>\d\d?)/(?P<month>[a-z]{3})/(?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)",
    re.ASCII | re.IGNORECASE,
)
_DIGITS = re.compile(r"0*(?P<number>\d{1,14})", re.ASCII)  # 14 digits of milliseconds: year 5138
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_BLANKS = " \t\n\r\f\v"
_MILLISECONDS_FROM = 100_000_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_US = (date(2000, 1, 1).toordinal() - _EPOCH_DAY) * 86_400_000_000
_END_US = (date(2100, 1, 1).toordinal() - _EPOCH_DAY) * 86_400_000_000


def trimmed(text: str | None) -> str | None:
    """Read a scalar's text as the contract does: no U+0000, ASCII blanks trimmed, blank is None."""
    return (text.replace("\0", "").strip(_BLANKS) or None) if text else None


def utc_us(text: str | None) -> int | None:
    """Read a `…_utc` field.

    Args:
        text: As the record has it, or None where it has none.

    Returns:
        Microseconds since the epoch, finer fractions cut; None where the contract calls the text
        unparseable, or it is blank.
    """
    text = trimmed(text)
    return _iso_us(text) if text else None


def event_timestamp_us(text: str | None) -> int | None:
    """Read an `event_timestamp`: ISO, Unix seconds or milliseconds, or `24/Sep/2025 18:15:30`.

    Args:
        text: As the record has it, or None where it has none.

    Returns:
        Microseconds since the epoch; None where the contract calls the text unparseable, or it is
        blank.
    """
    text = trimmed(text)
    if not text:
        return None
    if (at := _iso_us(text)) is not None:
        return at
    if digits := _DIGITS.fullmatch(text):
        number = int(digits["number"])
        return _in_range(number * (1_000 if number >= _MILLISECONDS_FROM else 1_000_000))
    if match := _ABBREVIATED.fullmatch(text):
        month = match["month"].lower()
        if month in _MONTHS:
            day = f"{match['year']}-{_MONTHS.index(month) + 1:02}-{match['day']:0>2}"
            return _in_range(_us(day, match["hour"], match["minute"], match["second"]))
    return None


def _iso_us(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, sign, offset_hour, offset_minute = match.groups()
    at_us = _us(day, hour, minute, second or "00")
    if at_us is None:
        return None
    if fraction:
        at_us += int(f"{fraction[:6]:0<6}")
    if sign:
        offset = _minutes(offset_hour, offset_minute or "00")
        if offset is None:
            return None
        at_us += offset * (60_000_000 if sign == "-" else -60_000_000)
    return _in_range(at_us)


def _us(day: str, hour: str, minute: str, second: str) -> int | None:
    days = _days(day)
    minutes = _minutes(hour, minute)
    if days is None or minutes is None or second > "59":
        return None
    return ((days * 1_440 + minutes) * 60 + int(second)) * 1_000_000


def _minutes(hour: str, minute: str) -> int | None:
    return int(hour) * 60 + int(minute) if hour < "24" and minute < "60" else None


@lru_cache(maxsize=4_096)
def _days(day: str) -> int | None:
    """Days from the epoch to `YYYY-MM-DD`; records of one time share few of them."""
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _in_range(at_us: int | None) -> int | None:
    return at_us if at_us is not None and _FIRST_US <= at_us < _END_US else None
