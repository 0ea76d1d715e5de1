"""The same models and the same questions give the same answers on DuckDB and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airside.dashboard.filters import Filters
from airside.gold import Gold, ServerDatabase
from airside.gold.dbt_process import PROJECT_DIR
from airside.warehouse import Reader
from airside.warehouse.servers import open_server
from support.command import airside_here, airside_json
from support.postgres import Postgres, rows
from support.questions import FILTERED, FILTERS, UNFILTERED
from support.two_warehouses import both_readers, busy_day, plain, sorted_rows

MODELS = sorted(path.stem for path in (PROJECT_DIR / "models").rglob("*.sql"))
SEEDS = sorted(path.stem for path in (PROJECT_DIR / "seeds").glob("*.csv"))
Readers = tuple[Reader, Reader]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def url(day: Path, postgres_server: Postgres) -> str:
    url = postgres_server.new_database()
    done = airside_json("refresh", "--warehouse", url, "--data-dir", day)
    status = airside_json("status", "--data-dir", day)
    assert done["records"] == status["received"]
    assert done["is_gold_changed"] is True
    return url


@pytest.fixture(scope="module")
def readers(day: Path, url: str) -> Iterator[Readers]:
    with both_readers(day, url) as readers:
        yield readers


@pytest.mark.parametrize("model", [m for m in MODELS if m != "stg_batches"] + SEEDS)
def test_every_model_is_the_same_row_for_row(readers: Readers, model: str) -> None:
    embedded, server = (
        sorted_rows(reader.query(f"SELECT * FROM main.{model}").to_pylist()) for reader in readers
    )
    assert embedded == server
    assert embedded


def test_batches_are_handed_over_together_and_add_up(readers: Readers) -> None:
    sums = (
        "SELECT sum(received) AS a, sum(clean) AS b, sum(quarantined) AS c, sum(duplicates) AS d,"
        " min(first_arrived_at) AS e, max(last_arrived_at) AS f FROM main.stg_batches"
    )
    embedded, server = (plain(reader.query(sums)) for reader in readers)
    assert embedded == server


def test_staging_is_the_same_row_for_row(readers: Readers) -> None:
    for table in ("flight_events", "quarantine", "checkpoints"):
        embedded, server = (
            sorted_rows(reader.query(f"SELECT * FROM staging.{table}").to_pylist())
            for reader in readers
        )
        assert embedded == server
        assert embedded


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("ask", FILTERED)
def test_the_page_has_the_same_figures_for_any_filter(
    readers: Readers, ask: Callable[[Reader, Filters], Any], filters: Filters
) -> None:
    embedded, server = (plain(ask(reader, filters)) for reader in readers)
    assert embedded == server


@pytest.mark.parametrize("ask", UNFILTERED)
def test_the_other_questions_have_the_same_answers(
    readers: Readers, ask: Callable[[Reader], Any]
) -> None:
    embedded, server = (plain(ask(reader)) for reader in readers)
    assert embedded == server


@pytest.mark.parametrize("movement", ["departure", "arrival"])
@pytest.mark.parametrize("kind", ["scheduled", "actual"])
def test_legs_of_a_time_are_found_without_reading_all(url: str, kind: str, movement: str) -> None:
    rather = "SET enable_seqscan = off"  # a few legs are read faster as they lie
    time = f"{kind}_{movement}_at"
    asked = f"EXPLAIN SELECT * FROM main.fct_flight_legs WHERE {time} > '2026-01-01'"
    plan = rows(url, f"{rather}; {asked}")
    assert "Index" in str(plan)


def test_dbts_tests_of_keys_relations_and_rules_pass(url: str, tmp_path: Path) -> None:
    gold = Gold(ServerDatabase(open_server(url)), tmp_path)
    results = gold.test()
    gold.close()
    assert len(results) > 50
    assert [r for r in results if r.status != "pass"] == []


def test_the_report_by_url_is_the_report(day: Path, url: str) -> None:
    by_url = airside_json("report", "--warehouse", url, "--data-dir", day)
    assert plain(by_url) == plain(airside_json("report", "--data-dir", day))
    assert by_url["totals"]["flights"] > 60


def test_sql_is_the_servers_own(day: Path, url: str) -> None:
    question = "SELECT count(*)::int AS legs FROM fct_flight_legs WHERE flight_icao ~ '^[A-Z0-9]+'"
    ((expected,),) = rows(url, question.replace("fct", "main.fct"))
    assert airside_json("sql", question, "--warehouse", url, "--data-dir", day) == [
        {"legs": expected}
    ]


def test_the_account_goes_through_to_the_server(day: Path, url: str, tmp_path: Path) -> None:
    embedded = airside_json("status", "--data-dir", day)
    by_url = airside_json("status", "--warehouse", url, "--data-dir", day)
    for status in (embedded, by_url):
        for consumer in status["consumers"].values():
            consumer["iterator_age_seconds"] = consumer["records_per_second"] = 0
    assert by_url.pop("drift") is None, "a server does not watch"
    assert embedded.pop("drift")["received"] == embedded["received"]
    assert by_url == embedded
    alone = airside_json("status", "--warehouse", url, "--data-dir", tmp_path / "none")
    assert alone["balanced"] is True
    assert alone["received"] == embedded["received"]
    assert alone["reasons"] == embedded["reasons"]
    assert "account is balanced" in airside_here(
        "status", "--warehouse", url, "--data-dir", tmp_path / "none"
    )
