"""A refresh costs what is new, survives its own death, and keeps out of its host's way."""

import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from airside.errors import AirsideError, RetryableError
from airside.gold import Gold, Thresholds, control
from airside.gold.dbt_process import PROJECT_DIR, DbtProcess
from oracle.gold import gold as read_contract
from unit.gold.staged_gold import LEG_COLUMNS, Row, StagedGold, at, cut, event, random_events


def assert_legs_equal(staged: StagedGold, rows: list[Row]) -> None:
    legs = staged.rows(f"SELECT {', '.join(LEG_COLUMNS)} FROM fct_flight_legs")
    assert {leg["leg_key"]: leg for leg in legs} == read_contract(rows).legs


def test_the_first_refresh_of_nothing_makes_every_model(tmp_path: Path) -> None:
    staged = StagedGold(tmp_path)
    result = staged.gold.refresh()
    assert (result.refreshed, result.through_batch_id) == (True, 0)
    tables = {row["table_name"] for row in staged.rows("FROM information_schema.tables")}
    assert tables >= {path.stem for path in (PROJECT_DIR / "models").rglob("*.sql")}
    assert staged.one("SELECT count(*) FROM fct_flight_legs") == 0
    assert not staged.gold.refresh().refreshed
    staged.close()


def test_nothing_new_costs_nothing(staged: StagedGold, monkeypatch: pytest.MonkeyPatch) -> None:
    staged.load([event()])
    assert staged.gold.refresh().refreshed
    monkeypatch.setattr(staged.gold, "_dbt", None)  # it would be missed
    result = staged.gold.refresh()
    assert (result.refreshed, result.through_batch_id) == (False, 1)


def test_a_steady_refresh_runs_the_incremental_models_alone(staged: StagedGold) -> None:
    staged.load([event()])
    models = staged.gold.refresh().model_seconds
    assert {name.split("_")[0] for name in models} == {"dim", "fct", "int"}
    assert "dim_dates" not in models


