"""The same data in the embedded warehouse and in PostgreSQL, and what compares them."""

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_answers
from airside.settings import load
from airside.warehouse import Reader
from oracle.corpus import hostile
from support.command import airside_here

OWN = {"leg_batch_id", "batch_id", "through_batch_id", "committed_at"}
"""Columns that say how the records happened to be cut into batches."""


def busy_day(folder: Path) -> Path:
    """A data directory with a simulated day and hostile records of another."""
    data = folder / "data"
    lines = folder / "hostile.ndjson"
    records = [record.replace(b"\n", b" ") for record in hostile(3_000, seed=11)]
    lines.write_bytes(b"".join(record + b"\n" for record in records))
    airside_here("ingest", lines, "--data-dir", data)
    airside_here(
        *("simulate", "--flights", 40, "--days", 1, "--mess", "typical", "--seed", 5),
        *("--start", "2026-03-01", "--time-compression", "max", "--data-dir", data),
    )
    airside_here("run", "--until-drained", "--data-dir", data)
    return data


@contextmanager
def both_readers(data: Path, url: str) -> Iterator[tuple[Reader, Reader]]:
    """The embedded warehouse and the server, both asked in DuckDB's SQL."""
    directory = DataDir(data)
    with ExitStack() as stack:
        yield (
            stack.enter_context(open_answers(directory, load({}, {}).settings)),
            stack.enter_context(open_answers(directory, load({"warehouse.url": url}, {}).settings)),
        )


def plain(value: Any) -> Any:
    """A value without the types of its engine."""
    if isinstance(value, pa.Table):
        return plain(value.to_pylist())
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal | float):
        return _Measured(float(value))
    return value


class _Measured(float):
    """A number that two engines may have summed up in another order."""

    __hash__ = float.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and math.isclose(self, other, rel_tol=1e-9)

    def __ne__(self, other: object) -> bool:
        return not self == other


def sorted_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what is their own, in an order that does not depend on the engine."""
    kept = [{name: plain(v) for name, v in row.items() if name not in OWN} for row in rows]

    def place(row: dict[str, Any]) -> tuple[str, list[float]]:
        measured = [v for v in row.values() if isinstance(v, _Measured)]
        return repr([v for v in row.values() if not isinstance(v, _Measured)]), measured

    return sorted(kept, key=place)
