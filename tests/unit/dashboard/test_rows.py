import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pytest

from airside.dashboard.queries.records import MAX_PAYLOAD_BYTES, as_text
from airside.dashboard.rows import documents, dumps, iso, to_arrow, to_csv, to_table

at = datetime.fromisoformat
TABLE = pa.table(
    {
        "at": pa.array([at("2026-03-01T12:00:00.000005"), None], pa.timestamp("us")),
        "whole": pa.array([at("2026-03-01"), at("2026-03-02")], pa.timestamp("s")),
        "day": pa.array([date(2026, 3, 1), None]),
        "text": ['=cmd|"/c calc"!A1', "a,b\n<script>"],
        "number": [-1.5, None],
        "flags": [["b", "a"], []],
    }
)


def test_instants_are_utc_and_null_is_null() -> None:
    assert documents(TABLE) == [
        {
            "at": "2026-03-01T12:00:00.000005Z",
            "whole": "2026-03-01T00:00:00Z",
            "day": "2026-03-01",
            "text": '=cmd|"/c calc"!A1',
            "number": -1.5,
            "flags": ["b", "a"],
        },
        {
            "at": None,
            "whole": "2026-03-02T00:00:00Z",
            "day": None,
            "text": "a,b\n<script>",
            "number": None,
            "flags": [],
        },
    ]


def test_csv_is_read_back_and_runs_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(TABLE).decode())))
    assert rows[0]["text"] == '\'=cmd|"/c calc"!A1'
    assert rows[0]["number"] == "-1.5", "a number is no formula"
    assert rows[0]["at"] == "2026-03-01T12:00:00.000005Z"
    assert rows[0]["flags"] == "b a"
    assert rows[1]["text"] == "a,b\n<script>"
    assert rows[1]["at"] == rows[1]["number"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_start_of_a_formula_is_made_inert(start: str) -> None:
    body = to_csv(pa.table({"x": [f"{start}1"]})).decode()
    (row,) = csv.DictReader(io.StringIO(body, newline=""))
    assert row["x"] == f"'{start}1"


def test_arrow_is_read_back_equal() -> None:
    assert pa.ipc.open_stream(to_arrow(TABLE)).read_all().equals(TABLE)


def test_a_table_without_rows_has_its_columns() -> None:
    assert to_table([], ["a", "b"]).column_names == ["a", "b"]
    assert to_csv(to_table([], ["a", "b"])) == b'"a","b"\n'


def test_json_knows_what_json_does_not() -> None:
    assert json.loads(dumps({"x": float("nan"), "y": Decimal("1.5")})) == {"x": None, "y": 1.5}


def test_instants_keep_their_microseconds() -> None:
    assert iso(1_758_737_730_000_001) == "2025-09-24T18:15:30.000001Z"
    assert iso(1_758_737_730_000_000) == "2025-09-24T18:15:30Z"


def test_payloads_are_text_of_bounded_length() -> None:
    assert as_text(b"\xff<b>") == "\\xff<b>"
    assert as_text(None) is None
    assert len(as_text(b"x" * (MAX_PAYLOAD_BYTES + 1)) or "") == MAX_PAYLOAD_BYTES
