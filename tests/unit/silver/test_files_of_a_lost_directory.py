"""Which of a zone's files can be trusted when only the archive says what there should be."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from airside.lake import LocalLake
from airside.silver import beyond, trusted

ROOT = "silver/flight_events"
HOUR = f"{ROOT}/ingest_date=2026-03-01/ingest_hour="


@pytest.fixture
def lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path)


def write(lake: LocalLake, hour: str, *ranges: tuple[int, int], shard: str = "shard-000") -> None:
    for after, last in ranges:
        with lake.publish(f"{HOUR}{hour}/{shard}-{after:03}-{last:03}.parquet") as path:
            path.write_bytes(b"")


def left(lake: LocalLake, **end: int) -> tuple[dict[str, str], list[str]]:
    """Where each shard is whole, and the ranges that have to be made anew."""
    position = {f"shard-{name[1:]}": f"{last:03}" for name, last in end.items()}
    whole = trusted(lake, ROOT, position)
    names: Sequence[str] = beyond(lake, ROOT, whole)
    return whole, [name.rpartition("/")[2].removesuffix(".parquet")[6:] for name in names]


def test_the_newest_batch_may_have_been_cut_off(lake: LocalLake) -> None:
    write(lake, "05", (0, 10), (10, 20), (20, 30))
    assert left(lake, s000=90) == ({"shard-000": "020"}, ["000-020-030"])


def test_a_batch_over_two_hours_is_made_anew_in_both(lake: LocalLake) -> None:
    write(lake, "05", (0, 10), (10, 20))
    write(lake, "06", (10, 20))
    assert left(lake, s000=90) == ({"shard-000": "010"}, ["000-010-020", "000-010-020"])


def test_what_the_archive_does_not_hold_is_made_anew(lake: LocalLake) -> None:
    write(lake, "05", (0, 10), (10, 20), (20, 30), (30, 40))
    assert left(lake, s000=20) == ({"shard-000": "020"}, ["000-020-030", "000-030-040"])
    assert left(lake, s000=25) == ({"shard-000": "020"}, ["000-020-030", "000-030-040"])
    assert left(lake, s000=0) == (
        {"shard-000": "000"},
        ["000-000-010", "000-010-020", "000-020-030", "000-030-040"],
    )


def test_merged_hours_that_overlap_by_name_go_together(lake: LocalLake) -> None:
    write(lake, "05", (0, 45))  # merged: its last batch went on into the next hour
    write(lake, "06", (40, 80))
    write(lake, "07", (80, 90))
    assert left(lake, s000=99) == ({"shard-000": "080"}, ["000-080-090"])
    assert left(lake, s000=70) == (
        {"shard-000": "000"},
        ["000-000-045", "000-040-080", "000-080-090"],
    )


def test_each_shard_for_itself_and_strangers_wholly(lake: LocalLake) -> None:
    write(lake, "05", (0, 10), (10, 20))
    write(lake, "05", (0, 5), (5, 50), shard="shard-001")
    write(lake, "05", (0, 7), shard="shard-002")
    whole, again = left(lake, s000=20, s001=50)
    assert whole == {"shard-000": "010", "shard-001": "005", "shard-002": ""}
    assert again == ["000-010-020", "001-005-050", "002-000-007"]


def test_an_empty_zone(lake: LocalLake) -> None:
    assert left(lake, s000=20) == ({}, [])
