"""50,000 hostile records through the front door, judged by the contract read a second time."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import oracle
from airside.events import FLIGHT_EVENTS
from airside.events.vocabulary import QUALITY_FLAGS, QUARANTINE_REASONS
from airside.stream import EmbeddedStream, frames_to_arrow
from oracle.corpus import hostile
from support.command import airside_here, airside_json
from support.contents import archived_lines, lake_contents
from unit.gold.test_gold_against_oracle import assert_facts_equal, assert_live_equals

RECORDS = 50_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    lines = folder / "hostile.ndjson"
    records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=50)]
    lines.write_bytes(b"".join(record + b"\n" for record in records))
    airside_here("ingest", lines, "--data-dir", folder / "data")
    airside_here("run", "--until-drained", "--data-dir", folder / "data")
    assert archived_lines(folder / "data") == records
    return folder / "data"


@pytest.fixture(scope="module")
def expected(data: Path) -> oracle.Outcome:
    """The oracle's verdicts on exactly what the stream holds."""
    stream = EmbeddedStream(data / "stream.db", clock=lambda: 0)
    rows = frames_to_arrow(stream.read({}, max_records=RECORDS, max_bytes=1 << 30)).to_pylist()
    stream.close()
    assert len(rows) == RECORDS
    return oracle.run(
        (r["shard_id"], r["sequence_number"], r["arrived_at"], r["payload"][:-1]) for r in rows
    )


@pytest.fixture(scope="module")
def warehouse(data: Path) -> SimpleNamespace:
    connection = duckdb.connect(str(data / "warehouse.duckdb"), read_only=True)

    def rows(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
        return found

    def one(query: str) -> Any:
        return connection.sql(query).fetchall()[0][0]

    return SimpleNamespace(rows=rows, one=one)


def test_every_record_has_the_contracts_verdict(data: Path, expected: oracle.Outcome) -> None:
    status = airside_json("status", "--data-dir", data)
    assert status["received"] == status["archived"] == RECORDS
    assert status["clean"] == len(expected.clean)
    assert status["quarantined"] == len(expected.quarantined)
    assert status["duplicates"] == len(expected.duplicates)
    assert status["in_flight"] == 0
    assert status["balanced"] is True
    assert status["reasons"] == dict(Counter(record.reason for record in expected.quarantined))
    assert set(status["reasons"]) == set(QUARANTINE_REASONS)


def test_staging_and_lake_hold_the_contracts_rows(
    data: Path, expected: oracle.Outcome, warehouse: SimpleNamespace
) -> None:
    columns = FLIGHT_EVENTS.column_names
    order = "ORDER BY arrived_at, shard_id, sequence_number"
    staged = warehouse.rows(f"SELECT {', '.join(columns)} FROM staging.flight_events {order}")
    clean = [{name: row[name] for name in columns} for row in expected.clean]
    assert staged == clean
    assert len(lake_contents(data)) == len(clean)
    assert {flag for row in staged for flag in row["quality_flags"]} == set(QUALITY_FLAGS)


def test_quarantine_holds_the_reasons_and_the_bytes(
    expected: oracle.Outcome, warehouse: SimpleNamespace
) -> None:
    rows = warehouse.rows(
        "SELECT sequence_number, reason, reasons, payload FROM staging.quarantine"
        " ORDER BY arrived_at, shard_id, sequence_number"
    )
    assert [
        (r["sequence_number"], r["reason"], tuple(r["reasons"]), r["payload"]) for r in rows
    ] == [(r.sequence_number, r.reason, tuple(r.reasons), r.payload) for r in expected.quarantined]
    assert warehouse.one("SELECT count(*) FROM staging.quarantine WHERE detail = ''") == 0


def test_gold_holds_the_contracts_answers(
    expected: oracle.Outcome, warehouse: SimpleNamespace
) -> None:
    assert_facts_equal(warehouse, expected.clean)
    assert_live_equals(warehouse, expected.clean)


def test_the_report_prints_them(data: Path, expected: oracle.Outcome) -> None:
    answers = airside_json("report", "--data-dir", data)
    gold = oracle.gold(expected.clean)
    by_airline = {row["airline_iata"]: row for row in answers["airline_delays"]}
    assert by_airline.keys() == gold.airline_delays.keys()
    for airline, row in gold.airline_delays.items():
        assert {name: by_airline[airline][name] for name in row} == pytest.approx(row)
    means = [row["mean_departure_delay_minutes"] for row in answers["airline_delays"]]
    known = [mean for mean in means if mean is not None]
    assert known == sorted(known, reverse=True)
    assert answers["passengers_vs_turnaround"]["n"] == gold.passengers_vs_turnaround["n"]
    assert answers["passengers_vs_turnaround"]["r"] == pytest.approx(
        gold.passengers_vs_turnaround["r"]
    )
    assert gold.watermark is not None
    assert answers["live_flights"]["watermark"] == f"{gold.watermark.isoformat()}Z"
    assert answers["live_flights"]["active"] == len(gold.active)
    assert answers["live_flights"]["by_status"] == dict(gold.by_status)
