"""Tables fit the screen, numbers read well, results are printed whole."""

import io

import duckdb
import pytest
from rich.console import Console
from rich.text import Text

from airside.cli import output
from airside.cli.output import Column, counted, duration, number, percent, print_rows, table


def drawn(width: int, *columns: Column, rows: list[list[str | Text]]) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, markup=False, emoji=False).print(table(columns, rows, width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_columns_of_the_highest_rank_go_first() -> None:
    columns = [
        Column("always"),
        Column("third", rank=1),
        Column("first", rank=3),
        Column("second", rank=2),
    ]
    rows: list[list[str | Text]] = [["aaaaaa", "cccccc", "xxxxxx", "bbbbbb"]]
    assert drawn(40, *columns, rows=rows)[0] == "always  third   first   second"
    assert drawn(25, *columns, rows=rows)[0] == "always  third   second"
    assert drawn(16, *columns, rows=rows)[0] == "always  third"
    assert drawn(8, *columns, rows=rows)[0] == "always"


def test_a_column_that_wraps_keeps_all_its_text() -> None:
    text = "a long finding that needs more than one line"
    lines = drawn(30, Column("stage"), Column("finding", wraps=True), rows=[["silver", text]])
    assert max(map(len, lines)) <= 30
    assert " ".join(" ".join(lines[1:]).split()) == f"silver {text}"


def test_data_is_no_markup() -> None:
    rows: list[list[str | Text]] = [["[red]x[/red] :plane: [/]"]]
    assert drawn(60, Column("payload"), rows=rows) == ["payload", "[red]x[/red] :plane: [/]"]


def test_headings_of_two_lines_stand_on_one_ground() -> None:
    lines = drawn(
        40, Column("airline"), Column("departure\nmean", right=True), rows=[["EY", "43.0"]]
    )
    assert lines == ["         departure", "airline       mean", "EY            43.0"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, 0, "–"),
        (0.0, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (-0.05001, 1, "-0.1"),
        (1234567, 0, "1,234,567"),
    ],
)
def test_numbers(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (49.84, "49.8 s"),
        (119, "119.0 s"),
        (1256.3, "21 min"),
        (7200, "2.0 h"),
        (200_000, "2.3 d"),
    ],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_shares_and_counts() -> None:
    assert (percent(None), percent(1.0), percent(0.6667)) == ("–", "100.0 %", "66.7 %")
    assert (counted(1, "row"), counted(0, "row"), counted(2_000, "row")) == (
        "1 row",
        "0 rows",
        "2,000 rows",
    )


def test_a_result_is_a_table_where_it_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.console, "width", 40)
    print_rows(
        duckdb.sql("SELECT 7 AS n, 'AMD' AS airport UNION ALL SELECT 12, 'FRA'").to_arrow_table(),
        10,
    )
    printed = capsys.readouterr()
    assert printed.out == " n  airport\n 7  AMD\n12  FRA\n"
    assert printed.err == "(2 rows)\n"


def test_a_wide_result_is_a_value_a_line_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.console, "width", 20)
    print_rows(
        duckdb.sql(
            "SELECT 'x' AS a, '…' || repeat('y', 30) AS long_name FROM range(2)"
        ).to_arrow_table(),
        10,
    )
    record = f"a          x\nlong_name  …{'y' * 30}\n"
    assert capsys.readouterr().out == f"{record}\n{record}"


def test_a_long_result_says_that_there_is_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(duckdb.sql("FROM range(2500)").to_arrow_table(), 1_000)
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1_001
    assert printed.err == "(the first 1,000 rows; --limit N, --csv and --json print more)\n"


def test_a_result_that_just_fits_says_nothing_of_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(duckdb.sql("FROM range(1000)").to_arrow_table(), 1_000)
    assert capsys.readouterr().err == "(1,000 rows)\n"


def test_an_empty_result_still_names_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(duckdb.sql("SELECT 1 AS a, 2 AS b WHERE false").to_arrow_table(), 10)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("a  b\n", "(0 rows)\n")
