"""How facts are printed."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv
from rich.console import Console
from rich.table import Table

console = Console(highlight=False)
if not console.is_terminal:
    console.width = 10_000  # a pipe or a file has no edge to cut a table at
MISSING = "–"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A number for people; a dash where there is none."""
    return MISSING if value is None else f"{value:,.{digits}f}{unit}"


def percent(value: float | None) -> str:
    """A share as a percentage with one digit."""
    return MISSING if value is None else f"{value * 100:.1f} %"


def table(
    title: str | None, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]
) -> Table:
    """Make a table of text.

    Args:
        title: Above it.
        columns: Heading and justification (`left` or `right`) of each column.
        rows: The cells, ready to print.
    """
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    made.box = None
    made.pad_edge = False
    made.padding = (0, 2, 0, 0)
    for heading, justify in columns:
        made.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    return made


def print_json(document: object) -> None:
    """Print JSON: instants as ISO 8601 with Z, bytes as text."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def print_csv(rows: pa.Table) -> None:
    """Print a table as CSV."""
    flat = [
        column.cast(pa.string())
        if not pa.types.is_nested(column.type)
        else pa.array(
            [None if v is None else json.dumps(v, default=_plain) for v in column.to_pylist()],
            pa.string(),
        )
        for column in rows.columns
    ]
    pa.csv.write_csv(pa.table(flat, names=_distinct(rows.column_names)), sys.stdout.buffer)


def as_documents(rows: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries."""
    named: list[dict[str, Any]] = rows.rename_columns(_distinct(rows.column_names)).to_pylist()
    return named


def cell(value: object) -> str:
    """Any value of a result as text."""
    if value is None:
        return MISSING
    if isinstance(value, datetime | bytes):
        return str(_plain(value))
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names of which none stands twice."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct
