"""A data directory with a hostile day in it, and its dashboard on a port of its own."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from airside.runtime.data_dir import DataDir
from airside.runtime.serve import serve_data_dir
from airside.settings import load
from support.command import airside_here

SCRIPT = "<script>alert(1)</script>"


def event(number: int, **changes: str | None) -> dict[str, Any]:
    """A record of the contract; `changes` name fields of any section."""
    record: dict[str, Any] = {
        "event_id": f"event-{number}",
        "event_timestamp": "2026-03-01T04:30:00Z",
        "source_system_id": "test",
        "flight_details": {"flight_icao": "6E1234", "airline_iata": "6E", "tail_number": "VT-ABC"},
        "route_info": {
            "departure_airport_iata": "AMD",
            "arrival_airport_iata": "BOM",
            "departure_gate": "A12",
            "arrival_gate": "C8",
            "scheduled_departure_utc": "2026-03-01T04:00:00",
            "scheduled_arrival_utc": "2026-03-01T05:00:00",
            "actual_departure_utc": "2026-03-01T04:05:00",
            "actual_arrival_utc": None,
        },
        "operational_data": {
            "passenger_count": 180,
            "baggage_count": 210,
            "security_wait_time_minutes": 25,
            "aircraft_type": "A320",
            "weather_conditions": "Clear",
        },
        "live_telemetry": {
            "location_str": "19.0886;72.8679",
            "altitude_ft": 35000,
            "ground_speed_kts": 455,
            "heading": 180,
            "flight_status": "en-route",
        },
    }
    for name, value in changes.items():
        sections = [record, *(part for part in record.values() if isinstance(part, dict))]
        section = next(part for part in sections if name in part)
        section[name] = value
    return record


def scripted(number: int) -> dict[str, Any]:
    """A record with a script in every text that the contract lets through."""
    return event(
        number,
        source_system_id=SCRIPT,
        flight_icao=SCRIPT,
        airline_iata=SCRIPT,
        tail_number=SCRIPT,
        departure_gate=SCRIPT,
        arrival_gate=SCRIPT,
        aircraft_type=SCRIPT,
        weather_conditions=SCRIPT,
    )


def prepared(factory: pytest.TempPathFactory) -> Path:
    """A data directory that is made once and then only read, also by parallel workers."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    root = shared / "dashboard-data"
    with (shared / "dashboard-data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = root / "airside.json"
        if not done.exists():
            building = shared / "dashboard-data.building"
            shutil.rmtree(building, ignore_errors=True)
            directory = ("--data-dir", building)
            lines = shared / "scripted.ndjson"
            lines.write_text(
                "\n".join(json.dumps(record) for record in (scripted(1), event(2), {"x": SCRIPT}))
                + "\n"
            )
            airside_here(
                *("simulate", "--flights", 700, "--mess", "hostile", "--events", 8_000),
                *("--seed", 3, "--start", "2026-03-01", "--time-compression", "max"),
                *directory,
            )
            airside_here("ingest", lines, *directory)
            airside_here("run", "--until-drained", *directory)
            building.rename(root)
    return root


@contextmanager
def served(root: Path, **settings: Any) -> Iterator[httpx.Client]:
    """A client of the directory's dashboard, which has had its first look at the data."""
    named = {f"dashboard.{name}": value for name, value in settings.items()}
    chosen = load({"data_dir": root, "dashboard.port": 0, **named}, {}).settings
    with (
        serve_data_dir(DataDir(root), chosen) as address,
        httpx.Client(base_url=address.url, timeout=60) as client,
    ):
        if chosen.dashboard.token is not None:
            token = chosen.dashboard.token.get_secret_value()
            client.headers["authorization"] = f"Bearer {token}"
        # On a busy machine the first look at the data takes longer than a request waits for it.
        answers = (client.get("/api/v1/snapshot") for _ in range(20))
        assert any(answer.status_code == 200 for answer in answers)
        yield client


class Stream:
    """An open event stream, read as an EventSource reads it."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def next(self, *wanted: str) -> tuple[str, Any]:
        """The next event, of one of these names where some are given."""
        name, data = "", ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = line.removeprefix("data: ")
            elif not line and name:
                if not wanted or name in wanted:
                    return name, json.loads(data)
                name = ""
        raise AssertionError(f"the stream ended; waited for {wanted or 'anything'}")


@contextmanager
def watching(client: httpx.Client) -> Iterator[Stream]:
    """Open the event stream."""
    with client.stream("GET", "/api/v1/stream") as response:
        assert response.status_code == 200
        yield Stream(response)


class View:
    """What a page shows: a snapshot, and the deltas since."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.epoch: str = snapshot["epoch"]
        self.seq: int = snapshot["seq"]
        self.parts = {name: part for name, part in snapshot.items() if name != "live"}
        self._numbered: dict[int, dict[str, Any]] = {}
        self._insert(snapshot["live"]["flights"])

    @property
    def flights(self) -> dict[str, dict[str, Any]]:
        """The live flights by their leg."""
        return {row["leg_key"]: row for row in self._numbered.values()}

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            assert row["number"] not in self._numbered, "a number in use stands for one flight"
            self._numbered[row["number"]] = {n: v for n, v in row.items() if n != "number"}

    def apply(self, delta: dict[str, Any]) -> None:
        """Take a delta in, as the contract says."""
        if delta["seq"] <= self.seq:
            return
        assert delta["seq"] == self.seq + 1, "no delta may be missing"
        self.seq = delta["seq"]
        for number in delta["removes"]:
            del self._numbered[number]
        self._insert(delta["inserts"])
        for block in delta["changes"]:
            for name, values in block["cells"].items():
                for number, value in zip(block["numbers"], values, strict=True):
                    self._numbered[number][name] = value
        known = {"inserts", "changes", "removes"}
        self.parts |= {name: part for name, part in delta.items() if name not in known}
