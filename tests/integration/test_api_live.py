"""A running pipeline with its dashboard: events in by HTTP, changes out on the stream."""

import gzip
import json
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from airside.errors import UsageError
from airside.runtime.data_dir import DataDir
from airside.runtime.serve import serve_data_dir
from airside.runtime.up import operation
from airside.settings import Settings, load
from support.command import airside, airside_here
from support.dashboards import Stream, View, event, prepared, served, watching

packed = partial(gzip.compress, mtime=0)  # the same name for a test each time
EVENTS = "/api/v1/events"
NDJSON = {"content-type": "application/x-ndjson"}
MINUTES = count(31)
"""Of event time: whatever order the tests come in, each one's events are the newest."""


def settings(root: Path, **dashboard: Any) -> Settings:
    named = {f"dashboard.{name}": value for name, value in dashboard.items()}
    quick = {"silver.window_seconds": 0.1, "gold.refresh_seconds": 0.5, "dashboard.port": 0}
    return load({"data_dir": root, **quick, **named}, {}).settings


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("live") / "data"
    shutil.copytree(prepared(tmp_path_factory), root)
    with operation(
        DataDir(root), settings(root), with_simulator=False, with_dashboard=True
    ) as pipeline:
        assert pipeline.dashboard is not None
        with httpx.Client(base_url=pipeline.dashboard, timeout=60) as client:
            yield client


def post(client: httpx.Client, *records: Any) -> httpx.Response:
    body = "\n".join(json.dumps(record) for record in records)
    return client.post(EVENTS, content=body.encode(), headers=NDJSON)


def newer() -> str:
    return f"2026-03-01T04:{next(MINUTES)}:00Z"


