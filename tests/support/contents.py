"""The whole contents of a data directory, in a form that two of them can be compared by."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import zstandard

GOLD = (
    "fct_flight_activity",
    "fct_flight_legs",
    "fct_turnarounds",
    "dim_airlines",
    "dim_airports",
    "dim_aircraft",
    "dim_flights",
    "dim_dates",
)
_OWN = "COLUMNS(lambda c: c NOT LIKE '%batch_id')"
"""All but how the records happened to be cut into batches."""
_MANY_ROWS = 100
_SHOWN_ROWS = 3
_ROW_WIDTH = 2_000


def warehouse_contents(path: Path) -> dict[str, list[Any]]:
    """Table → its rows, sorted, of everything that may not depend on luck."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = {
            table: f"SELECT {_OWN} FROM {table}"
            for table in ("staging.flight_events", "staging.quarantine", *GOLD)
        }
        return {
            table: connection.execute(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall()
            for table, query in tables.items()
        }


def lake_contents(data_dir: Path) -> list[Any]:
    """The rows of all Parquet files of the cleaned zone, sorted."""
    pattern = str(data_dir / "silver" / "**" / "*.parquet").replace("'", "''")
    return duckdb.sql(
        f"SELECT * FROM read_parquet('{pattern}', hive_partitioning = false) ORDER BY ALL"
    ).fetchall()


def archived_lines(data_dir: Path) -> list[bytes]:
    """Every line of the archive, in the order of the files' names."""
    lines: list[bytes] = []
    for path in sorted((data_dir / "bronze").rglob("*.ndjson.zst")):
        with path.open("rb") as file:
            text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
        lines += text.split(b"\n")[:-1]
    return lines


def explained(left: Any, right: Any) -> list[str] | None:
    """What a failed comparison of contents shows: a few rows that only one side has.

    Returns:
        None where the two are no contents, or small ones.
    """
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        tables = [(name, left[name], right[name]) for name in left if left[name] != right[name]]
    else:
        tables = [("rows", left, right)]
    if not all(isinstance(rows, list) for _, *sides in tables for rows in sides):
        return None
    if max((len(rows) for _, *sides in tables for rows in sides), default=0) < _MANY_ROWS:
        return None
    lines = ["the contents differ"]
    for name, *sides in tables:
        counts = [Counter(map(repr, rows)) for rows in sides]
        only = [counts[0] - counts[1], counts[1] - counts[0]]
        lines.append(f"{name}: {len(sides[0])} and {len(sides[1])} rows")
        for side, rows in zip(("left", "right"), only, strict=True):
            lines.append(f"  {rows.total()} only on the {side}")
            lines += [f"    {row[:_ROW_WIDTH]}" for row in islice(rows, _SHOWN_ROWS)]
    return lines
