"""How facts are printed: for people, who have a terminal of some width, and for programs."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import click
import pyarrow as pa
import pyarrow.csv
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from airside.cli.values import MISSING, as_documents, as_text_columns, cell, is_number

_NO_EDGE = 10_000
_GAP = 2


class _Console(Console):
    """Prints what it is given: no markup, no emoji codes, as data may hold `[red]` and `:x:`."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)
        if not self.is_terminal:
            self.width = _NO_EDGE  # a pipe or a file has no edge to cut a table at

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


console = _Console()


def say(text: str) -> None:
    """Tell people something beside the output."""
    click.echo(text, err=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        heading: May have a second line.
        right: Whether it lines up on the right, as numbers do.
        rank: Where there is no room, columns of the highest rank are left out first; those of
            rank 0 stay.
        wraps: Whether a cell that is too long goes on in the next line; others are cut.
    """

    heading: str
    right: bool = False
    rank: int = 0
    wraps: bool = False


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[str | Text]], width: int | None = None
) -> Table:
    """Make a table that fits.

    Args:
        columns: Headings and how to line up.
        rows: The cells, ready to print.
        width: Columns there are; the console's where it is None.
    """
    shown = _fitting(columns, rows, console.width if width is None else width)
    wraps = any(columns[index].wraps for index in shown)
    made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for index in shown:
        column = columns[index]
        made.add_column(
            Text(column.heading),
            justify="right" if column.right else "left",
            vertical="top" if wraps else "bottom",
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
        )
    for row in rows:
        made.add_row(*(_text(row[index]) for index in shown))
    return made


def number(value: float | None, digits: int = 0) -> str:
    """A number for people; a dash where there is none."""
    if value is None:
        return MISSING
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def percent(value: float | None) -> str:
    """A share as a percentage with one digit."""
    return MISSING if value is None else f"{value * 100:.1f} %"


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    for unit, size, digits in (("d", 86_400, 1), ("h", 3_600, 1), ("min", 60, 0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.{digits}f} {unit}"
    return f"{seconds:.1f} s"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things, in words: `1 record`, `2,000 records`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def print_json(document: object) -> None:
    """Print JSON: indented for people, in one line for pipes and logs. What is in it is plain."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False))


def print_csv(rows: pa.Table) -> None:
    """Print a result as CSV."""
    sys.stdout.flush()
    pa.csv.write_csv(as_text_columns(rows), sys.stdout.buffer)


def print_rows(rows: pa.Table, limit: int) -> None:
    """Print a result for people: as a table, or a value a line where that is wider than the screen.

    Args:
        rows: The result, or its beginning: one row beyond the limit says that there is more.
        limit: At most so many rows are printed.
    """
    documents = as_documents(rows.slice(0, limit))
    names = list(documents[0]) if documents else rows.column_names
    cells = [[cell(value) for value in document.values()] for document in documents]
    right = [is_number(column.type) for column in rows.columns]
    widths = [
        max(map(cell_len, (name, *(row[index] for row in cells))))
        for index, name in enumerate(names)
    ]
    if sum(widths) + _GAP * (len(widths) - 1) <= console.width or not cells:
        _print_line(names, widths, right)
        for row in cells:
            _print_line(row, widths, right)
    else:
        margin = max(map(cell_len, names)) + _GAP
        for index, row in enumerate(cells):
            if index:
                click.echo()
            for name, value in zip(names, row, strict=True):
                click.echo(_padded(name, margin, right=False) + value)
    is_cut = rows.num_rows > len(cells)
    shown = f"{'the first ' if is_cut else ''}{counted(len(cells), 'row')}"
    hint = "; --limit N, --csv and --json print more" if is_cut else ""
    click.echo(f"({shown}{hint})", err=True)


@contextlib.contextmanager
def progress_bars(**totals: int | None) -> Iterator[Callable[[str, int], None]]:
    """Show a bar for each name on a terminal, and nothing elsewhere; gives what moves a bar on."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        tasks = {name: progress.add_task(name, total=total) for name, total in totals.items()}
        yield lambda name, records: progress.advance(tasks[name], records)


def _fitting(
    columns: Sequence[Column], rows: Sequence[Sequence[str | Text]], width: int
) -> list[int]:
    """The indices of the columns that are shown at a width."""
    needed = [
        10 if column.wraps else max(_width(line) for line in (column.heading, *cells))
        for column, cells in zip(columns, _transposed(rows, len(columns)), strict=True)
    ]
    shown = list(range(len(columns)))
    while sum(needed[i] + _GAP for i in shown) - _GAP > width:
        worst = max(shown, key=lambda i: (columns[i].rank, i))
        if columns[worst].rank == 0:
            break
        shown.remove(worst)
    return shown


def _transposed(rows: Sequence[Sequence[str | Text]], columns: int) -> list[list[str | Text]]:
    return [[row[index] for row in rows] for index in range(columns)]


def _width(content: str | Text) -> int:
    text = content.plain if isinstance(content, Text) else content
    return max(map(cell_len, text.split("\n")))


def _text(content: str | Text) -> Text:
    return content if isinstance(content, Text) else Text(content)


def _print_line(values: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> None:
    padded = [_padded(v, w, right=r) for v, w, r in zip(values, widths, right, strict=True)]
    click.echo((" " * _GAP).join(padded).rstrip())


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
