"""Merging silver's files: the same rows in the same order, whatever wrote the parts."""

import errno
import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airside.errors import CorruptDataError, RetryableError
from airside.lake import LocalLake
from airside.silver import compact

ROOT = "silver/flight_events"
HOUR = f"{ROOT}/ingest_date=2025-09-24/ingest_hour=05"
LATER = f"{ROOT}/ingest_date=2025-09-24/ingest_hour=06"
ARRIVED = datetime(2025, 9, 24, 5, 30)  # noqa: DTZ001 - UTC


def rows(first: int, last: int, **more: pa.Array) -> pa.Table:
    count = last - first + 1
    return pa.table(
        {
            "event_id": pa.array([f"e{n}" for n in range(first, last + 1)]),
            "arrived_at": pa.array([ARRIVED] * count, pa.timestamp("us")),
            "quality_flags": pa.array(
                [["late", "odd"][: n % 3] for n in range(count)], pa.list_(pa.string())
            ),
            "sequence_number": pa.array([f"{n:03}" for n in range(first, last + 1)]),
            **more,
        }
    )


def put(lake: LocalLake, first: int, last: int, table: pa.Table, folder: str = HOUR) -> str:
    name = f"{folder}/shard-000-{first:03}-{last:03}.parquet"
    with lake.publish(name) as path:
        pq.write_table(table, path, compression="zstd", store_schema=False)
    return name


def read(lake: LocalLake, name: str) -> pa.Table:
    return pq.ParquetFile(pa.BufferReader(lake.read(name))).read()


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path)


def test_an_hours_files_become_one_with_the_same_rows_in_order(lake: LocalLake) -> None:
    parts = [rows(1, 5), rows(6, 6), rows(7, 9)]
    for part, (first, last) in zip(parts, [(0, 5), (5, 6), (6, 9)], strict=True):
        put(lake, first, last, part)
    later = put(lake, 9, 12, rows(10, 12), LATER)
    assert compact(lake, ROOT, before=LATER) == (3, 1)
    assert lake.names(ROOT) == [f"{HOUR}/shard-000-000-009.parquet", later]
    merged = read(lake, f"{HOUR}/shard-000-000-009.parquet")
    assert merged.to_pylist() == pa.concat_tables(parts).to_pylist()
    assert merged.schema.equals(read(lake, later).schema)
    assert compact(lake, ROOT, before=LATER) == (0, 0)


