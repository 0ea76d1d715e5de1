"""The contract's "Reading" section, one function per kind of text.

Every reader takes text that is already cleaned (see `clean`) and returns None where the text is
not what the contract allows.
"""

import re
from datetime import datetime, timedelta

_ASCII_WHITESPACE = " \t\n\r\f\v"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST = datetime(2000, 1, 1)  # noqa: DTZ001 - every instant here is naive UTC, as in the warehouse
_END = datetime(2100, 1, 1)  # noqa: DTZ001
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_MILLISECONDS_FROM = 100_000_000_000

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?"
    r"(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?",
    re.ASCII,
)
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}) (\d{2}):(\d{2}):(\d{2})", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_INTEGER = re.compile(r"([+-]?)(\d+)", re.ASCII)
_DEGREES = re.compile(r" *([+-]?\d+(?:\.\d+)?) *", re.ASCII)


def clean(text: str | None) -> str | None:
    """U+0000 removed, then ASCII white space trimmed; blank is None."""
    if text is None:
        return None
    return text.replace("\0", "").strip(_ASCII_WHITESPACE) or None


def upper(text: str | None) -> str | None:
    """Upper case, one character for one character."""
    if text is None or text.isascii():
        return text and text.upper()
    return "".join(up if len(up := c.upper()) == 1 else c for c in text)


def lower(text: str | None) -> str | None:
    """Lower case, one character for one character."""
    if text is None or text.isascii():
        return text and text.lower()
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def iso_time(text: str | None) -> datetime | None:
    """`YYYY-MM-DDThh:mm[:ss[.fraction]]` and an offset or none, as naive UTC."""
    match = _ISO.fullmatch(text or "")
    if match is None:
        return None
    year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
    second = int(match[6] or 0)
    microsecond = int((match[7] or "")[:6].ljust(6, "0"))
    local = _datetime(year, month, day, hour, minute, second, microsecond)
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if local is None or offset_hours > 23 or offset_minutes > 59:
        return None
    offset = timedelta(hours=offset_hours, minutes=offset_minutes)
    try:
        return _in_range(local + offset if match[8] == "-" else local - offset)
    except OverflowError:  # beyond year 1 or 9999
        return None


def event_time(text: str | None) -> datetime | None:
    """Any of the three forms of `event_timestamp`, as naive UTC."""
    text = text or ""
    if _DIGITS.fullmatch(text):
        return _unix_time(text)
    if match := _DAY_MONTH_YEAR.fullmatch(text):
        name = match[2].lower()
        if name not in _MONTHS:
            return None
        day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
        return _in_range(_datetime(year, _MONTHS.index(name) + 1, day, hour, minute, second))
    return iso_time(text)


def integer(text: str) -> int | None:
    """Optional sign and digits, in 32 bits."""
    match = _INTEGER.fullmatch(text)
    if match is None:
        return None
    digits = match[2].lstrip("0") or "0"
    if len(digits) > 10:
        return None
    number = -int(digits) if match[1] == "-" else int(digits)
    return number if -(2**31) <= number < 2**31 else None


def location(text: str) -> tuple[float, float] | None:
    """`lat;lon` in degrees."""
    latitude, separator, longitude = text.partition(";")
    lat_match, lon_match = _DEGREES.fullmatch(latitude), _DEGREES.fullmatch(longitude)
    if not separator or lat_match is None or lon_match is None:
        return None
    lat, lon = float(lat_match[1]), float(lon_match[1])
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _unix_time(digits: str) -> datetime | None:
    digits = digits.lstrip("0") or "0"
    if len(digits) > 13:  # milliseconds of the year 2099 have thirteen digits
        return None
    number = int(digits)
    unit = "milliseconds" if number >= _MILLISECONDS_FROM else "seconds"
    try:
        return _in_range(_EPOCH + timedelta(**{unit: number}))
    except OverflowError:
        return None


def _datetime(*parts: int) -> datetime | None:
    """Year to microsecond, as far as the calendar has such an instant."""
    try:
        return datetime(*parts)  # type: ignore[arg-type,misc]  # noqa: DTZ001
    except ValueError:
        return None


def _in_range(instant: datetime | None) -> datetime | None:
    return instant if instant is not None and _FIRST <= instant < _END else None
