"""Alerts of a running pipeline: on the page, by the API, to a webhook."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from airside.alerts import AlertStore, Finding, Limits, Monitor, Webhook
from airside.alerts.rules import findings, heard
from airside.alerts.store import Untold
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.runtime.readers import open_reader
from airside.runtime.up import operation
from airside.settings import load
from support.command import airside, airside_json
from support.dashboards import View, event, prepared, watching

NOW_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000


def found(root: Path, limits: Limits, **now: Any) -> dict[str, list[Any]]:
    with open_reader(DataDir(root)) as reader:
        by_rule: dict[str, list[Any]] = {}
        given = {"lags": {}, "sources": {}, "now_us": NOW_US, **now}
        for finding in findings(reader, limits, **given):
            by_rule.setdefault(finding.rule, []).append(finding)
        return by_rule


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory)


def test_airlines_beyond_the_limit_are_those_of_the_star_schema(root: Path) -> None:
    rows = airside_json(
        "sql",
        "SELECT airline_iata, avg(departure_delay_minutes) AS mean FROM fct_flight_legs,"
        " rpt_watermark WHERE airline_iata IS NOT NULL AND scheduled_departure_at"
        " BETWEEN watermark_at - INTERVAL 1 DAY AND watermark_at"
        " GROUP BY 1 HAVING count(departure_delay_minutes) >= 3",
        *("--data-dir", root),
    )
    means = sorted((row["mean"], row["airline_iata"]) for row in rows)
    limit = means[len(means) // 2][0]
    expected = {airline: mean for mean, airline in means if mean >= limit}
    assert 0 < len(expected) < len(means)

    told = found(root, Limits(airline_delay_minutes=limit, airline_delay_flights=3))
    assert {f.subject: f.value for f in told.pop("airline_delay")} == pytest.approx(expected)
    assert told == {}


def test_the_longest_wait_at_security_is_told_by_airport(root: Path) -> None:
    (finding, *_) = found(root, Limits(security_wait_minutes=1))["security_wait"]
    (row,) = airside_json(
        "sql",
        "SELECT max(security_wait_time_minutes) AS wait FROM rpt_live_flights"
        " WHERE actual_departure_at IS NULL",
        *("--data-dir", root),
    )
    assert finding.value == row["wait"]
    assert f"wait {row['wait']} min at security" in finding.summary


def test_the_share_of_refused_records_is_that_of_the_last_quarter_of_an_hour(root: Path) -> None:
    (batch,) = airside_json(
        "sql",
        "SELECT epoch_us(max(last_arrived_at)) AS at_us, sum(received) AS received,"
        " sum(quarantined) AS quarantined FROM staging.batches",
        *("--data-dir", root),
    )
    limits = Limits(quarantine_share=0.01)
    (finding,) = found(root, limits, now_us=batch["at_us"])["quarantine"]
    assert finding.value == pytest.approx(batch["quarantined"] / batch["received"])
    assert found(root, limits, now_us=batch["at_us"] + HOUR_US) == {}


def test_a_source_is_silent_when_nothing_came_from_it_for_so_long(root: Path) -> None:
    with open_reader(DataDir(root)) as reader:
        batch_id, sources = heard(reader, 0)
        assert heard(reader, batch_id) == (batch_id, [])
    last = {source.source_system_id: source.arrived_at_us for source in sources}
    limits = Limits(silent_minutes=15)
    latest_us = max(last.values())
    silent = found(root, limits, sources=last, now_us=latest_us + HOUR_US)["silent_source"]
    assert {finding.subject for finding in silent} == set(last)
    assert found(root, limits, sources=last, now_us=min(last.values())) == {}


def test_what_waits_on_the_stream_is_no_silence(root: Path) -> None:
    limits, heard_us = Limits(silent_minutes=15), NOW_US - HOUR_US
    for waited, silent in ((0.0, 1), (44 * 60.0, 1), (46 * 60.0, 0)):
        told = found(root, limits, sources={"radar": heard_us}, lags={"silver": waited})
        assert len(told.get("silent_source", [])) == silent


def test_a_source_is_not_silent_from_before_anybody_listened(root: Path, tmp_path: Path) -> None:
    limits, minute_us = Limits(silent_minutes=15), 60_000_000
    with open_reader(DataDir(root)) as reader, closing(AlertStore(tmp_path / "a.db")) as store:
        _, sources = heard(reader, 0)
        now_us = max(source.arrived_at_us for source in sources) + HOUR_US

        def monitor() -> Monitor:
            return Monitor(reader, store, limits, lags=dict, telling=False, clock=lambda: now_us)

        first = monitor()
        first.run_once()
        assert store.sources()
        assert store.firing() == []
        now_us += 15 * minute_us
        first.run_once()
        assert {alert.subject for alert in store.firing()} == set(store.sources())

        restarted = monitor()
        for _ in range(3):
            restarted.run_once()
            now_us += minute_us
        assert {alert.subject for alert in store.firing()} == set(store.sources())
        assert store.ended(10) == []


def test_lag_is_told_of_the_consumer_that_is_behind(root: Path) -> None:
    told = found(root, Limits(lag_seconds=60), lags={"silver": 61.0, "bronze": 59.0})
    assert [(f.rule, f.subject) for f in told["lag"]] == [("lag", "silver")]


def test_a_limit_of_nought_switches_a_rule_off(root: Path) -> None:
    lags, sources = {"silver": 1e6}, {"radar": 0}
    assert found(root, Limits(), lags=lags, sources=sources) == {}


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]], threading.Event]]:
    bodies: list[dict[str, Any]] = []
    came = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies, came
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_shows_on_the_page_and_calls_the_webhook(
    root: Path, tmp_path: Path, hook: tuple[str, list[dict[str, Any]], threading.Event]
) -> None:
    url, bodies, came = hook
    data = tmp_path / "data"
    shutil.copytree(root, data)
    chosen = load(
        {
            "data_dir": data,
            "silver.window_seconds": 0.1,
            "gold.refresh_seconds": 0.5,
            "dashboard.port": 0,
            "alerts.every_seconds": 0.2,
            "alerts.airline_delay_minutes": 0,
            "alerts.security_wait_minutes": 100_000,
            "alerts.quarantine_share": 0,
            "alerts.schema_drift": 0,
            "alerts.webhook_url": url,
        },
        {},
    ).settings
    with (
        operation(DataDir(data), chosen, with_simulator=False, with_dashboard=True) as running,
        httpx.Client(base_url=str(running.dashboard), timeout=60) as client,
        watching(client) as stream,
    ):
        assert client.get("/api/v1/alerts").json()["rows"] == []
        late = event(
            900,
            flight_icao="6E777",
            flight_status="boarding",
            actual_departure_utc=None,
            event_timestamp="2026-03-01T04:58:00Z",
            security_wait_time_minutes=100_001,
        )
        sent = client.post("/api/v1/events", json=[late])
        assert sent.status_code == 202
        view = View(client.get("/api/v1/snapshot").json())
        while "alert" not in {notice["code"] for notice in view.parts["notices"]}:
            view.apply(stream.next("delta")[1])
        (notice,) = [n for n in view.parts["notices"] if n["code"] == "alert"]
        assert notice["level"] == "warning"
        assert "wait 100,001 min at security" in notice["message"]
        (row,) = client.get("/api/v1/alerts").json()["rows"]
        assert (row["rule"], row["subject"], row["ended_at"]) == ("security_wait", "AMD", None)
        assert client.get("/api/v1/status").json()["alerts"] == [row]
        assert "security_wait" in client.get("/api/v1/alerts", params={"format": "csv"}).text
        assert came.wait(60)
    assert [(body["state"], body["rule"]) for body in bodies] == [("began", "security_wait")]


def test_a_webhook_that_does_not_answer_holds_up_no_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, is_over = threading.Event(), threading.Event()

    def tell(_webhook: Webhook, _item: Untold) -> None:
        asked.set()
        is_over.wait(60)

    monkeypatch.setattr(Webhook, "tell", tell)
    chosen = load(
        {
            "data_dir": tmp_path / "data",
            "alerts.every_seconds": 0.05,
            "alerts.webhook_url": "https://ops.example.org/hook",
        },
        {},
    ).settings
    told = Finding("lag", "one", 61, 60, "s", "one is behind")
    later = Finding("lag", "two", 61, 60, "s", "two is behind")
    begun = threading.Event()

    def look(*_: object, **__: object) -> list[Finding]:
        if pipeline.monitor._store.firing()[1:]:
            begun.set()
        return [told, later] if asked.is_set() else [told]

    monkeypatch.setattr("airside.alerts.monitor.findings", look)
    with open_pipeline(DataDir(tmp_path / "data"), chosen) as pipeline:
        pipeline.start()
        try:
            assert begun.wait(30), "the second alert waits for the webhook"
        finally:
            is_over.set()
            pipeline.stop()


@pytest.mark.parametrize("address", ["ops.example.org/hook", "ftp://ops.example.org", "https://"])
def test_an_address_that_is_none_is_refused_without_telling_it(address: str) -> None:
    done = airside("config", AIRSIDE_ALERTS__WEBHOOK_URL=address)
    assert done.returncode == 2
    assert "alerts.webhook_url" in done.stderr
    assert "https://" in done.stderr


def test_the_webhook_is_never_printed() -> None:
    done = airside("config", AIRSIDE_ALERTS__WEBHOOK_URL="https://example.org/swordfish")
    assert done.returncode == 0
    assert "swordfish" not in done.stdout