def test_files_of_several_versions_become_one(lake: LocalLake) -> None:
    put(lake, 0, 2, rows(1, 2, old=pa.array([1, None], pa.int32())))
    put(lake, 2, 4, rows(3, 4, old=pa.array([2**40, 7]), new=pa.array(["a", "b"])))
    with lake.publish(f"{HOUR}/shard-000-004-006.parquet") as path:
        folders = {name: pa.array([5, 5], pa.int32()) for name in ("ingest_date", "ingest_hour")}
        written = rows(5, 6, **folders)  # noqa: F841 - DuckDB reads it
        duckdb.sql(f"COPY written TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    assert compact(lake, ROOT, before=LATER) == (3, 1)
    merged = read(lake, f"{HOUR}/shard-000-000-006.parquet")
    assert merged.column_names == [*rows(1, 1).column_names, "old", "new"]
    assert merged["old"].to_pylist() == [1, None, 2**40, 7, None, None]
    assert merged["new"].to_pylist() == [None, None, "a", "b", None, None]
    assert merged["event_id"].to_pylist() == [f"e{n}" for n in range(1, 7)]


def test_it_rests_after_each_row_group_and_can_be_cut_off(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[compact.__module__], "_GROUP_ROWS", 10)
    for first in range(0, 30, 5):
        put(lake, first, first + 5, rows(first + 1, first + 5))
    before = {name: lake.read(name) for name in lake.names(ROOT)}

    def stop(worked: float) -> None:
        if worked:
            raise RetryableError("stopped")

    with pytest.raises(RetryableError, match="stopped"):
        compact(lake, ROOT, before=LATER, rest=stop)
    assert {name: lake.read(name) for name in lake.names(ROOT)} == before

    rested: list[float] = []
    assert compact(lake, ROOT, before=LATER, rest=rested.append) == (6, 1)
    assert [worked > 0 for worked in rested] == [False] * 6 + [True] * 3, "parts come from afar too"
    merged = f"{HOUR}/shard-000-000-030.parquet"
    assert pq.ParquetFile(pa.BufferReader(lake.read(merged))).metadata.num_row_groups == 3
    assert read(lake, merged)["event_id"].to_pylist() == [f"e{n}" for n in range(1, 31)]


def test_few_large_rows_make_a_row_group_too(lake: LocalLake) -> None:
    payload = pa.array([bytes(1024 * 1024)] * 20, pa.binary())
    for first in range(0, 100, 20):
        put(lake, first, first + 20, rows(first + 1, first + 20, payload=payload))
    assert compact(lake, ROOT, before=LATER) == (5, 1)
    (merged,) = lake.names(ROOT)
    metadata = pq.ParquetFile(pa.BufferReader(lake.read(merged))).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [80, 20]
    assert read(lake, merged)["event_id"].to_pylist() == [f"e{n}" for n in range(1, 101)]


@pytest.mark.parametrize("keep", [0, 10, -40], ids=["empty", "its beginning", "all but its end"])
def test_a_damaged_file_is_named_and_the_others_stay(lake: LocalLake, keep: int) -> None:
    put(lake, 0, 2, rows(1, 2))
    damaged = put(lake, 2, 4, rows(3, 4))
    content = lake.read(damaged)
    with lake.publish(damaged) as path:
        path.write_bytes(content[:keep])
    with pytest.raises(CorruptDataError, match=f"{damaged} cannot be read .*airside backfill"):
        compact(lake, ROOT, before=LATER)
    assert len(lake.names(ROOT)) == 2


def test_an_hour_with_damage_keeps_no_other_from_being_merged(lake: LocalLake) -> None:
    put(lake, 0, 2, rows(1, 2))
    damaged = put(lake, 2, 4, rows(3, 4))
    with lake.publish(damaged) as path:
        path.write_bytes(b"")
    put(lake, 4, 6, rows(5, 6), LATER)
    put(lake, 6, 8, rows(7, 8), LATER)
    with pytest.raises(CorruptDataError, match=damaged):
        compact(lake, ROOT, before=f"{ROOT}/ingest_date=2025-09-24/ingest_hour=07")
    assert lake.names(f"{ROOT}/ingest_date=2025-09-24/ingest_hour=06") == [
        f"{LATER}/shard-000-004-008.parquet"
    ]
    assert len(lake.names(ROOT)) == 3


def test_a_damaged_page_is_named(lake: LocalLake) -> None:
    put(lake, 0, 2, rows(1, 2))
    damaged = put(lake, 2, 400, rows(3, 400))
    content = bytearray(lake.read(damaged))
    content[4:400] = bytes(396)
    with lake.publish(damaged) as path:
        path.write_bytes(content)
    with pytest.raises(CorruptDataError, match=f"{damaged} cannot be read"):
        compact(lake, ROOT, before=LATER)
    assert len(lake.names(ROOT)) == 2


def test_a_file_that_cannot_be_opened_now_is_not_taken_for_damaged(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    names = [put(lake, 0, 2, rows(1, 2)), put(lake, 2, 4, rows(3, 4))]
    with monkeypatch.context() as patch:
        patch.setattr(pq, "ParquetFile", refused)
        with pytest.raises(RetryableError, match=r"000-002\.parquet .*\(Too many .*ulimit"):
            compact(lake, ROOT, before=LATER)
    assert lake.names(ROOT) == names
    assert compact(lake, ROOT, before=LATER) == (2, 1)
