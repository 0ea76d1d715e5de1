"""A data directory of an older Airside: upgraded in steps, whenever that is cut off, or refused."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from airside.runtime.migrations import FORMAT_VERSION
from support.calls import call, processed
from support.command import airside_json, clean_environment

# The end of the process after so many of the statements that make the tables, or before the marker.
CHILD = """
import os, signal, sys
from airside.runtime import data_dir, migrations
from airside.warehouse import duckdb as warehouse

if sys.argv[1] == "marker":
    data_dir.DataDir._mark = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
else:
    ddl = warehouse.ddl
    def fatal(feed):
        statements = ddl(feed)
        def given():
            for number, statement in enumerate(statements):
                if calls and number == int(sys.argv[1]):
                    os.kill(os.getpid(), signal.SIGKILL)
                yield statement
            calls.append(feed)
        return given()
    calls = []
    warehouse.ddl = fatal
from airside.cli import main
main(sys.argv[2:])
"""
NEW_TABLES = ("drift_fields", "drift_sources", "drift_totals", "removed", "removed_reasons")
UPGRADING = (
    "Upgrading {} from format 1 to 2: the warehouse gets tables for schema drift",
    "Upgrading {} from format 2 to 3: it is written down how large each file of gold is",
)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return processed(tmp_path_factory.mktemp("upgrade"), records=400, seed=5)


@pytest.fixture
def copied(today: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(today, tmp_path / "data"))


@pytest.fixture
def old(copied: Path) -> Path:
    """As format 1 was: records in it, and a warehouse without the tables that came later."""
    with duckdb.connect(str(copied / "warehouse.duckdb")) as warehouse:
        warehouse.execute("DROP VIEW staging.drift")
        for table in NEW_TABLES:
            warehouse.execute(f"DROP TABLE staging.{table}")
        warehouse.execute("ALTER TABLE staging.gold_exports DROP bytes")
    (copied / "airside.json").write_text('{"format_version": 1}\n')
    return copied


def version(root: Path) -> int:
    return int(json.loads((root / "airside.json").read_text())["format_version"])


def test_looking_at_an_older_directory_says_how_to_upgrade_it(old: Path) -> None:
    for words in (("status",), ("report",), ("sql", "SELECT 1"), ("quarantine", "list")):
        done = call(*words, "--data-dir", old)
        assert done.code == 1
        assert "has format version 1, of an older Airside" in done.err
        assert f"upgrade it with `airside run --until-drained --data-dir {old}`" in done.err
    assert version(old) == 1


def test_running_on_it_upgrades_it_and_says_so_once(old: Path) -> None:
    first = call("run", "--until-drained", "--data-dir", old)
    assert first.code == 0, first.err
    assert all(step.format(old) in first.err for step in UPGRADING)
    assert version(old) == FORMAT_VERSION
    again = call("run", "--until-drained", "--data-dir", old)
    assert "Upgrading" not in again.err
    status = airside_json("status", "--data-dir", old)
    assert (status["received"], status["balanced"]) == (400, True)
    assert status["drift"]["examined"] == 0  # what came before is not looked at again


@pytest.mark.parametrize("instant", ["0", "6", "marker"])
def test_an_upgrade_that_is_killed_is_done_again(old: Path, instant: str) -> None:
    run = ("run", "--until-drained", "--data-dir", str(old))
    child = subprocess.run(
        [sys.executable, "-c", CHILD, instant, *run],
        capture_output=True,
        check=False,
        env=clean_environment(),
        timeout=120,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert version(old) == 1
    done = call(*run)
    assert done.code == 0, done.err
    assert all(step.format(old) in done.err for step in UPGRADING)
    assert version(old) == FORMAT_VERSION
    assert airside_json("status", "--data-dir", old)["balanced"]


def test_a_backfill_takes_the_archive_of_an_older_directory_and_looks_for_drift(
    old: Path, tmp_path: Path
) -> None:
    done = call("backfill", "--source", old, "--data-dir", tmp_path / "new")
    assert done.code == 0, done.err
    drift = airside_json("status", "--data-dir", tmp_path / "new")["drift"]
    assert drift["received"] == 400
    assert version(old) == 1


def test_a_damaged_warehouse_does_not_keep_a_directory_from_being_upgraded(old: Path) -> None:
    (old / "warehouse.duckdb").write_bytes(b"not a database" * 1_000)
    done = call("backfill", "--data-dir", old)
    assert done.code == 0, done.err
    assert version(old) == FORMAT_VERSION
    assert airside_json("status", "--data-dir", old)["balanced"]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE staging.quarantine DROP detail",
        "ALTER TABLE staging.batches ADD COLUMN rows BIGINT",
        "ALTER TABLE staging.drift_fields ALTER records TYPE INTEGER",
    ],
)
def test_a_warehouse_with_other_tables_is_refused_before_the_first_batch(
    copied: Path, change: str
) -> None:
    with duckdb.connect(str(copied / "warehouse.duckdb")) as warehouse:
        warehouse.execute(change)
    done = call("run", "--until-drained", "--data-dir", copied)
    assert done.code == 65
    assert "is of another version of Airside" in done.err
