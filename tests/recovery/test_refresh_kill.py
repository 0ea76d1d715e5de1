"""A refresh that is killed between any two steps: the next one makes it good, and nothing twice."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.calls import call, processed
from support.command import airside_json, clean_environment
from support.postgres import Postgres, rows
from support.two_warehouses import both_readers, sorted_rows

# What is replaced in the child by itself, followed by the end of the process.
INSTANTS = {
    "a handed file is there, its document is not": "airside.warehouse.handoff.publish_batch=before",
    "the rows are copied, not committed": "airside.warehouse.loader.Loader._copy=after",
    "the batches are committed, dbt has not run": "airside.runtime.refreshing.Gold.refresh=before",
    "dbt has run some of the models": "airside.gold.dbt_process.DbtProcess.invoke=after",
}
CHILD = """
import functools, importlib, os, signal, sys
where, _, when = sys.argv[1].partition("=")
module, _, name = where.rpartition(".")
try:
    owner = importlib.import_module(module)
except ModuleNotFoundError:
    module, _, inner = module.rpartition(".")
    owner = getattr(importlib.import_module(module), inner)
original = getattr(owner, name)

@functools.wraps(original)
def fatal(*arguments, **named):
    if when == "after":
        original(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, fatal)
from airside.cli import main
main(sys.argv[2:])
"""
TABLES = (
    "staging.flight_events",
    "staging.quarantine",
    "staging.checkpoints",
    "main.fct_flight_legs",
    "main.fct_flight_activity",
    "main.fct_turnarounds",
    "main.int_record_counts",
    "main.dim_aircraft",
    "main.dim_airlines",
    "main.dim_airports",
    "main.dim_flights",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return processed(tmp_path, records=1_200, seed=21)


def test_a_refresh_killed_at_any_instant_is_made_good(
    data: Path, postgres_server: Postgres
) -> None:
    url = postgres_server.new_database()
    options = ("--warehouse", url, "--data-dir", str(data))
    for instant, where in INSTANTS.items():
        killed = subprocess.run(
            [sys.executable, "-c", CHILD, where, "refresh", *options],
            env=clean_environment(),
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert killed.returncode == -signal.SIGKILL, f"{instant}: {killed.stderr.decode()}"
        batches = rows(url, "SELECT to_regclass('staging.batches') IS NOT NULL")
        if "not committed" in instant:
            assert batches == [(True,)]
            for table in ("flight_events", "quarantine", "batches", "checkpoints"):
                assert rows(url, f"SELECT count(*) FROM staging.{table}") == [(0,)]

    lines = b"".join(b'{"event_id": "late %d"}\n' % n for n in range(5))
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    assert call("run", "--until-drained", "--data-dir", data).code == 0
    again = airside_json("refresh", *options)
    assert again["handed_over"] == again["batches"] == 1  # what is new, and nothing of the old
    assert again["records"] == again["quarantined"] == 5
    assert airside_json("refresh", *options)["batches"] == 0

    with both_readers(data, url) as (embedded, server):
        for table in TABLES:
            expected, found = (
                sorted_rows(reader.query(f"SELECT * FROM {table}").to_pylist())
                for reader in (embedded, server)
            )
            assert found == expected, table
    assert airside_json("status", *options)["balanced"] is True
