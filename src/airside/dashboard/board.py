"""The live board: every active flight, and what changed since the last look.

With twenty thousand aircraft in the air every row changes every second, so rows stay columns here
from the warehouse to the message: whole columns are compared, and only those that changed become
numbers on the wire. Rows as dictionaries are made when somebody asks for them.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from airside.dashboard.rows import column_values, wire_values
from airside.events.vocabulary import FLIGHT_STATUSES

Row = dict[str, Any]
Places = npt.NDArray[np.int64]
_NOT_SHOWN = ("watermark_at",)
_KEY = "leg_key"
_DENSE = 0.5
"""Columns that changed in so many of the changed rows share one list of rows."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the board, as a delta tells it."""

    inserts: list[Row] = field(default_factory=list)
    """Flights that are new, whole, each with the `number` by which it is called from now on."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Blocks of changed cells: `numbers` says of which flights, `cells` has values by column."""
    removes: list[int] = field(default_factory=list)
    """Numbers of flights that are active no longer; new ones may get them."""

    def __bool__(self) -> bool:
        return bool(self.inserts or self.changes or self.removes)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"inserts": self.inserts, "changes": self.changes, "removes": self.removes}


class Board:
    """Keeps the flights as they travel, and finds differences column by column."""

    def __init__(self) -> None:
        self.table: pa.Table | None = None
        """The active flights, one row each; None before the first look."""
        self._numbers: Places = np.empty(0, dtype=np.int64)
        self._free: list[int] = []
        self._next = 0
        self._rows: dict[str, Row] | None = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def rows(self) -> dict[str, Row]:
        """The flights as they are sent to those who ask for rows; made once for each look."""
        if self._rows is None:
            assert self.table is not None  # noqa: S101 - rows are made of it
            found = _rows(self.table.drop_columns(list(_NOT_SHOWN)))
            self._rows = {row[_KEY]: row for row in found}
        return self._rows

    def update(self, table: pa.Table) -> Changes:
        """Take in the board as it is now."""
        table = table.combine_chunks()
        before = self._places_of(table)
        known, fresh = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
        gone = np.ones(len(self._numbers), dtype=bool)
        gone[before[known]] = False
        removes = np.sort(self._numbers[gone]).tolist()
        for number in removes:
            heapq.heappush(self._free, number)
        numbers = np.empty(table.num_rows, dtype=np.int64)
        numbers[known] = self._numbers[before[known]]
        numbers[fresh] = [self._take_number() for _ in range(len(fresh))]
        changes = self._compare(table, numbers, known, before)
        shown = table.drop_columns([name for name in _NOT_SHOWN if name in table.column_names])
        inserts = [
            {"number": number, **row}
            for number, row in zip(
                numbers[fresh].tolist(), _rows(shown.take(pa.array(fresh))), strict=True
            )
        ]
        if inserts or changes or removes:
            self._rows = None
        self.table, self._numbers = table, numbers
        return Changes(inserts, changes, removes)

    def ordered(self) -> list[Row]:
        """The rows by scheduled departure, then flight."""
        return sorted(self.rows.values(), key=_order)

    def numbered(self) -> list[Row]:
        """The same, each with its number."""
        if self.table is None:
            return []
        keys = self.table[_KEY].to_pylist()
        numbers = dict(zip(keys, self._numbers.tolist(), strict=True))
        return [{"number": numbers[row[_KEY]], **row} for row in self.ordered()]

    def by_status(self) -> dict[str, int]:
        """How many rows are in each status, in the order of a flight."""
        if self.table is None:
            return {}
        counted = pc.value_counts(self.table["flight_status"]).to_pylist()
        return _in_order({pair["values"]: pair["counts"] for pair in counted})

    def _places_of(self, table: pa.Table) -> Places:
        """Where each row was; -1 for those that are new."""
        if self.table is None:
            return np.full(table.num_rows, -1, dtype=np.int64)
        keys, known = table[_KEY], self.table[_KEY]
        if keys.equals(known):
            return np.arange(table.num_rows, dtype=np.int64)
        found = pc.index_in(keys, value_set=known.combine_chunks())
        places: Places = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        return places

    def _take_number(self) -> int:
        """The least free one, so that numbers stay as small as the board is long."""
        if self._free:
            return heapq.heappop(self._free)
        self._next += 1
        return self._next - 1

    def _compare(
        self, table: pa.Table, numbers: Places, known: Places, before: Places
    ) -> list[dict[str, Any]]:
        if self.table is None or not len(known):
            return []
        is_same_order = len(known) == table.num_rows == self.table.num_rows and bool(
            (before == np.arange(len(before))).all()
        )
        found: dict[str, npt.NDArray[np.bool_]] = {}
        for name in table.column_names:
            new, old = table[name], self.table[name]
            if not is_same_order:
                new, old = new.take(pa.array(known)), old.take(pa.array(before[known]))
            if name in _NOT_SHOWN or new.equals(old):
                continue
            differs = _differs(new, old)
            if differs.any():
                found[name] = differs
        return _blocks(table, numbers, known, found)


def _differs(new: pa.ChunkedArray, old: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Where two columns differ. Both null compares to null, and xor of two nulls is false."""
    differs = pc.fill_null(pc.not_equal(new, old), pc.xor(new.is_null(), old.is_null()))
    answer: npt.NDArray[np.bool_] = differs.to_numpy()
    return answer


def _blocks(
    table: pa.Table, numbers: Places, known: Places, found: dict[str, npt.NDArray[np.bool_]]
) -> list[dict[str, Any]]:
    """Changed cells, with one list of rows for all columns that changed in most of them.

    A list of rows costs as much as a column of values, so such columns rather repeat what some rows
    had before.
    """
    if not found:
        return []
    touched = np.logical_or.reduce(list(found.values()))
    enough = _DENSE * np.count_nonzero(touched)
    dense = [name for name, differs in found.items() if np.count_nonzero(differs) >= enough]
    groups = [(touched, dense)] if dense else []
    groups += [(differs, [name]) for name, differs in found.items() if name not in dense]
    blocks = []
    for differs, names in groups:
        places = known[differs]
        order = np.argsort(numbers[places], kind="stable")  # ascending ones compress
        places = places[order]
        cells = {name: wire_values(table[name].take(pa.array(places))) for name in names}
        blocks.append({"numbers": numbers[places], "cells": cells})
    return blocks


def count_by_status(rows: Iterable[Row]) -> dict[str, int]:
    """Status → rows, in the order of a flight."""
    return _in_order(Counter(row["flight_status"] for row in rows))


def _in_order(counts: dict[str, int]) -> dict[str, int]:
    return {status: counts[status] for status in FLIGHT_STATUSES if counts.get(status)}


def _order(row: Row) -> tuple[str, str, str]:
    return row["scheduled_departure_at"], row["flight_icao"], row[_KEY]


def _rows(table: pa.Table) -> list[Row]:
    columns = [column_values(column) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
