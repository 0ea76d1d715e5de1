"""The dashboard of a warehouse on a server: the page's answers, and where they are from."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from airside.errors import UsageError
from airside.runtime.data_dir import DataDir
from airside.runtime.serve import serve_data_dir
from airside.settings import load
from support.calls import processed
from support.command import airside_json
from support.dashboards import served
from support.postgres import Postgres


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return processed(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def url(data: Path, postgres_server: Postgres) -> str:
    url = postgres_server.new_database()
    airside_json("refresh", "--warehouse", url, "--data-dir", data)
    return url


@pytest.fixture(scope="module")
def alone(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The dashboard on a machine that has nothing but the URL."""
    chosen = load(
        {
            "data_dir": tmp_path_factory.mktemp("elsewhere") / "none",
            "dashboard.port": 0,
            "warehouse.url": url,
        },
        {},
    ).settings
    with (
        serve_data_dir(DataDir(chosen.data_dir), chosen) as address,
        httpx.Client(base_url=address.url, timeout=60) as client,
    ):
        answers = (client.get("/api/v1/snapshot") for _ in range(20))
        assert any(answer.status_code == 200 for answer in answers)
        yield client


def test_the_page_shows_the_answers_of_the_report(alone: httpx.Client, data: Path) -> None:
    snapshot = alone.get("/api/v1/snapshot").json()
    report = airside_json("report", "--data-dir", data)
    assert snapshot["watermark"] == report["live_flights"]["watermark"]
    assert snapshot["live"]["active"] == report["live_flights"]["active"]
    assert snapshot["live"]["by_status"] == report["live_flights"]["by_status"]
    delays = {row["airline_iata"]: row["flights"] for row in snapshot["airline_delays"]}
    assert delays == {row["airline_iata"]: row["flights"] for row in report["airline_delays"]}
    assert snapshot["totals"]["mean_departure_delay_minutes"] == pytest.approx(
        report["totals"]["mean_departure_delay_minutes"]
    )
    assert snapshot["pipeline"]["received"] == 1_500
    assert snapshot["pipeline"]["balanced"] is True


def test_it_says_where_the_answers_are_from_and_when_newer_ones_come(alone: httpx.Client) -> None:
    (notice,) = alone.get("/api/v1/snapshot").json()["notices"]
    assert (notice["level"], notice["code"]) == ("info", "warehouse")
    assert "postgresql://" in notice["message"]
    assert "next `airside refresh`" in notice["message"]


@pytest.mark.parametrize(
    "path", ["status", "quarantine?limit=5", "quality", "trends?by=hour&group_by=airline"]
)
def test_every_page_has_its_figures(alone: httpx.Client, path: str) -> None:
    answer = alone.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text


def test_a_leg_has_its_timeline(alone: httpx.Client) -> None:
    flight = alone.get("/api/v1/snapshot").json()["live"]["flights"][0]
    leg = alone.get(f"/api/v1/legs/{flight['leg_key']}").json()
    assert leg["events"]


def test_events_cannot_be_put_where_there_is_no_stream(alone: httpx.Client) -> None:
    answer = alone.post("/api/v1/events", json=[{"a": 1}])
    assert answer.status_code == 501, "nothing to wait for"
    assert "no stream" in answer.json()["detail"]


def test_with_a_data_directory_the_stream_is_its_own(data: Path, url: str) -> None:
    with served(data, poll_seconds=0.2) as client:
        assert client.get("/api/v1/snapshot").json()["pipeline"]["received"] == 1_500
    chosen = load({"data_dir": data, "dashboard.port": 0, "warehouse.url": url}, {}).settings
    with (
        serve_data_dir(DataDir(data), chosen) as address,
        httpx.Client(base_url=address.url, timeout=60) as client,
    ):
        answers = (client.get("/api/v1/snapshot") for _ in range(20))
        snapshot = next(answer.json() for answer in answers if answer.status_code == 200)
        assert snapshot["pipeline"]["archived"] == 1_500
        assert client.get("/api/v1/status").json()["storage"]


def test_a_wrong_url_is_said_before_anything_is_served(tmp_path: Path) -> None:
    chosen = load({"dashboard.port": 0, "warehouse.url": "mysql://host/db"}, {}).settings
    with (
        pytest.raises(UsageError, match="postgresql:// or redshift://"),
        serve_data_dir(DataDir(tmp_path), chosen),
    ):
        pass
