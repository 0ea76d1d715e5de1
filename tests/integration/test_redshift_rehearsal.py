"""A whole refresh of Redshift, acted out by PostgreSQL: see `support.redshift_rehearsal`."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import redshift_connector
import sqlglot
from sqlglot import exp

from oracle.corpus import hostile
from support.calls import call, processed
from support.command import airside_json
from support.postgres import Postgres, execute
from support.questions import FILTERED, FILTERS, UNFILTERED
from support.redshift_rehearsal import _LATE, SETUP, URL, Rehearsal
from support.two_warehouses import both_readers, plain, sorted_rows

MODELS = (
    "dim_aircraft",
    "dim_airlines",
    "dim_airports",
    "dim_dates",
    "dim_flights",
    "fct_flight_activity",
    "fct_flight_legs",
    "fct_turnarounds",
    "int_flight_leg_events",
    "int_record_counts",
    "rpt_airline_delays",
    "rpt_airport_movements",
    "rpt_data_quality",
    "rpt_delay_totals",
    "rpt_hourly_operations",
    "rpt_latest_legs",
    "rpt_live_flights",
    "rpt_passengers_vs_turnaround",
    "rpt_watermark",
)


def ingest_and_run(data: Path, records: list[bytes]) -> None:
    lines = b"".join(record.replace(b"\n", b" ") + b"\n" for record in records)
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    assert call("run", "--until-drained", "--data-dir", data).code == 0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return processed(tmp_path, records=1_500, seed=7)


def test_a_refresh_of_redshift_does_what_one_of_postgresql_does(
    data: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = postgres_server.new_database()
    execute(actor, SETUP)
    rehearsal = Rehearsal(actor)
    monkeypatch.setattr(redshift_connector, "connect", rehearsal.connect)
    url = URL.format(database=actor.partition("@/")[2].partition("?")[0])

    first = airside_json("refresh", "--warehouse", url, "--data-dir", data)
    assert first["records"] == 1_500
    ingest_and_run(data, hostile(500, seed=8))
    second = airside_json("refresh", "--warehouse", url, "--data-dir", data)
    assert second["records"] == 500

    with both_readers(data, actor) as (embedded, server):
        for model in MODELS:
            expected, found = (
                sorted_rows(reader.query(f"SELECT * FROM main.{model}").to_pylist())
                for reader in (embedded, server)
            )
            assert found == expected, model
    assert plain(airside_json("report", "--warehouse", url, "--data-dir", data)) == plain(
        airside_json("report", "--data-dir", data)
    )
    with both_readers(data, url) as (embedded, redshift):
        for ask in UNFILTERED:
            assert plain(ask(redshift)) == plain(ask(embedded))
        for filtered, filters in product(FILTERED, FILTERS):
            assert plain(filtered(redshift, filters)) == plain(filtered(embedded, filters))
    asked = "\n".join(rehearsal.statements)
    for absent in (r"filter\s*\(", r"\bcorr\(", r"\bregr_", "distinct from", "generate_series"):
        assert not re.search(absent, asked, re.IGNORECASE), absent
    for select in selects(rehearsal.statements):
        orders = {
            found.expression.sql()
            for found in select.find_all(exp.WithinGroup)
            if found.find_ancestor(exp.Select) is select
        }
        assert len(orders) <= 1, "Redshift wants one order in all the percentiles of a query"


def selects(statements: list[str]) -> Iterator[exp.Select]:
    for statement in statements:
        for tree in sqlglot.parse(_LATE.sub("", statement), read="redshift"):
            assert tree is not None
            yield from tree.find_all(exp.Select)
