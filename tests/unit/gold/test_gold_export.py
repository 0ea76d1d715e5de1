"""Gold as Parquet files."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import duckdb
import pyarrow.parquet as pq
import pytest

from airside.errors import RetryableError
from airside.gold import export, parquet
from airside.lake import LocalLake
from unit.gold.staged_gold import StagedGold, at, event

TABLES = {
    "dim_airlines",
    "dim_airports",
    "dim_aircraft",
    "dim_flights",
    "dim_dates",
    "fct_flight_activity",
    "fct_flight_legs",
    "fct_turnarounds",
}


def exported_instants(folder: Path) -> list[datetime]:
    """When the events of all files were, in order."""
    files = folder.glob("gold/fct_flight_activity*.parquet")
    return sorted(n for file in files for n in pq.read_table(file)["event_at"].to_pylist())


def test_facts_and_dimensions_are_files_for_any_tool(staged: StagedGold, tmp_path: Path) -> None:
    lake = LocalLake(tmp_path)
    staged.load([event(actual_departure_at=at(5), quality_flags=["bad_heading"])])
    staged.gold.refresh()
    assert set(export(staged.warehouse, lake)) == {f"gold/{t}.parquet" for t in TABLES}
    for table in TABLES:
        rows = pq.read_table(tmp_path / f"gold/{table}.parquet").to_pylist()
        assert sorted(rows, key=repr) == sorted(staged.rows(f"FROM {table}"), key=repr)


def test_only_what_has_changed_is_written_again(staged: StagedGold, tmp_path: Path) -> None:
    lake = LocalLake(tmp_path)
    staged.load([event()])
    staged.gold.refresh()
    export(staged.warehouse, lake)
    assert export(staged.warehouse, lake) == []
    staged.load([event(event_at=at(1))])
    staged.gold.refresh()
    again = export(staged.warehouse, lake)
    assert {"gold/fct_flight_activity.parquet", "gold/fct_flight_legs.parquet"} <= set(again)
    assert not {"gold/dim_dates.parquet", "gold/dim_airports.parquet"} & set(again)
    staged.gold.full_refresh()
    assert len(export(staged.warehouse, lake)) == len(TABLES)


def test_an_export_says_after_each_piece_how_long_it_has_worked(
    staged: StagedGold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    worked: list[float] = []

    def monotonic() -> float:
        nonlocal now
        now += 1
        return now

    def rest(seconds: float) -> None:
        nonlocal now
        worked.append(seconds)
        now += 100  # is no work

    monkeypatch.setattr(parquet, "_ROWS_A_GROUP", 2)
    monkeypatch.setattr(parquet, "time", SimpleNamespace(monotonic=monotonic))
    staged.load([event(event_at=at(minutes)) for minutes in range(5)])
    staged.gold.refresh()
    export(staged.warehouse, LocalLake(tmp_path), rest=rest)
    assert len(worked) >= len(TABLES) + 2
    assert set(worked) == {1.0}


def test_activity_is_cut_so_that_what_is_full_is_not_written_again(
    staged: StagedGold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.gold.parquet.ACTIVITY_ROWS_A_FILE", 3)
    lake = LocalLake(tmp_path)
    for batch in range(3):
        staged.load([event(event_at=at(2 * batch)), event(event_at=at(2 * batch + 1))])
        staged.gold.refresh()
        written = export(staged.warehouse, lake)
    assert [name for name in written if "activity" in name] == [
        "gold/fct_flight_activity-2.parquet"
    ]
    assert exported_instants(tmp_path) == [at(n) for n in range(6)]


def test_a_file_that_is_full_stays_when_staging_lets_go_of_its_rows(
    staged: StagedGold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.gold.parquet.ACTIVITY_ROWS_A_FILE", 2)
    lake = LocalLake(tmp_path)
    for batch in range(5):
        staged.load([event(event_at=at(batch))])
        staged.gold.refresh()
        export(staged.warehouse, lake)
        if batch == 2:
            staged.execute("DELETE FROM staging.flight_events WHERE batch_id = 1")
    half = tmp_path / "gold/fct_flight_activity.parquet"
    half.rename(tmp_path / "kept")
    assert export(staged.warehouse, lake) == [], "its other half is in the file alone"
    (tmp_path / "kept").rename(half)
    assert exported_instants(tmp_path) == [at(n) for n in range(5)]


def test_files_that_are_gone_or_not_as_long_are_written_again(
    staged: StagedGold, tmp_path: Path
) -> None:
    lake = LocalLake(tmp_path)
    staged.load([event()])
    staged.gold.refresh()
    export(staged.warehouse, lake)
    gone, short = (f"gold/{table}.parquet" for table in ("dim_dates", "fct_flight_activity"))
    (tmp_path / gone).unlink()
    (tmp_path / short).write_bytes((tmp_path / short).read_bytes()[:-1])
    assert export(staged.warehouse, lake) == [gone, short]
    assert export(staged.warehouse, lake) == []


def test_a_file_that_cannot_be_written_is_tried_again(staged: StagedGold, tmp_path: Path) -> None:
    (tmp_path / "gold").touch()  # where a folder is to be
    staged.load([event()])
    staged.gold.refresh()
    with pytest.raises(RetryableError, match=r"gold/dim_dates\.parquet cannot be written"):
        export(staged.warehouse, LocalLake(tmp_path))
    (tmp_path / "gold").unlink()
    assert len(export(staged.warehouse, LocalLake(tmp_path))) == len(TABLES)


def test_a_disk_too_full_to_read_gold_is_no_defect(
    staged: StagedGold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> NoReturn:
        raise duckdb.IOException("Could not write to temporary file: No space left on device")

    monkeypatch.setattr(parquet, "_write", full_disk)
    staged.load([event()])
    staged.gold.refresh()
    with pytest.raises(RetryableError, match="the disk is full"):
        export(staged.warehouse, LocalLake(tmp_path))


def test_before_gold_has_been_built_there_is_nothing_to_write(tmp_path: Path) -> None:
    staged = StagedGold(tmp_path)
    assert export(staged.warehouse, LocalLake(tmp_path)) == []
    staged.close()