def test_a_steady_refresh_does_without_dbt(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rng = random.Random(3)
    first, second, third = cut(rng, random_events(rng, legs=30, events=200), batches=3)
    staged.load(first)
    staged.gold.refresh()
    staged.load(second)
    before = staged.gold.refresh().model_seconds
    staged.load(third)
    with monkeypatch.context() as patch:
        patch.setattr(DbtProcess, "invoke", None)  # it would be missed
        assert list(staged.gold.refresh().model_seconds) == list(before)
        assert_legs_equal(staged, first + second + third)
        staged.load(third)
        restarted = Gold(staged.path, tmp_path / "work")
        assert list(restarted.refresh().model_seconds) == list(before)


def test_events_that_an_older_version_kept_in_a_table_become_a_view(
    staged: StagedGold, tmp_path: Path
) -> None:
    staged.load([event()])
    staged.gold.refresh()
    for change in (
        "CREATE TABLE older AS FROM fct_flight_activity",
        "DROP VIEW fct_flight_activity",
        "ALTER TABLE older RENAME TO fct_flight_activity",
        "INSERT INTO staging.gold_progress VALUES ('fct_flight_activity', 1)",
        "DELETE FROM staging.gold_fingerprints WHERE name = 'models'",
    ):
        staged.execute(change)
    staged.load([event()])
    upgraded = Gold(staged.path, tmp_path / "work")
    assert upgraded.refresh().through_batch_id == 2
    assert not upgraded.refresh().refreshed, "no progress is left that nobody makes"
    assert staged.one("SELECT count(*) FROM fct_flight_activity") == 2
    assert staged.one("SELECT count(*) FROM duckdb_views() WHERE view_name = 'fct_flight_activity'")


def test_a_table_that_somebody_dropped_is_made_anew(staged: StagedGold) -> None:
    for flight in ("FIRST", "SECOND"):
        staged.load([event(flight_icao=flight)])
        staged.gold.refresh()
    staged.execute("DROP TABLE dim_airlines")
    staged.load([event(flight_icao="THIRD")])
    with pytest.raises(AirsideError, match="dim_airlines"):
        staged.gold.refresh()
    staged.gold.refresh()
    staged.load([event(flight_icao="FOURTH")])
    staged.gold.refresh()
    assert staged.one("SELECT count(*) FROM dim_airlines WHERE airline_name = 'Unknown'") == 1


def test_what_commits_during_a_refresh_waits_for_the_next(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All models of a refresh see the same events although staging grows under them."""
    staged.load([event(flight_icao="FIRST")])
    take_in = staged.gold._take_in

    def slow_take_in():  # noqa: ANN202  as the method it stands for
        staged.load([event(flight_icao="SECOND")])
        monkeypatch.setattr(staged.gold, "_take_in", take_in)
        return take_in()

    monkeypatch.setattr(staged.gold, "_take_in", slow_take_in)
    assert staged.gold.refresh().through_batch_id == 1
    assert staged.one("SELECT string_agg(flight_icao) FROM fct_flight_activity") == "FIRST"
    assert staged.one("SELECT string_agg(flight_icao) FROM fct_flight_legs") == "FIRST"
    assert staged.gold.refresh().through_batch_id == 2
    assert staged.one("SELECT count(*) FROM fct_flight_activity") == 2


def test_many_events_are_taken_in_several_runs(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged.gold, "_max_events_per_run", 40)
    rows = random_events(random.Random(1), legs=20, events=120)
    for batch in cut(random.Random(1), rows, batches=5):
        staged.load(batch)
    assert staged.gold.refresh().through_batch_id == 5
    assert_legs_equal(staged, rows)


@pytest.mark.parametrize("broken", ["int_flight_leg_events", "fct_flight_legs", "fct_turnarounds"])
def test_a_refresh_that_died_halfway_is_made_good(staged: StagedGold, broken: str) -> None:
    rng = random.Random(broken)
    first, second, third = cut(rng, random_events(rng, legs=30, events=200), batches=3)
    staged.load(first)
    staged.gold.refresh()
    staged.load(second)
    for change in (
        "ADD COLUMN nobody_fills INTEGER DEFAULT 0",
        "ALTER COLUMN nobody_fills SET NOT NULL",
        "ALTER COLUMN nobody_fills DROP DEFAULT",
    ):
        staged.execute(f"ALTER TABLE {broken} {change}")
    for _ in ("by the script of the refresh before", "by dbt, as that has failed"):
        with pytest.raises(AirsideError, match=rf"{broken}.*nobody_fills"):
            staged.gold.refresh()
    staged.load(third)
    staged.execute(f"ALTER TABLE {broken} ALTER COLUMN nobody_fills DROP NOT NULL")
    staged.execute(f"ALTER TABLE {broken} DROP COLUMN nobody_fills")
    staged.gold.refresh()
    assert_legs_equal(staged, first + second + third)
    healed = staged.tables()
    staged.gold.full_refresh()
    assert staged.tables() == healed


def test_staging_that_was_loaded_anew_is_read_anew(staged: StagedGold) -> None:
    staged.load([event(flight_icao="OLD")])
    staged.load([event(flight_icao="OLD")])
    staged.gold.refresh()
    for table in ("flight_events", "batches"):
        staged.execute(f"DELETE FROM staging.{table}")
    rows = [event(flight_icao="NEW")]
    staged.load(rows)
    assert staged.gold.refresh().through_batch_id == 1
    assert_legs_equal(staged, rows)


def test_a_rebuild_that_died_halfway_is_done_again(staged: StagedGold) -> None:
    rows = random_events(random.Random(2), legs=10, events=60)
    staged.load(rows)
    staged.gold.refresh()
    staged.execute("DELETE FROM fct_turnarounds")
    staged.execute("ALTER TABLE staging.airports RENAME COLUMN city TO town")
    with pytest.raises(AirsideError, match=r"stg_airports.*city"):
        staged.gold.full_refresh()
    staged.execute("ALTER TABLE staging.airports RENAME COLUMN town TO city")
    staged.gold.refresh()
    assert staged.one("SELECT count(*) FROM fct_turnarounds") == len(
        read_contract(rows).turnarounds
    )


def test_a_new_threshold_takes_effect_at_once(staged: StagedGold, tmp_path: Path) -> None:
    staged.load(
        [
            event(tail_number="VT-A", actual_departure_at=at(0), actual_arrival_at=at(50)),
            event(
                flight_icao="6E2",
                departure_airport_iata="AMD",
                tail_number="VT-A",
                actual_departure_at=at(100),
            ),
            event(flight_icao="6E3", scheduled_departure_at=at(120)),
        ]
    )
    staged.gold.refresh()
    assert staged.one("SELECT derived_minutes FROM fct_turnarounds") == 50
    assert staged.one("SELECT count(*) FROM rpt_live_flights") == 3

    nearer = Thresholds(live_departure_minutes=119)
    closer = Gold(staged.path, tmp_path, thresholds=nearer).refresh()
    assert staged.one("SELECT count(*) FROM rpt_live_flights") == 2
    assert "rpt_live_flights" in closer.model_seconds
    assert "fct_flight_legs" not in closer.model_seconds  # a view costs no reading

    shorter = Thresholds(turnaround_cutoff_minutes=50)
    Gold(staged.path, tmp_path, thresholds=shorter).refresh()
    assert staged.one("SELECT count(*) FROM fct_turnarounds") == 0


def test_new_reference_data_reaches_the_dimensions(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged.load([event(airline_iata="6E"), event(airline_iata="??")])
    staged.gold.refresh()
    airports = control.airports_table()
    renamed = airports.set_column(2, "airport_name", airports["airport_iata"])
    monkeypatch.setattr(control, "airports_table", lambda: renamed)
    result = Gold(staged.path, staged.path.parent / "dbt").refresh()
    assert staged.one("SELECT airport_name FROM dim_airports WHERE airport_iata = 'AMD'") == "AMD"
    assert staged.one("SELECT count(*) FROM dim_airlines WHERE airline_iata = '??'") == 1
    assert "fct_flight_legs" not in result.model_seconds


def test_a_work_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    staged = StagedGold(tmp_path)
    staged.load([event()])
    others = Thresholds(turnaround_cutoff_minutes=170)  # for which dbt has to be asked
    with pytest.raises(RetryableError, match="file/dbt cannot be written"):
        Gold(staged.path, tmp_path / "file" / "dbt", thresholds=others).refresh()
    staged.close()


HOST = """
import logging, os, sys, threading
from pathlib import Path
from airside.gold import Gold
from airside.warehouse import DuckDBWarehouse

warehouse = DuckDBWarehouse(Path("warehouse.duckdb"), clock=lambda: 0)
gold = Gold(Path("warehouse.duckdb"), Path("work"))
handlers, folder = logging.getLogger().handlers[:], os.getcwd()
failures = []
def work():
    try:
        gold.refresh()
        gold.full_refresh()
        assert "dbt" in sys.modules
    except BaseException as error:
        failures.append(error)
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert not failures, failures
assert logging.getLogger().handlers == handlers
assert os.getcwd() == folder
assert warehouse.query("SELECT count(*) FROM fct_flight_legs").num_rows == 1
gold.close()
warehouse.close()
sys.stdin.read()  # alive, and no longer in anybody's way
"""


def test_gold_keeps_out_of_its_hosts_way(tmp_path: Path) -> None:
    """It runs on any thread, prints nothing, logs nothing, writes only where it may.

    Nor does the environment, meant for other dbt projects, get into it.
    """
    project = {path: path.stat().st_mtime_ns for path in PROJECT_DIR.rglob("*")}
    with subprocess.Popen(
        [sys.executable, "-c", HOST],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"HOME": str(tmp_path), "PATH": "", "DBT_TARGET": "prod", "DBT_DEBUG": "1"},
    ) as host:
        output, _ = host.communicate(timeout=120)
    assert (host.returncode, output) == (0, b"")
    assert {path: path.stat().st_mtime_ns for path in PROJECT_DIR.rglob("*")} == project
    assert {path.name for path in tmp_path.iterdir()} <= {"warehouse.duckdb", "work"}
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        assert connection.execute("SELECT count(*) FROM rpt_airline_delays").fetchall() == [(0,)]
