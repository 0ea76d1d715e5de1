"""A database that DuckDB has given up: no call helps any more, and the next process goes on."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from airside.errors import CorruptDataError, RetryableError
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.duckdb_errors import GivenUpError, translated_errors
from support.warehouses import fill, no_room_to_grow, open_warehouse


def test_a_disk_that_fills_as_the_log_is_merged_ends_the_process_and_costs_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "warehouse.duckdb"
    with closing(DuckDBWarehouse(path, clock=lambda: 0, wal_bytes=1_000_000)) as warehouse:
        fill(warehouse, 30_000)
        with no_room_to_grow(path.parent), pytest.raises(GivenUpError) as first:
            warehouse.shorten_log()
        # there is room again, but not for this process
        with pytest.raises(GivenUpError) as later:
            warehouse.query("SELECT 1")
        with pytest.raises(GivenUpError):
            fill(warehouse, 1)
    assert str(first.value) == str(later.value)
    assert "Could not write file" in str(first.value)
    assert "free disk space, then start again" in str(first.value)
    assert first.value.exit_code == 75
    with open_warehouse(path) as again:
        answer = again.query("SELECT count(*) AS n FROM removed_reasons").to_pylist()
        assert answer == [{"n": 30_000}]


INVALIDATED = (
    "FATAL Error: Failed: database has been invalidated because of a previous fatal error. The "
    "database must be restarted prior to being used again.\nOriginal error: "
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("FATAL Error: Failed to create checkpoint: No space left on device", "free disk space"),
        (f'{INVALIDATED}"Out of Memory Error: could not allocate"', "raise `warehouse.memory_limi"),
        (f'{INVALIDATED}"INTERNAL Error: who knows"', "`airside backfill`"),
    ],
)
def test_what_to_do_depends_on_why(said: str, expected: str) -> None:
    with pytest.raises(GivenUpError) as told, translated_errors(Path("warehouse.duckdb")):
        raise duckdb.FatalException(said)
    assert expected in str(told.value)
    assert "previous fatal error" not in str(told.value)


def test_a_lack_of_descriptors_is_no_damage() -> None:
    said = 'IO Error: Cannot open file "w.duckdb": Too many open files'
    with pytest.raises(RetryableError, match="ulimit -n"), translated_errors(Path("w.duckdb")):
        raise duckdb.IOException(said)


def test_a_database_that_is_given_up_for_its_damage_is_damaged() -> None:
    said = f'{INVALIDATED}"Failed to create checkpoint: Corrupt database file: computed checksum"'
    with pytest.raises(CorruptDataError, match="backfill"), translated_errors(Path("w.duckdb")):
        raise duckdb.FatalException(said)
