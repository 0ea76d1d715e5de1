"""Rows of a DB-API driver as an Arrow table, typed by what the server says of each column."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

_TEXT = pa.string()
_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
    1005: pa.list_(pa.int16()),
    1007: pa.list_(pa.int32()),
    1016: pa.list_(pa.int64()),
    1022: pa.list_(pa.float64()),
    1009: pa.list_(_TEXT),
    1015: pa.list_(_TEXT),
    6551: pa.binary(),  # Redshift's VARBYTE
}
"""The object ids of types, which Redshift has from PostgreSQL; all others are told as text."""
_NUMERIC = 1700
_SUPER = 4000
"""Redshift's lists and structures, told as JSON."""


def to_arrow(description: Sequence[Sequence[Any]], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Make a table.

    Args:
        description: The cursor's: name and type code of each column come first.
        rows: In the order of the columns.
    """
    columns = [
        _column(column[1], [row[place] for row in rows]) for place, column in enumerate(description)
    ]
    return pa.Table.from_arrays(columns, names=[column[0] for column in description])


def _column(code: int, values: list[Any]) -> pa.Array:
    if code == _NUMERIC:
        try:
            return pa.array(values, None if any(v is not None for v in values) else pa.float64())
        except pa.ArrowInvalid:  # NaN, or more digits than a decimal has
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if code == _SUPER:
        return _lists(values)
    kind = _TYPES.get(code, _TEXT)
    convert = _CONVERSIONS.get(code, None if code in _TYPES else _told)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, kind)


def _lists(values: list[Any]) -> pa.Array:
    """Lists of text as such, anything else as its JSON."""
    read = [json.loads(value) if isinstance(value, str) else value for value in values]
    if all(v is None or (isinstance(v, list) and all(isinstance(i, str) for i in v)) for v in read):
        return pa.array(read, pa.list_(_TEXT))
    return pa.array([None if v is None else str(v) for v in values], _TEXT)


def _bytes(value: bytes | memoryview | str) -> bytes:
    """Redshift's driver tells them in hexadecimal digits."""
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)


def _told(value: Any) -> str:  # noqa: ANN401 - whatever the driver gives
    return value if isinstance(value, str) else str(value)


def _without_end(value: datetime | str) -> datetime | None:
    return value if isinstance(value, datetime) else None  # infinity is told as text


_CONVERSIONS: dict[int, Callable[[Any], Any]] = {17: _bytes, 6551: _bytes, 1114: _without_end}
