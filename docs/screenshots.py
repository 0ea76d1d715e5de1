"""Takes the pictures of the dashboard in docs/images, each page in both themes.

    python docs/screenshots.py [--chromium /usr/bin/chromium]

Simulates half a day at an airport into a directory that it removes again. The same seed and start
give the same flights, so pictures change only where the page does.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parent / "images"
AIRSIDE = [sys.executable, "-m", "airside"]
EVENTS = 26_000
LATER = 6_000
DESK = (1440, 900)
# name, address, size; {leg} is a landed flight
VIEWS = [
    ("operations", "/", DESK),
    ("operations-filtered", "/?airline=6E&hours=6", DESK),
    ("trends", "/?page=trends", DESK),
    ("trends-by-airline", "/?page=trends&group=airline", DESK),
    ("pipeline", "/?page=pipeline", DESK),
    ("flight", "/?leg={leg}", DESK),
    ("phone", "/", (390, 844)),
    ("wall", "/?kiosk", (1920, 1080)),
]
WHOLE = {"operations", "pipeline"}
"""Down to the end of the page; of the others what fits on the screen."""


def main() -> None:
    """Simulate, serve, and take every view in both themes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    chromium = parser.parse_args().chromium
    if chromium is None:
        raise SystemExit("no Chromium here; on Debian: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        _serving(Path(name)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for theme in ("light", "dark"):
            for view, path, size in VIEWS:
                _take(browser, url + path.format(leg=_landed(url)), view, theme, size)
        browser.close()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    events, data_dir, log = folder / "events.ndjson", folder / "data", folder / "log"
    simulate = ["simulate", "--airport", "AMD", "--flights", "400", "--seed", "7"]
    simulate += [
        "--start",
        "2026-03-01T00:00:00",
        "--events",
        str(EVENTS + LATER),
        "--output",
        str(events),
    ]
    subprocess.run([*AIRSIDE, *simulate], check=True, stdout=subprocess.DEVNULL)
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:EVENTS]))
    later = [line.strip() for line in lines[EVENTS:]]
    ingest = ["ingest", str(events), "--data-dir", str(data_dir)]
    subprocess.run([*AIRSIDE, *ingest], check=True, stdout=subprocess.DEVNULL)
    words = ["up", "--no-simulator", "--quiet", "--port", "0", "--data-dir", str(data_dir)]
    with log.open("w") as file:
        process = subprocess.Popen([*AIRSIDE, *words], stdout=file, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 120
        while "http://" not in log.read_text():
            _still(process, deadline, log)
        url = "http://" + log.read_text().partition("http://")[2].split()[0]
        while not _is_ready(url):
            _still(process, deadline, log)
        threading.Thread(target=_feed, args=(url, later), daemon=True).start()
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _still(process: subprocess.Popen[bytes], deadline: float, log: Path) -> None:
    if process.poll() is not None or time.monotonic() > deadline:
        raise SystemExit(f"airside up did not get ready: {log.read_text()[-500:]}")
    time.sleep(0.5)


def _is_ready(url: str) -> bool:
    status, snapshot = _get(url, "status"), _get(url, "snapshot")
    departed = sum(row["departed"] for row in snapshot["airline_delays"])
    return status["received"] >= EVENTS and status["in_flight"] == 0 and departed > 100


def _feed(url: str, lines: list[bytes]) -> None:
    """So that the pictures show a page that lives."""
    for first in range(0, len(lines), 10):
        request = urllib.request.Request(
            f"{url}/api/v1/events",
            b"\n".join(lines[first : first + 10]),
            {"content-type": "application/x-ndjson"},
        )
        try:
            urllib.request.urlopen(request).close()
        except OSError:  # the server has ended, as it should
            return
        time.sleep(0.3)


def _get(url: str, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/api/v1/{path}") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _landed(url: str) -> str:
    return str(_get(url, "live-flights?status=landed&limit=1")["rows"][0]["leg_key"])


def _take(browser: Browser, url: str, view: str, theme: str, size: tuple[int, int]) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    page.locator('.connection[data-state="live"]').wait_for()
    page.wait_for_timeout(3_500)
    page.screenshot(path=IMAGES / f"{view}-{theme}.png", full_page=view in WHOLE)
    context.close()


if __name__ == "__main__":
    main()
