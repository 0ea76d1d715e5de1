"""A served airside for the browser tests, and what they do to it."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support.command import start

READY_SECONDS = 90


@dataclass
class Server:
    """`airside up` on a port of its own."""

    data_dir: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=20) as answer:
            return json.load(answer)

    def put(self, *events: dict[str, Any]) -> None:
        """Send events as a producer does."""
        body = "\n".join(json.dumps(event) for event in events).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v1/events", body, {"content-type": "application/x-ndjson"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 202

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        arguments = ("--no-simulator", "--quiet", "--port", str(self.port))
        process = start("up", *arguments, "--data-dir", self.data_dir)
        try:
            until(lambda: process.poll() is not None or self._has_flights(), READY_SECONDS)
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=120)

    def _has_flights(self) -> bool:
        try:
            snapshot = self.get("snapshot")
        except OSError:
            return False
        drained = snapshot["pipeline"]["in_flight"] == 0
        return drained and bool(snapshot["live"]["flights"]) and bool(snapshot["airline_delays"])


def serve_copy(prepared: Path, folder: Path) -> Server:
    """A server of its own over a copy of a prepared data directory; not yet running."""
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("*.sock", "*.lock", "*.pid"))
    return Server(folder, free_port())


def until(reached: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something outside the browser."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not reached in {seconds} s"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def event_of(flight: dict[str, Any], event_id: str, **changes: Any) -> dict[str, Any]:
    """A further event of a live flight, a second after its last one.

    `changes` replaces fields by the API's names.
    """
    now = {**flight, **changes}
    said_at = datetime.fromisoformat(flight["last_event_at"]) + timedelta(seconds=1)
    return {
        "event_id": event_id,
        "event_timestamp": said_at.isoformat(),
        "source_system_id": now.get("source_system_id", "browser-test"),
        "flight_details": {
            "flight_icao": now["flight_icao"],
            "airline_iata": now["airline_iata"],
            "tail_number": now["tail_number"],
        },
        "route_info": {
            "departure_airport_iata": now["departure_airport_iata"],
            "arrival_airport_iata": now["arrival_airport_iata"],
            "departure_gate": now["departure_gate"],
            "arrival_gate": now["arrival_gate"],
            "scheduled_departure_utc": now["scheduled_departure_at"],
            "scheduled_arrival_utc": now["scheduled_arrival_at"],
            "actual_departure_utc": now["actual_departure_at"],
            "actual_arrival_utc": now["actual_arrival_at"],
        },
        "operational_data": {
            "passenger_count": now["passenger_count"],
            "baggage_count": now["baggage_count"],
            "aircraft_type": now["aircraft_type"],
            "weather_conditions": now["weather_conditions"],
            "runway_in_use": now["runway_in_use"],
        },
        "live_telemetry": {
            "location_str": f"{now['latitude']};{now['longitude']}",
            "altitude_ft": now["altitude_ft"],
            "ground_speed_kts": now["ground_speed_kts"],
            "heading": now["heading"],
            "flight_status": now["flight_status"],
        },
    }
