"""Whatever a query gives can be printed: as text, as JSON, as CSV."""

import csv
import io
import json
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pytest

from airside.cli.values import as_documents, as_text_columns, cell

KINDS = [
    ("1", 1, "1"),
    ("sum(1)", 1, "1"),
    ("1.5::DECIMAL(4, 2)", 1.5, "1.50"),
    ("-0.25::DOUBLE", -0.25, "-0.25"),
    ("'nan'::DOUBLE", None, ""),
    ("'-inf'::FLOAT", None, ""),
    ("NULL", None, ""),
    ("true", True, "true"),
    ("'6E \"1\"'", '6E "1"', '6E "1"'),
    ("TIMESTAMP '2026-01-02 03:04:05'", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
    ("TIMESTAMP_S '2026-01-02 03:04:05'", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
    (
        "TIMESTAMP '2026-01-02 03:04:05.5'",
        "2026-01-02T03:04:05.500000Z",
        "2026-01-02T03:04:05.500000Z",
    ),
    ("TIMESTAMPTZ '2026-01-02 03:04:05+01'", "2026-01-02T02:04:05Z", "2026-01-02T02:04:05Z"),
    ("DATE '2026-01-02'", "2026-01-02", "2026-01-02"),
    ("TIME '03:04:05'", "03:04:05", "03:04:05"),
    ("INTERVAL 90 SECOND", "P0M0DT90S", "P0M0DT90S"),
    ("INTERVAL 14 MONTH", "P14M0DT0S", "P14M0DT0S"),
    ("'caf\\xC3\\xA9 \\xFF'::BLOB", "café \\xff", "café \\xff"),
    (
        "'b6f0e8d2-4c0c-4a7c-9d3e-0242ac120002'::UUID",
        "b6f0e8d2-4c0c-4a7c-9d3e-0242ac120002",
        "b6f0e8d2-4c0c-4a7c-9d3e-0242ac120002",
    ),
    ("'a'::ENUM('a', 'b')", "a", "a"),
    ("[DATE '2026-01-02', NULL]", ["2026-01-02", None], '["2026-01-02", null]'),
    ("{'at': TIME '01:00', 'n': 'nan'::DOUBLE}", {"at": "01:00:00", "n": None}, None),
    ("MAP {'a': 1.5}", {"a": 1.5}, '{"a": 1.5}'),
    ("[]::VARCHAR[]", [], "[]"),
]


@pytest.mark.parametrize(("expression", "plain", "text"), KINDS, ids=[k[0] for k in KINDS])
def test_a_value_of_every_kind(expression: str, plain: Any, text: str | None) -> None:
    rows = asked(f"SELECT {expression} AS value, 0 AS other")
    (document,) = as_documents(rows)
    assert document == {"value": plain, "other": 0}
    json.dumps(document, allow_nan=False)
    if text is not None:
        assert csv_rows(rows) == [["value", "other"], [text, "0"]]


def test_no_value_is_lost_where_names_collide() -> None:
    rows = asked("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a")
    assert as_documents(rows) == [{"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4}]
    assert csv_rows(rows)[1] == ["1", "2", "3", "4"]


def test_many_rows_in_several_chunks() -> None:
    rows = asked(
        "SELECT i, TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS at FROM range(5000) t(i)"
    )
    assert len(as_documents(rows)) == 5_000
    assert csv_rows(rows)[-1] == ["4999", "2026-01-01T01:23:19Z"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (
            "two\nlines\tand a \x1b[31mred\x1b[0m bell\x07",
            r"two\nlines\tand a \x1b[31mred\x1b[0m bell\x07",
        ),
        ("\x9b2J", r"\x9b2J"),
        ("naïve ✈", "naïve ✈"),
        (b"\xff\x1b", r"\xff\x1b"),
        (True, "true"),
        (1.5, "1.5"),
        (["a\n"], r'["a\n"]'),
    ],
)
def test_a_cell_is_one_line_and_steers_no_terminal(value: object, shown: str) -> None:
    assert cell(value) == shown


def asked(sql: str) -> pa.Table:
    return duckdb.sql(sql).to_arrow_table()


def csv_rows(rows: pa.Table) -> list[list[str]]:
    out = io.BytesIO()
    pa.csv.write_csv(as_text_columns(rows), out)
    return list(csv.reader(io.StringIO(out.getvalue().decode())))
