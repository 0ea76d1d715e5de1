"""Event put on the stream → changed cell in Chromium, at 1,000 events a second.

    python benchmarks/bench_event_to_cell.py [--seconds 30] [--rate 1000]

Starts `airside up` without its simulator on a fresh directory, puts simulated events on the stream
at the wanted rate, and beside them, five times a second, one that changes the departure gate of a
flight of its own on the board. The page notes when the cell shows the new gate, after the next
frame, so that it is painted; the time runs from just before the put. Limits: median 1.5 s, p99
2.5 s. It fails, too, where the rate cannot be kept up.

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
FLIGHT = "ZZ9999"

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
    log = data_dir.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen([*AIRSIDE, *words], stdout=file, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while "http://" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"airside up gave no address: {log.read_text()}")
            time.sleep(0.2)
        yield "http://" + log.read_text().partition("http://")[2].split()[0]
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
        found: dict[str, Any] = json.load(answer)
    return found


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
    load = threading.Thread(target=_load, args=(url, lines, options.rate, stop), daemon=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        watermark = datetime.fromisoformat(_get(url, "snapshot")["watermark"])
        page.goto(f"{url}/?flight={FLIGHT}")
        _put(url, [_event(watermark, "Q", 0)])
        page.locator(".board-row").wait_for()
        page.evaluate(WATCH)
        load.start()
        try:
            before, begun = _received(url), time.monotonic()
            measured = _probe(url, page, watermark, options.seconds)
            rate = (_received(url) - before) / (time.monotonic() - begun)
            if rate < options.rate * 0.9:
                raise SystemExit(f"only {rate:.0f} events/s could be put on the stream")
            return measured
        finally:
            stop.set()
            load.join()
            browser.close()


def _received(url: str) -> int:
    return int(_get(url, "status")["received"])


def _load(url: str, lines: list[bytes], rate: int, stop: threading.Event) -> None:
    """A put of a tenth of a second's events, ten times a second."""
    size = max(1, rate // 10)
    begun = time.monotonic()
    for number, first in enumerate(range(0, len(lines), size)):
        if stop.wait(max(0.0, begun + number / 10 - time.monotonic())):
            return
        _put(url, lines[first : first + size])


def _probe(url: str, page: Page, watermark: datetime, seconds: int) -> list[float]:
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
        _put(url, [_event(watermark, gate, number + 1)])
    page.wait_for_timeout(5_000)
    return shown_after(page, put_at)


def shown_after(page: Page, put_at: dict[str, float]) -> list[float]:
    """Seconds from each gate's put to the painted cell, for a page that watches."""
    shown = {gate: at / 1_000 for gate, at in page.evaluate("window.shownAt").items()}
    return [
        min((at for other, at in shown.items() if other >= gate), default=float("inf")) - at_put
        for gate, at_put in put_at.items()
    ]


def _event(watermark: datetime, gate: str, number: int) -> bytes:
    """A flight of the probes' own, hours ahead, so that it stays active while the load runs."""
    departure = watermark + timedelta(hours=4)
    event = {
        "event_id": f"probe-{gate}",
        "event_timestamp": (watermark + timedelta(hours=3, milliseconds=number)).isoformat(),
        "flight_details": {"flight_icao": FLIGHT},
        "route_info": {
            "departure_airport_iata": "FRA",
            "arrival_airport_iata": "BER",
            "departure_gate": gate,
            "scheduled_departure_utc": departure.isoformat(),
            "scheduled_arrival_utc": (departure + timedelta(hours=1)).isoformat(),
        },
        "live_telemetry": {"flight_status": "boarding"},
    }
    return json.dumps(event).encode()


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
