"""Values of query results as JSON, CSV and text.

Instants are ISO 8601 with Z, lengths of time ISO 8601 durations, bytes text with backslash escapes
where they are not UTF-8, and what is not a number (NaN, infinity) is null.
"""

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MISSING = "–"
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
"""What steers a terminal, ends a line, or turns the direction of writing."""


def as_documents(rows: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries of plain values."""
    named = rows.rename_columns(_distinct(rows.column_names))
    return [
        {name: plain(value) for name, value in row.items()}
        for row in named.to_pylist(maps_as_pydicts="lossy")
    ]


def as_text_columns(rows: pa.Table) -> pa.Table:
    """A table of text, for CSV; NULL stays NULL."""
    columns = [_text_column(column) for column in rows.columns]
    return pa.table(columns, names=_distinct(rows.column_names))


def cell(value: object) -> str:
    """Any value as text for people: of one line, and without codes that steer a terminal."""
    text = _as_text(value)
    return MISSING if text is None else _CONTROL.sub(lambda found: _escaped(found[0]), text)


def plain(value: object) -> Any:  # noqa: ANN401, PLR0911 - whatever JSON holds; one line a type
    """A value as JSON can hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, pa.MonthDayNano):
        months, days, nanoseconds = value
        return f"P{months}M{days}DT{nanoseconds / 1e9:g}S"
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return str(value)


def is_number(arrow_type: pa.DataType) -> bool:
    """Whether a column's values line up on the right."""
    return bool(
        pa.types.is_integer(arrow_type)
        or pa.types.is_floating(arrow_type)
        or pa.types.is_decimal(arrow_type)
    )


def _text_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
    if is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return column
    if pa.types.is_timestamp(kind):
        text = pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring_regex(text, pattern=r"\.0+Z$", replacement="Z")
    values = column.to_pylist(maps_as_pydicts="lossy")
    return pa.chunked_array([pa.array(map(_as_text, values), pa.string())])


def _as_text(value: object) -> str | None:
    value = plain(value)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names of which none stands twice."""
    taken: set[str] = set()
    distinct = []
    for name in names:
        made, number = name, 2
        while made in taken:
            made, number = f"{name}_{number}", number + 1
        taken.add(made)
        distinct.append(made)
    return distinct
