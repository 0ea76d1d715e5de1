"""The live board: every active flight, and what changed since the last look."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from airside.dashboard.rows import column_values
from airside.events.vocabulary import FLIGHT_STATUSES

Row = dict[str, Any]
_NOT_SHOWN = ("watermark_at",)
_KEY = "leg_key"


class Board:
    """Keeps the rows as they travel, and finds differences column by column.

    A thousand of three thousand rows change in a second, most of them in a few columns only, so
    comparing whole columns in Arrow and touching the changed cells alone is what makes it cheap.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._table: pa.Table | None = None
        self._places: dict[str, int] = {}

    def update(self, table: pa.Table) -> tuple[list[Row], list[str]]:
        """Take in the board as it is now.

        Returns:
            New rows whole and known ones with their changed cells, each with its `leg_key`; and
            the keys of the rows that have gone.
        """
        table = table.drop_columns(
            [name for name in _NOT_SHOWN if name in table.column_names]
        ).combine_chunks()
        keys: list[str] = table[_KEY].to_pylist()
        before = np.array([self._places.get(key, -1) for key in keys], dtype=np.int64)
        changes: dict[int, Row] = {}
        known = np.flatnonzero(before >= 0)
        if self._table is not None and len(known):
            self._compare(table, known, before[known], changes)
        fresh = np.flatnonzero(before < 0)
        upserts = [{_KEY: keys[place], **change} for place, change in changes.items()]
        for change in upserts:
            self.rows[change[_KEY]].update(change)
        for row in _rows(table, fresh):
            self.rows[row[_KEY]] = row
            upserts.append(dict(row))
        removed = sorted(self._places.keys() - set(keys))
        for key in removed:
            del self.rows[key]
        self._table = table
        self._places = {key: place for place, key in enumerate(keys)}
        return upserts, removed

    def ordered(self) -> list[Row]:
        """The rows by scheduled departure, then flight."""
        return sorted(
            self.rows.values(),
            key=lambda row: (row["scheduled_departure_at"], row["flight_icao"], row[_KEY]),
        )

    def by_status(self) -> dict[str, int]:
        """How many rows are in each status, in the order of a flight."""
        return count_by_status(self.rows.values())

    def _compare(
        self,
        table: pa.Table,
        now: npt.NDArray[np.int64],
        then: npt.NDArray[np.int64],
        changes: dict[int, Row],
    ) -> None:
        assert self._table is not None  # noqa: S101 - the caller has looked
        table, before = table.take(now), self._table.take(then)
        for name in table.column_names:
            new, old = table[name], before[name]
            if new.equals(old):
                continue
            differs = pc.fill_null(pc.not_equal(new, old), pc.xor(new.is_null(), old.is_null()))
            # Both null compares to null, and xor of two nulls is false.
            places = np.flatnonzero(differs.to_numpy())
            if len(places):
                values = column_values(new.take(places))
                for place, value in zip(now[places].tolist(), values, strict=True):
                    changes.setdefault(place, {})[name] = value


def count_by_status(rows: Iterable[Row]) -> dict[str, int]:
    """Status → rows, in the order of a flight."""
    counts = Counter(row["flight_status"] for row in rows)
    return {status: counts[status] for status in FLIGHT_STATUSES if counts[status]}


def _rows(table: pa.Table, places: npt.NDArray[np.int64]) -> list[Row]:
    if not len(places):
        return []
    part = table.take(places)
    columns = [column_values(column) for column in part.columns]
    return [dict(zip(part.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
