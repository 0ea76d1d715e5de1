"""Schema drift as people see it: status, SQL, doctor, API, metrics and an alert."""

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from airside.alerts import Limits
from airside.alerts.rules import Finding, findings
from airside.lake import LocalLake
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.runtime.readers import open_reader
from airside.runtime.streams import open_for_looking
from airside.runtime.wiring import make_silver, open_ledger, open_warehouse
from airside.settings import load
from support.calls import call
from support.dashboards import event, served

NEW = "operational_data.fuel_kg"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source that begins to send a field, and ceases to send another, once it is known."""
    folder = tmp_path_factory.mktemp("drift")
    usual = [event(number) for number in range(1_300)]
    changed = [event(number) for number in range(1_300, 1_360)]
    for record in changed:
        record["operational_data"]["fuel_kg"] = "<b>5200</b>"
    for batch in (usual, changed):
        # as many batches as make all of them examined
        for start in range(0, len(batch), 250):
            lines = folder / "lines"
            lines.write_text(
                "".join(f"{json.dumps(record)}\n" for record in batch[start : start + 250])
            )
            assert call("ingest", lines, "--data-dir", folder / "data").code == 0
            run_silver(folder / "data")
    assert call("run", "--until-drained", "--data-dir", folder / "data").code == 0
    return folder / "data"


def run_silver(root: Path) -> None:
    """One batch, and no gold."""
    data_dir, settings = DataDir(root), load({}, {}).settings
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(data_dir, settings, wall_clock)))
        warehouse = stack.enter_context(closing(open_warehouse(data_dir, settings, wall_clock)))
        stream = stack.enter_context(closing(open_for_looking(data_dir, wall_clock)))
        silver = make_silver(stream, LocalLake(root), ledger, warehouse, settings)
        assert silver.run_once() > 0


def test_the_status_says_it_in_a_line_and_in_json(root: Path) -> None:
    drift = call("status", "--json", "--data-dir", root).json["drift"]
    assert (drift["received"], drift["examined"]) == (1_360, 1_360)
    assert (drift["new_fields"], drift["changes"], drift["sources"]) == (1, 1, 1)
    out = call("status", "--data-dir", root).out
    assert "Schema drift: fields 1 outside the contract; 1 of it new" in out
    assert "1,360 of 1,360 records examined" in out


def test_it_can_be_asked_in_sql(root: Path) -> None:
    (row,) = call("sql", "FROM drift WHERE is_change", "--json", "--data-dir", root).json
    assert (row["source_system_id"], row["path"], row["kind"]) == ("test", NEW, "new_field")
    assert (row["records"], row["example"]) == (60, '"<b>5200</b>"')


def test_the_doctor_points_to_it(root: Path) -> None:
    found = call("doctor", "--json", "--data-dir", root).json["findings"]
    (told,) = [stage for stage in found if stage["stage"] == "schema drift"]
    assert told["state"] == "warning"
    assert told["cause"] == f"test sends {NEW} (string), which the contract does not know"
    assert "FROM drift" in told["next_step"]


def test_the_api_and_the_metrics_have_it(root: Path) -> None:
    with served(root) as client:
        answer = client.get("/api/v1/drift").json()
        (row,) = answer["rows"]
        assert (answer["total"], answer["changes"], answer["examined"]) == (1, 1, 1_360)
        assert (row["path"], row["share"], row["is_in_contract"]) == (NEW, 1.0, False)
        assert row["first_seen_at"].endswith("Z")
        lines = client.get("/api/v1/drift", params={"format": "csv"}).text.splitlines()
        assert lines[0].startswith('"source_system_id","path","kind","is_change"')
        assert len(lines) == 2
        metrics = client.get("/metrics").text.splitlines()
        assert 'airside_schema_drift_findings{kind="new_field"} 1.0' in metrics
        assert "airside_schema_drift_changes 1.0" in metrics
        assert "airside_schema_drift_examined_records_total 1360.0" in metrics


def test_what_stops_the_sampling_is_told_once_and_costs_no_record(tmp_path: Path) -> None:
    with open_pipeline(DataDir(tmp_path / "data"), load({}, {}).settings) as pipeline:
        pipeline.warehouse.transform.execute("DROP VIEW staging.drift")
        pipeline.warehouse.transform.execute("DROP TABLE staging.drift_fields")
        for number in range(3):
            pipeline.stream.put([b'{"event_id": "E%d"}' % number])
            assert pipeline.silver.run_once() == 1
        failed = pipeline.ledger.latest("drift", outcome="failed", limit=9)
    assert ["drift_fields" in (attempt.error or "") for attempt in failed] == [True]
    with served(tmp_path / "data") as client:
        told = client.get("/api/v1/status").json()["recent_failures"]
    assert [failure["stage"] for failure in told] == ["drift"]


def test_an_alert_tells_it_for_a_day(root: Path) -> None:
    def found(limit: float, now_us: int) -> list[Finding]:
        with open_reader(DataDir(root)) as reader:
            named: dict[str, Any] = {"lags": {}, "sources": {}, "now_us": now_us}
            return findings(reader, Limits(schema_drift=limit), **named)

    (finding,) = found(0.05, wall_clock())
    assert (finding.rule, finding.subject, finding.value) == ("schema_drift", "test", 1.0)
    assert finding.summary == f"test sends {NEW} (string), which the contract does not know"
    assert found(0, wall_clock()) == []
    assert found(0.05, wall_clock() + 25 * 3_600_000_000) == []


def test_a_rebuild_finds_the_same(root: Path) -> None:
    before = call("sql", "FROM drift", "--json", "--data-dir", root).json
    assert call("backfill", "--data-dir", root).code == 0
    after = call("sql", "FROM drift", "--json", "--data-dir", root).json
    told = ("path", "kind", "is_change", "json_types", "example")
    assert [[row[key] for key in told] for row in after] == [
        [row[key] for key in told] for row in before
    ]
    assert len(before) == 1
