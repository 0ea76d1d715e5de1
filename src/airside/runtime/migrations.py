"""How a data directory of an older format becomes one of today's, a step at a time.

A step takes a directory from one format to the next. It may be cut off at any instant: what it did
is done again, so every step changes nothing where it has been done already. The marker moves on
after each step; only then is the step never done again.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from airside.errors import CorruptDataError
from airside.runtime.clocks import wall_clock
from airside.warehouse import DuckDBWarehouse

OLDEST_VERSION = 1
"""The format of the first directories."""


class Paths(Protocol):
    """What a step needs to know of a directory."""

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step."""

    to_version: int
    what: str
    """What it does, for people, after `format 2: `."""
    run: Callable[[Paths], None]


def _change(paths: Paths, *statements: str) -> None:
    """Give the warehouse the tables that it lacks, as loading also does, and run statements."""
    if not paths.warehouse.exists():
        return  # it is made with them
    # A damaged warehouse is made anew with `airside backfill`, and whole; that must stay possible.
    with (
        suppress(CorruptDataError),
        closing(DuckDBWarehouse(paths.warehouse, clock=wall_clock)) as warehouse,
        warehouse.beside() as connection,
    ):
        for statement in statements:
            connection.execute(statement)


def _add_sizes(paths: Paths) -> None:
    """Make room for the size of each file of gold; those that have none are written again."""
    _change(
        paths, "ALTER TABLE IF EXISTS staging.gold_exports ADD COLUMN IF NOT EXISTS bytes BIGINT"
    )


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        2, "the warehouse gets tables for schema drift and for what retention removes", _change
    ),
    Migration(3, "it is written down how large each file of gold is", _add_sizes),
)
"""All steps, in order."""
FORMAT_VERSION = MIGRATIONS[-1].to_version
"""The format that this version of Airside reads and writes."""
