"""What is true of the DuckDB file alone; the rest is in the contract suites."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from airside.errors import AirsideError, CorruptDataError, RetryableError, TerminalError, UsageError
from airside.warehouse import DuckDBWarehouse
from support.streams import TESTS
from support.warehouses import fill, open_warehouse

FOREVER = (
    "SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b"
    " WHERE hash(a.range * b.range) % 7 = 3"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def test_many_ask_while_one_loads(path: Path) -> None:
    found: list[int] = []
    with open_warehouse(path) as warehouse:

        def ask() -> None:
            for _ in range(20):
                (row,) = warehouse.query("SELECT count(*) AS n FROM batches").to_pylist()
                found.append(row["n"])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(10):
            with warehouse.transaction():
                warehouse.transform.execute(
                    "INSERT INTO staging.batches SELECT ?, 0, 0, 0, 0, now()::TIMESTAMP,"
                    " now()::TIMESTAMP, now()::TIMESTAMP",
                    [number],
                )
        for thread in threads:
            thread.join()
    assert len(found) == 80
    assert set(found) <= set(range(11))


def test_closing_cuts_off_the_questions_that_run(path: Path) -> None:
    errors: list[Exception] = []
    warehouse = DuckDBWarehouse(path, clock=lambda: 0)

    def ask() -> None:
        try:
            warehouse.query(FOREVER)
        except AirsideError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(warehouse._cursors) < 3:
        pass  # until all of them are at it
    warehouse.close()
    for thread in threads:
        thread.join()
    assert [type(error) for error in errors] == [RetryableError] * 3
    assert "closed before the answer was ready; ask again" in str(errors[0])
    with open_warehouse(path) as again:  # and the file is free
        assert again.checkpoint() == {}


def test_a_closed_warehouse_answers_no_more(path: Path) -> None:
    with open_warehouse(path) as warehouse:
        warehouse.close()
        with pytest.raises(RetryableError, match="ask again"):
            warehouse.query("SELECT 1")


def test_a_file_open_in_another_process_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "blocks"  # the path is no reason to speak of locks
    folder.mkdir()
    path = folder / "warehouse.duckdb"
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=TESTS,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(TerminalError, match=r"is open in another process.*PID \d+"):
            DuckDBWarehouse(path, clock=lambda: 0)
    finally:
        holder.communicate()
    with open_warehouse(path):
        pass


def test_a_file_that_is_not_there_to_be_read(tmp_path: Path) -> None:
    path = tmp_path / "warlock" / "warehouse.duckdb"
    with pytest.raises(AirsideError, match=r"warehouse\.duckdb") as error:
        DuckDBWarehouse(path, clock=lambda: 0, read_only=True)
    assert "another process" not in str(error.value)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def truncated_in_the_header(path: Path) -> None:
    os.truncate(path, 100)


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(2).randbytes(len(data) - 4096)
    path.write_bytes(data)


def overwritten(path: Path) -> None:
    path.write_text("not a database\n" * 1000)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_bit_turned_in_the_rows(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "damage",
    [truncated, truncated_in_the_header, garbled, overwritten, a_folder, a_bit_turned_in_the_rows],
)
def test_a_damaged_file_is_named(
    path: Path, damage: Callable[[Path], None], read_only: bool
) -> None:
    with open_warehouse(path) as warehouse:
        warehouse.transform.execute(
            "CREATE TABLE main.t AS SELECT hash(range) AS x FROM range(200000)"
        )
    damage(path)

    def use() -> None:
        with open_warehouse(path, read_only=read_only) as warehouse:
            warehouse.query("SELECT sum(x) FROM t")
            warehouse.checkpoint()

    with pytest.raises(CorruptDataError, match=r"warehouse\.duckdb.*backfill"):
        use()


def test_damage_in_the_middle_of_an_answer_is_named(path: Path) -> None:
    with open_warehouse(path) as warehouse:
        warehouse.transform.execute(
            "CREATE TABLE main.t AS SELECT hash(range) AS x FROM range(4000000)"
        )
    a_bit_turned_in_the_rows(path)
    found = 0

    def read() -> None:
        nonlocal found
        with open_warehouse(path) as warehouse, warehouse.stream("SELECT x FROM t") as rows:
            for batch in rows:
                found += batch.num_rows

    with pytest.raises(CorruptDataError, match=r"warehouse\.duckdb.*backfill"):
        read()
    assert 0 < found < 4_000_000


def test_another_database_is_told_apart(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    holds_none = pytest.raises(CorruptDataError, match=r"warehouse\.duckdb holds no tables of Air")
    with open_warehouse(path, read_only=True) as warehouse, holds_none:
        warehouse.query("SELECT 1")


def test_memory_is_bounded(path: Path) -> None:
    with closing(DuckDBWarehouse(path, clock=lambda: 0, threads=1, memory_limit="30MB")) as small:
        (row,) = small.query(
            "SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS n"
        ).to_pylist()
        assert row == {"memory": "28.6 MiB", "n": 1}
        small.transform.execute("SET GLOBAL max_temp_directory_size = '1MB'")
        with pytest.raises(RetryableError, match=r"raise `warehouse\.memory_limit`, or free disk"):
            small.query("SELECT list(range || 'x' ORDER BY hash(range)) FROM range(20000000)")
        assert small.query("SELECT 1 AS one").num_rows == 1

        def read() -> None:
            with small.stream(
                "SELECT '' AS x FROM range(100000) UNION ALL"
                " SELECT list(range || 'x' ORDER BY hash(range))::VARCHAR FROM range(20000000)"
            ) as rows:
                assert rows.read_next_batch().num_rows
                rows.read_all()

        with pytest.raises(RetryableError, match=r"raise `warehouse\.memory_limit`, or free disk"):
            read()
        assert small.query("SELECT 1 AS one").num_rows == 1


def test_closing_cuts_off_an_answer_that_is_being_read(path: Path) -> None:
    warehouse = DuckDBWarehouse(path, clock=lambda: 0)
    closed = threading.Thread(target=warehouse.close, daemon=True)

    def read() -> None:
        with warehouse.stream("SELECT range FROM range(1000000000)") as rows:
            rows.read_next_batch()
            closed.start()
            rows.read_all()

    with pytest.raises(RetryableError, match="closed before the answer was ready; ask again"):
        read()
    closed.join(timeout=30)
    assert not closed.is_alive()


def test_rows_come_in_parts_of_bounded_size(path: Path) -> None:
    """A record may have a MiB."""
    question = "SELECT range AS n, repeat('x', 1000000) AS text FROM range(40)"
    with open_warehouse(path) as warehouse, warehouse.stream(question) as rows:
        parts = list(rows)
    assert max(part.nbytes for part in parts) <= 16 * 1024 * 1024
    assert pa.Table.from_batches(parts)["n"].to_pylist() == list(range(40))


def test_an_answer_that_is_being_read_keeps_nothing_from_being_merged(path: Path) -> None:
    with closing(DuckDBWarehouse(path, clock=lambda: 0, wal_bytes=1_000_000)) as warehouse:
        fill(warehouse, 100_000)
        assert warehouse.shorten_log()
        with warehouse.stream("SELECT reason FROM removed_reasons") as rows:
            found = rows.read_next_batch().num_rows
            fill(warehouse, 30_000)
            assert warehouse.shorten_log()
            found += rows.read_all().num_rows
        assert found == 100_000


def test_instants_are_utc_whatever_the_machine_thinks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    with open_warehouse(path) as warehouse:
        (row,) = warehouse.query(
            "SELECT TIMESTAMPTZ '2025-09-24 18:00:00+05:30'::TIMESTAMP::VARCHAR AS at"
        ).to_pylist()
        assert row == {"at": "2025-09-24 12:30:00"}


def test_no_extension_is_fetched_from_anywhere(path: Path) -> None:
    with (
        open_warehouse(path) as warehouse,
        pytest.raises(UsageError, match=r"(?i)httpfs|extension"),
    ):
        warehouse.query("SELECT * FROM 'https://127.0.0.1:1/x.parquet'")


def test_a_name_of_ours_is_no_table(path: Path) -> None:
    numbers = pa.table({"x": [1]})  # noqa: F841 - DuckDB must not find it
    with open_warehouse(path) as warehouse, pytest.raises(UsageError, match="does not exist"):
        warehouse.query("SELECT * FROM numbers")


def log_bytes(path: Path) -> int:
    log = path.with_name(f"{path.name}.wal")
    return log.stat().st_size if log.exists() else 0


def test_a_log_is_merged_into_the_file_once_it_is_long(path: Path) -> None:
    with closing(DuckDBWarehouse(path, clock=lambda: 0, wal_bytes=1_000_000)) as warehouse:
        fill(warehouse, 10_000)
        assert not warehouse.shorten_log()
        before = log_bytes(path)
        fill(warehouse, 20_000)
        assert log_bytes(path) > before  # a commit does not do it
        with warehouse.beside() as cursor:
            cursor.execute("CREATE TABLE another (one INTEGER)")
            assert not warehouse.shorten_log()  # nor waits for what is being changed
        fill(warehouse, 1)
        assert warehouse.shorten_log()
        assert log_bytes(path) == 0
        answer = warehouse.query("SELECT count(*) AS n FROM removed_reasons").to_pylist()
        assert answer == [{"n": 30_001}]


def test_a_log_that_nobody_shortens_is_merged_by_a_commit(path: Path) -> None:
    longest = 0
    with closing(DuckDBWarehouse(path, clock=lambda: 0, wal_bytes=1_000_000)) as warehouse:
        for _ in range(20):
            fill(warehouse, 10_000)
            longest = max(longest, log_bytes(path))
    assert 1_500_000 < longest < 11_000_000


@pytest.mark.parametrize("after", ["ten minutes", "ten merges"])
def test_gaps_in_tables_are_closed_now_and_then_and_at_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    now_us = 0
    if after == "ten merges":
        monkeypatch.setattr("airside.warehouse.duckdb._VACUUM_EVERY_MERGES", 10)
    stretches = (
        "SELECT count(DISTINCT row_group_id) AS n FROM pragma_storage_info('staging.removed')"
    )

    def change(cursor: duckdb.DuckDBPyConnection, number: int) -> None:
        """As gold changes its tables: most rows anew, a few stay for good."""
        cursor.execute("DELETE FROM staging.removed WHERE batch_id >= ?", [number])
        cursor.execute(
            "INSERT INTO staging.removed SELECT md5(range::VARCHAR), '', ? + range, 1"
            " FROM range(20_000)",
            [number],
        )

    def found(connection: duckdb.DuckDBPyConnection) -> int:
        return int(connection.execute(stretches).fetchall()[0][0])

    with closing(DuckDBWarehouse(path, clock=lambda: now_us, wal_bytes=1_000_000)) as warehouse:
        for number in range(10):
            with warehouse.beside() as cursor:
                change(cursor, number)
            assert warehouse.shorten_log()
        assert found(warehouse.transform) == 10
        if after == "ten minutes":
            now_us += 600_000_000
        with warehouse.beside() as cursor:
            change(cursor, 10)
        assert warehouse.shorten_log()
        assert found(warehouse.transform) < 3
        for number in range(11, 15):
            with warehouse.beside() as cursor:
                change(cursor, number)
            assert warehouse.shorten_log()
        assert found(warehouse.transform) > 4
        with warehouse.beside() as cursor:
            change(cursor, 15)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert found(connection) < 3