def snapshot(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/api/v1/snapshot")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def follow(stream: Stream, view: View, until: Any) -> None:
    """Apply deltas until the view is as wanted."""
    while not until(view):
        view.apply(stream.next("delta")[1])


def test_an_event_put_by_http_changes_a_cell_on_the_stream(running: httpx.Client) -> None:
    with watching(running) as stream:
        name, hello = stream.next()
        assert name == "hello"
        view = View(snapshot(running))
        assert view.epoch == hello["epoch"]
        gates = {row["flight_icao"]: row["departure_gate"] for row in view.flights.values()}
        assert gates["6E1234"] != "Z99"
        answer = post(running, event(100, event_timestamp=newer(), departure_gate="Z99"))
        assert answer.status_code == 202
        assert answer.json() == {"accepted": 1}

        (key,) = [k for k, row in view.flights.items() if row["flight_icao"] == "6E1234"]
        delta = {}
        while view.flights[key]["departure_gate"] != "Z99":
            delta = stream.next("delta")[1]
            view.apply(delta)
        told = {name for block in delta["changes"] for name in block["cells"]}
        assert told <= {"departure_gate", "last_event_at", "events"}


def test_a_view_that_follows_the_stream_equals_a_fresh_one(running: httpx.Client) -> None:
    with watching(running) as stream:
        view = View(snapshot(running))
        for number in range(5):
            instant = newer()
            post(
                running,
                event(200 + number, event_timestamp=instant, flight_icao=f"6E{number}"),
                event(300 + number, event_timestamp=instant, departure_gate=f"Y{number}"),
            )
        received = view.parts["pipeline"]["received"] + 10
        follow(
            stream,
            view,
            lambda view: (
                view.parts["pipeline"]["received"] >= received
                and not view.parts["pipeline"]["in_flight"]
                and "Y4" in {row["departure_gate"] for row in view.flights.values()}
            ),
        )
        # The server goes on meanwhile, so the two are compared at the same `seq`.
        fresh = View(snapshot(running))
        while view.seq < fresh.seq:
            view.apply(stream.next("delta")[1])
    assert view.flights == fresh.flights
    ignored = {"at", "version", "newest_arrived_at", "committed_at"}
    assert {n: p for n, p in view.parts.items() if n not in ignored} == {
        n: p for n, p in fresh.parts.items() if n not in ignored
    }


def test_a_quiet_stream_still_says_that_it_lives(running: httpx.Client) -> None:
    with watching(running) as stream:
        hello = stream.next("hello")[1]
        heartbeat = stream.next("heartbeat")[1]
    assert heartbeat["epoch"] == hello["epoch"]
    assert 3 * hello["heartbeat_seconds"] < 3, "a lost connection shows within three seconds"


@pytest.mark.parametrize(
    ("body", "headers", "accepted"),
    [
        (b'{"a": 1}\n{"b": 2}\n', NDJSON, 2),
        (b'{"a": 1}\nnot json\n\xff', NDJSON, 3),
        (b"", NDJSON, 0),
        (b'[{"a": 1}, [], "x",\n null]', {"content-type": "application/json"}, 4),
        (b"[]", {"content-type": "application/json; charset=utf-8"}, 0),
        (packed(b'{"a": 1}\n' * 9), NDJSON | {"content-encoding": "gzip"}, 9),
        (packed(b"1\n") + packed(b"2\n"), NDJSON | {"content-encoding": "gzip"}, 2),
    ],
)
def test_every_record_of_a_body_is_received(
    running: httpx.Client, body: bytes, headers: dict[str, str], accepted: int
) -> None:
    before = running.get("/api/v1/status").json()["received"]
    answer = running.post(EVENTS, content=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": accepted}
    assert running.get("/api/v1/status").json()["received"] == before + accepted, "at once"


def test_malformed_records_are_kept_word_for_word(running: httpx.Client) -> None:
    garbage = b'{"broken": "<b>' + bytes(range(128, 160))
    with watching(running) as stream:
        view = View(snapshot(running))
        assert running.post(EVENTS, content=garbage, headers=NDJSON).status_code == 202
        received = running.get("/api/v1/status").json()["received"]
        follow(
            stream,
            view,
            lambda view: (
                view.parts["pipeline"]["received"] >= received
                and not view.parts["pipeline"]["in_flight"]
            ),
        )
    samples = running.get("/api/v1/quarantine", params={"reason": "not_utf8"}).json()["rows"]
    assert garbage.decode("utf-8", "backslashreplace") in [row["payload"] for row in samples]


def test_the_newest_records_behind_a_leg_come_from_the_stream(running: httpx.Client) -> None:
    post(running, event(400, event_timestamp=newer(), departure_gate="X1"))
    with watching(running) as stream:
        view = View(snapshot(running))
        follow(
            stream,
            view,
            lambda view: "X1" in {row["departure_gate"] for row in view.flights.values()},
        )
    (key,) = [k for k, row in view.flights.items() if row["departure_gate"] == "X1"]
    (newest, *_) = running.get(f"/api/v1/legs/{key}/records").json()["rows"]
    assert newest["origin"] == "stream"
    assert json.loads(newest["payload"])["event_id"] == "event-400"


def test_status_tells_of_the_running_stages(running: httpx.Client) -> None:
    status = running.get("/api/v1/status").json()
    assert status["is_running"] is True
    assert {stage["name"] for stage in status["stages"]} == {"bronze", "silver", "gold"}
    assert all(stage["error"] is None for stage in status["stages"])
    codes = {notice["code"] for notice in snapshot(running)["notices"]}
    assert not codes & {"not_running", "stage_failing", "unbalanced", "empty"}


# --- start, stop, and who may look ----------------------------------------------------------------


def test_stopping_says_good_bye_and_a_new_server_is_known_by_its_epoch(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = prepared(tmp_path_factory)
    chosen = settings(root)
    epochs = []
    for _ in range(2):
        with serve_data_dir(DataDir(root), chosen) as address:
            client = httpx.Client(base_url=address.url, timeout=60)
            response = client.send(client.build_request("GET", "/api/v1/stream"), stream=True)
            stream = Stream(response)
            epochs.append(stream.next("hello")[1]["epoch"])
        assert stream.next("bye")[0] == "bye"
        response.close()
        client.close()
    assert epochs[0] != epochs[1]


def test_a_pipeline_may_start_while_the_dashboard_looks(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(prepared(tmp_path_factory), root)
    with served(root) as client, watching(client) as stream:
        view = View(snapshot(client))
        assert "not_running" in {notice["code"] for notice in view.parts["notices"]}
        assert view.parts["pipeline"]["is_running"] is False
        post(client, event(500, event_timestamp="2026-03-01T04:55:00Z", departure_gate="W1"))
        with operation(DataDir(root), settings(root), with_simulator=False):
            follow(
                stream,
                view,
                lambda view: (
                    view.parts["pipeline"]["is_running"]
                    and "W1" in {row["departure_gate"] for row in view.flights.values()}
                ),
            )
            assert "not_running" not in {notice["code"] for notice in view.parts["notices"]}
        follow(stream, view, lambda view: not view.parts["pipeline"]["is_running"])
        assert client.get("/readyz").status_code == 200


def test_before_the_first_event_the_page_says_so(tmp_path: Path) -> None:
    (tmp_path / "nothing.ndjson").touch()
    airside_here("ingest", tmp_path / "nothing.ndjson", "--data-dir", tmp_path / "data")
    with served(tmp_path / "data") as client:
        document = snapshot(client)
        assert document["live"]["flights"] == []
        assert document["watermark"] is None
        assert {notice["code"] for notice in document["notices"]} == {"empty", "not_running"}
        for path in ("kpis", "airline-delays", "passengers-vs-turnaround", "delay-pairs"):
            assert client.get(f"/api/v1/{path}").status_code == 200
        for path in ("live-flights", "movements", "trends", "quarantine", "quality"):
            answer = client.get(f"/api/v1/{path}").json()
            assert answer["rows"] == []
            assert answer["total"] == 0
            assert client.get(f"/api/v1/{path}", params={"format": "csv"}).status_code == 200
        assert client.get("/api/v1/status").json()["received"] == 0
        assert client.get("/api/v1/legs/" + "a" * 32).status_code == 404
        assert client.get("/metrics").status_code == 200


def test_too_large_a_backlog_asks_to_come_again(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(prepared(tmp_path_factory), root)
    with served(root, max_backlog_records=3) as client, watching(client) as stream:
        view = View(snapshot(client))
        assert post(client, *range(4)).status_code == 202
        follow(stream, view, lambda view: view.parts["pipeline"]["in_flight"] == 4)
        answer = post(client, 5)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert "4 records wait" in answer.json()["detail"]


def test_more_viewers_than_allowed_are_asked_to_wait(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with served(prepared(tmp_path_factory), max_viewers=1) as client, watching(client):
        answer = client.get("/api/v1/stream")
        assert answer.status_code == 503
        assert "max_viewers" in answer.json()["detail"]


def test_the_token_guards_page_api_and_stream(tmp_path_factory: pytest.TempPathFactory) -> None:
    token = "a-token-of-24-characters"
    with served(prepared(tmp_path_factory), token=token) as client:
        stranger = httpx.Client(base_url=client.base_url)
        for path in ("/", "/api/v1/snapshot", "/api/v1/stream", "/metrics", "/openapi.json"):
            assert stranger.get(path).status_code == 401
        assert stranger.post(EVENTS, content=b"1", headers=NDJSON).status_code == 401
        assert stranger.get("/healthz").status_code == 200
        assert stranger.get(f"/?token={token}").status_code == 303
        assert stranger.get("/api/v1/snapshot").status_code == 200, "by its cookie now"
        with watching(stranger) as stream:
            assert stream.next()[0] == "hello"
        foreign = {"origin": "http://evil.example", **NDJSON}
        assert stranger.post(EVENTS, content=b"1", headers=foreign).status_code == 403


def test_a_port_in_use_is_one_clear_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = prepared(tmp_path_factory)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = airside("dashboard", "--data-dir", root, "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_the_command_prints_where_it_serves(tmp_path_factory: pytest.TempPathFactory) -> None:
    done = airside(
        "dashboard", "--data-dir", prepared(tmp_path_factory), "--port", "0", "--for", "1ms"
    )
    assert done.returncode == 0, done.stderr
    assert "The dashboard is at http://127.0.0.1:" in done.stderr


def test_others_are_not_let_in_by_accident(tmp_path: Path) -> None:
    DataDir(tmp_path / "data").open()
    with (
        pytest.raises(UsageError, match="--token"),
        serve_data_dir(DataDir(tmp_path / "data"), settings(tmp_path / "data", host="0.0.0.0")),
    ):
        pass


def test_a_directory_without_data_is_told(tmp_path: Path) -> None:
    done = airside("dashboard", "--data-dir", tmp_path / "nothing", "--port", "0")
    assert done.returncode == 2
    assert "airside up" in done.stderr
    assert not (tmp_path / "nothing").exists()
