"""Event put on the stream → changed cell in Chromium, at 1,000 events a second.

    python benchmarks/bench_event_to_cell.py [--seconds 30] [--rate 1000]

Starts `airside up` without its simulator on a fresh directory, puts simulated events on the stream
at the wanted rate, and beside them, five times a second, one that changes the departure gate of a
flight on the board. The page notes when the cell shows the new gate (after the next frame, so it is
painted); the time runs from just before the put. Limits: median 1.5 s, p99 2.5 s.

Needs Chromium (Debian: apt-get install chromium).
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

MEDIAN_LIMIT_SECONDS = 1.5
P99_LIMIT_SECONDS = 2.5
AIRSIDE = [sys.executable, "-m", "airside"]
WARM_UP_EVENTS = 5_000
PROBES_PER_SECOND = 5

# Notes, per text that a gates cell comes to show, when the frame with it has been drawn.
WATCH = """() => {
    window.shownAt = {};
    const look = () => {
        for (const cell of document.querySelectorAll(".board-row .board-cell:nth-child(4)")) {
            const gate = cell.textContent.split(" ")[0];
            if (gate.startsWith("Q") && !(gate in window.shownAt)) {
                window.shownAt[gate] = 0;
                requestAnimationFrame(() => setTimeout(() => {
                    window.shownAt[gate] = performance.timeOrigin + performance.now();
                }));
            }
        }
    };
    new MutationObserver(look).observe(document.querySelector(".board-body"), {
        subtree: true, childList: true, characterData: true });
}"""


def main() -> int:
    """Measure, print, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=1_000)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("skipped: no Chromium here; on Debian: apt-get install chromium")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = _events(folder / "events.ndjson", options.rate * (options.seconds + 10))
        with _serving(folder / "data") as url:
            _put(url, lines[:WARM_UP_EVENTS])
            _wait_for_flights(url)
            measured = _measure(chromium, url, lines[WARM_UP_EVENTS:], options)
    return _report(measured, options)


def _events(path: Path, number: int) -> list[bytes]:
    words = [
        "simulate",
        "--airport",
        "FRA",
        "--flights",
        "1200",
        "--seed",
        "7",
        "--mess",
        "typical",
    ]
    words += ["--events", str(number + WARM_UP_EVENTS), "--start", "2026-03-01T06:00:00"]
    subprocess.run([*AIRSIDE, *words, "--output", str(path)], check=True, stdout=subprocess.DEVNULL)
    return path.read_bytes().splitlines()


@contextmanager
def _serving(data_dir: Path) -> Iterator[str]:
    words = ["up", "--no-simulator", "--quiet", "--port", "0", "--data-dir", str(data_dir)]
    process = subprocess.Popen([*AIRSIDE, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "http://" in line:
                yield line[line.index("http://") :].strip()
                break
        else:
            raise SystemExit("airside up ended without a dashboard")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _put(url: str, lines: list[bytes]) -> None:
    headers = {"content-type": "application/x-ndjson"}
    request = urllib.request.Request(f"{url}/api/v1/events", b"\n".join(lines), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _get(url: str, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/api/v1/{path}", timeout=30) as answer:
        document: dict[str, Any] = json.load(answer)
        return document


def _wait_for_flights(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        snapshot = _get(url, "snapshot")
        if snapshot["live"]["flights"] and snapshot["airline_delays"]:
            return
        time.sleep(0.5)
    raise SystemExit("no live flights within 60 s")


def _measure(
    chromium: str, url: str, lines: list[bytes], options: argparse.Namespace
) -> list[float]:
    stop = threading.Event()
    load = threading.Thread(target=_load, args=(url, lines, options.rate, stop))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        flight = _get(url, "live-flights?status=scheduled&limit=500")["rows"][-1]
        page.goto(f"{url}/?flight={flight['flight_icao']}")
        page.locator(f'.board-row[data-leg="{flight["leg_key"]}"]').wait_for()
        page.evaluate(WATCH)
        load.start()
        try:
            return _probe(url, page, flight, options.seconds)
        finally:
            stop.set()
            load.join()
            browser.close()


def _load(url: str, lines: list[bytes], rate: int, stop: threading.Event) -> None:
    """A put of a tenth of a second's events, ten times a second."""
    size = max(1, rate // 10)
    begun = time.monotonic()
    for number, first in enumerate(range(0, len(lines), size)):
        if stop.wait(max(0.0, begun + number / 10 - time.monotonic())):
            return
        _put(url, lines[first : first + size])


def _probe(url: str, page: Page, flight: dict[str, Any], seconds: int) -> list[float]:
    """Seconds from put to paint of each probe.

    A gate that a later one replaces within the same batch is never on the screen: as with any
    value, what shows is the latest. Its event is shown by the first later gate.
    """
    put_at: dict[str, float] = {}
    begun = time.monotonic()
    for number in range(seconds * PROBES_PER_SECOND):
        time.sleep(max(0.0, begun + number / PROBES_PER_SECOND - time.monotonic()))
        gate = f"Q{number:04d}"
        put_at[gate] = time.time()
        _put(url, [json.dumps(_event(flight, gate, number)).encode()])
    page.wait_for_timeout(5_000)
    shown = {gate: at / 1_000 for gate, at in page.evaluate("window.shownAt").items()}
    return [
        min((at for other, at in shown.items() if other >= gate), default=float("inf")) - at_put
        for gate, at_put in put_at.items()
    ]


def _event(flight: dict[str, Any], gate: str, number: int) -> dict[str, Any]:
    said_at = datetime.fromisoformat(flight["last_event_at"]) + timedelta(milliseconds=number + 1)
    return {
        "event_id": f"probe-{gate}",
        "event_timestamp": said_at.isoformat(),
        "flight_details": {"flight_icao": flight["flight_icao"]},
        "route_info": {
            "departure_airport_iata": flight["departure_airport_iata"],
            "arrival_airport_iata": flight["arrival_airport_iata"],
            "departure_gate": gate,
            "scheduled_departure_utc": flight["scheduled_departure_at"],
            "scheduled_arrival_utc": flight["scheduled_arrival_at"],
        },
        "live_telemetry": {"flight_status": "boarding"},
    }


def _report(measured: list[float], options: argparse.Namespace) -> int:
    seconds = sorted(measured)
    median = statistics.median(seconds)
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    print(
        f"event to cell at {options.rate:,} events/s: n = {len(seconds)}, median {median:.2f} s "
        f"(limit {MEDIAN_LIMIT_SECONDS}), p99 {p99:.2f} s (limit {P99_LIMIT_SECONDS}), "
        f"max {seconds[-1]:.2f} s"
    )
    return int(median > MEDIAN_LIMIT_SECONDS or p99 > P99_LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
