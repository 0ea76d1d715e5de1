"""The same models and the same questions give the same answers on DuckDB and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airside.dashboard.filters import Filters
from airside.dashboard.queries import kpis, legs, live, records, reports, trends
from airside.gold import answers
from airside.gold.dbt_process import PROJECT_DIR
from airside.warehouse import Reader
from support.command import airside_here, airside_json
from support.postgres import Postgres, rows
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


NOW = datetime(2026, 3, 1, 20)  # noqa: DTZ001  event time has no zone
FILTERS = [
    Filters(),
    Filters(airlines=("6E", "NONE"), statuses=("landed",)),
    Filters(airports=("AMD",), direction="arrival"),
    Filters(since=NOW - timedelta(hours=9), until=NOW),
]
FILTERED: list[Callable[[Reader, Filters], Any]] = [
    reports.airline_delays,
    reports.passengers_vs_turnaround,
    reports.turnaround_points,
    reports.delay_line,
    reports.delay_points,
    reports.movements,
    lambda reader, filters: kpis.settled(reader, filters, NOW),
    lambda reader, filters: trends.trends(
        reader, filters, by="hour", group_by="airline", top=5, zone="UTC", watermark=NOW
    ),
    lambda reader, filters: trends.trends(
        reader,
        filters,
        by="hour_of_day",
        group_by="airport",
        top=5,
        zone="Asia/Kolkata",
        watermark=NOW,
    ),
    lambda reader, filters: trends.trends(
        reader, filters, by="day", group_by="none", top=5, zone="UTC", watermark=NOW
    ),
]
UNFILTERED: list[Callable[[Reader], Any]] = [
    answers.report,
    live.gold_is_built,
    lambda reader: live.version(reader)[1].newest_arrived_at,
    lambda reader: sorted_rows(live.board(reader).to_pylist()),
    lambda reader: live.watermark(reader, live.board(reader).slice(0, 0)),
    lambda reader: records.quarantined(reader, None, 30, 5),
    lambda reader: records.quarantined(reader, "not_json", 5, 0),
    records.quality,
    lambda reader: reports.airport(reader, None),
    lambda reader: reports.airport(reader, "AMD"),
    lambda reader: legs.airports(reader, ["AMD", "BOM", "XXX"]),
    lambda reader: legs.leg(reader, *_busiest(reader)[:1]),
    lambda reader: legs.turnaround(reader, *_busiest(reader)[:1]),
    lambda reader: legs.timeline(reader, *_busiest(reader)),
    lambda reader: records.locations(reader, *_busiest(reader), 10, 2),
    lambda reader: legs.leg(reader, "none such"),
]


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
    assert by_url == embedded
    alone = airside_json("status", "--warehouse", url, "--data-dir", tmp_path / "none")
    assert alone["balanced"] is True
    assert alone["received"] == embedded["received"]
    assert alone["reasons"] == embedded["reasons"]
    assert "account is balanced" in airside_here(
        "status", "--warehouse", url, "--data-dir", tmp_path / "none"
    )


def _busiest(reader: Reader) -> tuple[str, str]:
    (leg,) = reader.query(
        "SELECT leg_key, scheduled_departure_at FROM main.fct_flight_legs"
        " ORDER BY events DESC, leg_key LIMIT 1"
    ).to_pylist()
    return leg["leg_key"], leg["scheduled_departure_at"].isoformat() + "Z"
