from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.dashboard.board import Board

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


@settings(deadline=None)
@given(st.lists(rows_of(st.integers(0, 7)), max_size=5))
def test_a_viewer_that_applies_the_changes_sees_the_board(states: list[Any]) -> None:
    board = Board()
    seen: dict[str, Any] = {}
    for state in states:
        upserts, removes = board.update(table(state))
        for change in upserts:
            seen.setdefault(change["leg_key"], {}).update(change)
        for key in removes:
            del seen[key]
        fresh = Board()
        fresh.update(table(state))
        assert seen == board.rows == fresh.rows


def test_only_changed_cells_travel() -> None:
    board = Board()
    same = {"departure_gate": "A1", "latitude": 1.0, "heading": 10, "flight_status": "boarding"}
    first, removed = board.update(table({1: same, 2: same}))
    assert not removed
    assert first[0] == {
        "leg_key": "leg-1",
        "flight_icao": "6E1",
        "scheduled_departure_at": "2026-03-01T00:01:00Z",
        **same,
    }
    assert board.update(table({1: same, 2: same})) == ([], [])
    moved = same | {"heading": None, "departure_gate": "B2"}
    upserts, removed = board.update(table({2: moved, 3: same}))
    assert upserts[0] == {"leg_key": "leg-2", "heading": None, "departure_gate": "B2"}
    assert [row["leg_key"] for row in upserts[1:]] == ["leg-3"]
    assert removed == ["leg-1"]
    assert board.by_status() == {"boarding": 2}


def test_rows_are_ordered_by_departure() -> None:
    board = Board()
    row = {"flight_status": "scheduled"}
    board.update(table({3: row, 1: row, 2: row}))
    assert [found["flight_icao"] for found in board.ordered()] == ["6E1", "6E2", "6E3"]
