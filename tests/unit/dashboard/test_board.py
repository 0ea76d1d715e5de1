import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.dashboard.board import Board, Changes
from airside.dashboard.rows import dumps

START = datetime.fromisoformat("2026-03-01")
SCHEMA = pa.schema(
    [
        ("leg_key", pa.string()),
        ("flight_icao", pa.string()),
        ("scheduled_departure_at", pa.timestamp("us")),
        ("departure_gate", pa.string()),
        ("latitude", pa.float64()),
        ("heading", pa.int32()),
        ("flight_status", pa.string()),
        ("watermark_at", pa.timestamp("us")),
    ]
)


def rows_of(numbers: Any) -> Any:
    row = st.fixed_dictionaries(
        {
            "departure_gate": st.sampled_from([None, "A1", "B2"]),
            "latitude": st.sampled_from([None, 0.0, 1.5]),
            "heading": st.sampled_from([None, 0, 90]),
            "flight_status": st.sampled_from(["scheduled", "boarding", "en-route"]),
        }
    )
    return st.dictionaries(numbers, row, max_size=6)


def table(rows: dict[int, dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "leg_key": f"leg-{number}",
                "flight_icao": f"6E{number}",
                "scheduled_departure_at": START + timedelta(minutes=number),
                "watermark_at": START + timedelta(hours=len(rows)),
                **row,
            }
            for number, row in rows.items()
        ],
        schema=SCHEMA,
    )


def told(changes: Changes) -> dict[str, Any]:
    """As a viewer reads them."""
    document: dict[str, Any] = json.loads(dumps(changes.as_dict()))
    return document


@settings(deadline=None)
@given(st.lists(rows_of(st.integers(0, 7)), max_size=5))
def test_a_viewer_that_applies_the_changes_sees_the_board(states: list[Any]) -> None:
    board = Board()
    seen: dict[int, dict[str, Any]] = {}
    for state in states:
        changes = told(board.update(table(state)))
        for number in changes["removes"]:
            del seen[number]
        for row in changes["inserts"]:
            assert row["number"] not in seen
            seen[row["number"]] = row
        for block in changes["changes"]:
            for name, values in block["cells"].items():
                for number, value in zip(block["numbers"], values, strict=True):
                    seen[number][name] = value
        fresh = Board()
        fresh.update(table(state))
        rows = {
            row["leg_key"]: {n: v for n, v in row.items() if n != "number"} for row in seen.values()
        }
        assert rows == board.rows == fresh.rows
        assert (
            sorted(seen.values(), key=lambda row: row["scheduled_departure_at"]) == board.numbered()
        )


def test_only_changed_cells_travel() -> None:
    board = Board()
    same = {"departure_gate": "A1", "latitude": 1.0, "heading": 10, "flight_status": "boarding"}
    first = told(board.update(table({1: same, 2: same})))
    assert not first["removes"]
    assert first["inserts"][0] == {
        "number": 0,
        "leg_key": "leg-1",
        "flight_icao": "6E1",
        "scheduled_departure_at": "2026-03-01T00:01:00Z",
        **same,
    }
    assert not board.update(table({1: same, 2: same}))
    moved = same | {"heading": None, "departure_gate": "B2"}
    second = told(board.update(table({2: moved, 3: same})))
    assert second["changes"] == [
        {"numbers": [1], "cells": {"departure_gate": ["B2"], "heading": [None]}}
    ]
    assert second["removes"] == [0]
    assert [(row["number"], row["leg_key"]) for row in second["inserts"]] == [(0, "leg-3")]
    assert board.by_status() == {"boarding": 2}


def test_rows_are_ordered_by_departure() -> None:
    board = Board()
    row = {"flight_status": "scheduled"}
    board.update(table({3: row, 1: row, 2: row}))
    assert [found["flight_icao"] for found in board.ordered()] == ["6E1", "6E2", "6E3"]


def test_columns_that_changed_in_most_rows_share_one_list_of_rows() -> None:
    board = Board()
    row = {"departure_gate": "A1", "latitude": 0.0, "heading": 0, "flight_status": "en-route"}
    board.update(table(dict.fromkeys(range(10), row)))
    moved = {n: row | {"latitude": n + 1.0, "heading": 90 if n else 0} for n in range(10)}
    moved[4] |= {"departure_gate": "B2"}
    (dense, sparse) = told(board.update(table(moved)))["changes"]
    assert dense["numbers"] == list(range(10))
    assert set(dense["cells"]) == {"latitude", "heading"}
    assert dense["cells"]["heading"][0] == 0, "as it was, rather than a list of rows of its own"
    assert sparse == {"numbers": [4], "cells": {"departure_gate": ["B2"]}}
