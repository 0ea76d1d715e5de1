"""Gold as Parquet files."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airside.errors import AirsideError, CorruptDataError, RetryableError
from airside.gold import export, parquet
from airside.lake import LocalLake
from unit.gold.staged_gold import StagedGold, at, event

TABLES = {
    "dim_airlines",
    "dim_airports",
    "dim_aircraft",
    "dim_flights",
    "dim_dates",
    "fct_flight_legs",
    "fct_turnarounds",
}


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
    assert "gold/fct_flight_legs.parquet" in again
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

    monkeypatch.setattr(parquet, "_ROWS_A_GROUP", 2_000)
    monkeypatch.setattr(parquet, "time", SimpleNamespace(monotonic=monotonic))
    staged.load([event(event_at=at(minutes)) for minutes in range(5)])
    staged.gold.refresh()
    export(staged.warehouse, LocalLake(tmp_path), rest=rest)
    assert len(worked) >= len(TABLES) + 2
    assert set(worked) == {1.0}


def test_files_of_events_that_an_older_version_wrote_go(staged: StagedGold, tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    for name in ("fct_flight_activity.parquet", "fct_flight_activity-2.parquet", "mine.parquet"):
        (tmp_path / "gold" / name).touch()
    staged.load([event()])
    staged.gold.refresh()
    export(staged.warehouse, LocalLake(tmp_path))
    kept = {path.stem for path in tmp_path.glob("gold/*")}
    assert kept == {*TABLES, "mine"}


def test_files_that_are_gone_or_not_as_long_are_written_again(
    staged: StagedGold, tmp_path: Path
) -> None:
    lake = LocalLake(tmp_path)
    staged.load([event()])
    staged.gold.refresh()
    export(staged.warehouse, lake)
    gone, short = (f"gold/{table}.parquet" for table in ("dim_dates", "fct_flight_legs"))
    (tmp_path / gone).unlink()
    (tmp_path / short).write_bytes((tmp_path / short).read_bytes()[:-1])
    assert export(staged.warehouse, lake) == [gone, short]
    assert export(staged.warehouse, lake) == []


def test_a_bit_that_flips_in_a_page_is_seen(staged: StagedGold, tmp_path: Path) -> None:
    staged.load([event()])
    staged.gold.refresh()
    export(staged.warehouse, LocalLake(tmp_path))
    path = tmp_path / "gold/dim_airports.parquet"
    assert parquet.is_whole(path)
    written = path.read_bytes()
    column = pq.ParquetFile(path).metadata.row_group(0).column(5)
    first = min(n for n in (column.dictionary_page_offset, column.data_page_offset) if n)
    for place in range(first + 64, first + column.total_compressed_size, 997):
        spoilt = bytearray(written)
        spoilt[place] ^= 1
        path.write_bytes(spoilt)
        assert not parquet.is_whole(path), place
    path.write_bytes(written[:-100])
    assert not parquet.is_whole(path)


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


class BreakingOff:
    """A cursor whose answers end in what Arrow makes of an error of DuckDB's."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, text: str) -> None:
        self._cursor = cursor
        self._text = text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def execute(self, *arguments: Any) -> duckdb.DuckDBPyConnection:
        return self._cursor.execute(*arguments)

    def sql(self, query: str) -> Any:
        def batches() -> Iterator[pa.RecordBatch]:
            yield from answer.to_batches()
            raise OSError(self._text)

        answer = self._cursor.sql(query).to_arrow_table()
        reader = pa.RecordBatchReader.from_batches(answer.schema, batches())
        return SimpleNamespace(to_arrow_reader=lambda _rows: reader)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            "IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2",
            CorruptDataError,
            r"warehouse\.duckdb cannot be read .*backfill",
        ),
        (
            "Out of Memory Error: could not allocate block of size 256.0 KiB",
            RetryableError,
            r"memory_limit",
        ),
    ],
)
def test_a_warehouse_that_breaks_off_is_not_taken_for_a_full_disk(
    staged: StagedGold, tmp_path: Path, text: str, kind: type[AirsideError], said: str
) -> None:
    staged.load([event()])
    staged.gold.refresh()
    transform = staged.warehouse.transform
    warehouse: Any = SimpleNamespace(
        path=staged.warehouse.path,
        transform=SimpleNamespace(cursor=lambda: BreakingOff(transform.cursor(), text)),
    )
    with pytest.raises(kind, match=said) as caught:
        export(warehouse, LocalLake(tmp_path))
    assert type(caught.value) is kind
    assert not list(tmp_path.glob("gold/*"))


def test_before_gold_has_been_built_there_is_nothing_to_write(tmp_path: Path) -> None:
    staged = StagedGold(tmp_path)
    assert export(staged.warehouse, LocalLake(tmp_path)) == []
    staged.close()
