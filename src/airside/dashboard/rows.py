"""From Arrow to what travels: JSON values, CSV, Arrow streams."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

_JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_SERIALIZE_NUMPY
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def dumps(document: object) -> bytes:
    """JSON in UTF-8; instants without a zone are UTC, NaN is null."""
    return orjson.dumps(document, default=float, option=_JSON_OPTIONS)  # a Decimal is a number


def iso(us: int) -> str:
    """An instant in microseconds since the Unix epoch, as ISO 8601 with a Z."""
    instant = datetime.fromtimestamp(us // 1_000_000, tz=UTC).replace(microsecond=us % 1_000_000)
    return instant.isoformat().removesuffix("+00:00") + "Z"


def column_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """A column's values, ready for JSON: instants as ISO 8601 with a Z."""
    if pa.types.is_timestamp(column.type):
        column = _instants(column)
    elif pa.types.is_date(column.type):
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values


def wire_values(column: pa.ChunkedArray) -> Any:  # noqa: ANN401 - a list, or an array of numbers
    """The same values where `dumps` may take them as numbers in an array, which is much faster."""
    kind = column.type
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and not column.null_count:
        return np.ascontiguousarray(column.to_numpy())
    return column_values(column)


def _instants(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Instants as text. What arrived together has one instant, so each is written once."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    coded = pc.dictionary_encode(column.cast(pa.timestamp("us")))
    text = pc.strftime(coded.dictionary, format="%Y-%m-%dT%H:%M:%SZ")
    return pc.replace_substring(text, ".000000Z", "Z").take(coded.indices)


def documents(table: pa.Table) -> list[dict[str, Any]]:
    """A table's rows, ready for JSON."""
    names = table.column_names
    columns = [column_values(column) for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> pa.Table:
    """Rows as a table with these columns, also where there are no rows."""
    if not rows:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def to_csv(table: pa.Table) -> bytes:
    """CSV with a heading.

    Text that a spreadsheet would run as a formula is led by an apostrophe, and lists are joined
    with spaces.
    """
    columns = [_csv_column(column) for column in table.columns]
    sink = io.BytesIO()
    pa.csv.write_csv(pa.table(columns, names=table.column_names), sink)
    return sink.getvalue()


def to_arrow(table: pa.Table) -> bytes:
    """An Arrow IPC stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _csv_column(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    kind = column.type
    if pa.types.is_list(kind):
        return pa.array(
            [None if v is None else " ".join(map(str, v)) for v in column.to_pylist()], pa.string()
        )
    if pa.types.is_timestamp(kind):
        return pa.array(column_values(column), pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([_inert(value) for value in column.to_pylist()], pa.string())
    return column


def _inert(value: str | None) -> str | None:
    return f"'{value}" if value and value.startswith(_FORMULA_STARTS) else value
