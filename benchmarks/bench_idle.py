"""What `airside up` costs while nothing happens, and how soon it answers after it was started.

    python benchmarks/bench_idle.py [--seconds 60] [--flights 600] [--browser]

Makes a data directory with a simulated day in it, starts `airside up --no-simulator --quiet` over
it and asks for the tiles until they are there: the time from exec to that answer. Then one viewer
follows the event stream (with `--browser` it is the page in Chromium), no event comes, and after a
pause in which everything settles the process is watched: processor time of all its threads, and its
share of memory (PSS; libraries that other processes map too are divided among all). Limits: 3 s to
the first answer, on a machine that has nothing else to do; 2 % of a core; 300 MB.

Then some events come, so that every stage has worked once, and it is watched again: that is how it
waits at night, with dbt in memory.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

AIRSIDE = [sys.executable, "-m", "airside"]
FIRST_ANSWER_LIMIT_SECONDS = 3.0
IDLE_LIMIT_PERCENT = 2.0
MEMORY_LIMIT_MB = 300.0
SETTLE_SECONDS = 15.0
WORK_SECONDS = 180.0


def main() -> int:
    """Measure, print, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--flights", type=int, default=600, help="Of the simulated day.")
    parser.add_argument("--data-dir", type=Path, help="Prepared before; else a temporary one.")
    parser.add_argument("--events", type=int, default=5_000, help="Before it is left alone.")
    parser.add_argument("--browser", action="store_true", help="The page itself as the viewer.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.data_dir or Path(scratch) / "data"
        if not root.exists():
            prepare(root, options.flights)
        events = Path(scratch) / "events.ndjson"
        simulate(options.events, options.flights, "--seed", "2", "--output", str(events))
        port = free_port()
        words = ["up", "--no-simulator", "--quiet", "--port", str(port), "--data-dir", str(root)]
        began = time.monotonic()
        with subprocess.Popen(
            [*AIRSIDE, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                first, computed = first_answer(process, url, began)
                viewer = browsing(url) if options.browser else following(url)
                with viewer:
                    time.sleep(SETTLE_SECONDS)
                    fresh = watched(process.pid, options.seconds)
                    put(url, events.read_bytes())
                    wait_until_done(url)
                    worked = watched(process.pid, options.seconds)
            finally:
                process.terminate()
    return report(first, computed, fresh, worked)


def prepare(root: Path, flights: int) -> None:
    """A day of a hub airport, all of it processed."""
    place = ["--data-dir", str(root)]
    simulate(flights * 40, flights, "--time-compression", "max", *place)
    words = [*AIRSIDE, "run", "--until-drained", *place]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def simulate(events: int, flights: int, *more: str) -> None:
    """Events of a hub airport."""
    words = ["simulate", "--flights", str(flights), "--events", str(events), *more]
    subprocess.run(
        [*AIRSIDE, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def put(url: str, lines: bytes) -> None:
    """Put records on the stream by HTTP."""
    headers = {"content-type": "application/x-ndjson"}
    request = urllib.request.Request(f"{url}/api/v1/events", lines, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def first_answer(process: "subprocess.Popen[bytes]", url: str, began: float) -> tuple[float, float]:
    """Seconds until the tiles are answered, by the clock and of processor time."""
    while time.monotonic() < began + 60:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/kpis", timeout=10) as answer:
                answer.read()
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None:
                raise SystemExit("airside up has ended; its own output says why") from None
            time.sleep(0.02)
        else:
            return time.monotonic() - began, processor_seconds(process.pid)
    raise SystemExit("no answer within 60 s")


@contextmanager
def following(url: str) -> Iterator[None]:
    """One viewer that reads the event stream."""
    answer = urllib.request.urlopen(f"{url}/api/v1/stream", timeout=30)
    urllib.request.urlopen(f"{url}/api/v1/snapshot", timeout=30).read()

    def read() -> None:
        try:
            while answer.read1(65_536):
                pass
        except (OSError, ValueError):
            return  # the server or this script has ended

    threading.Thread(target=read, daemon=True).start()
    yield


@contextmanager
def browsing(url: str) -> Iterator[None]:
    """The Operations page, open in Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        browser.new_page().goto(url)
        yield
        browser.close()


def processor_seconds(pid: int) -> float:
    """What a process has computed so far, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    """Its share of the memory in RAM; what others map too is divided among all."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("/proc does not say how much memory it uses")


def watched(pid: int, seconds: float) -> tuple[float, float]:
    """Percent of a core over so many seconds, and MB at their end."""
    before, at = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    used = processor_seconds(pid) - before
    return 100 * used / (time.monotonic() - at), pss_mb(pid)


def wait_until_done(url: str) -> None:
    """Until nothing waits, the archive is cut, and gold has had its turn."""
    deadline = time.monotonic() + WORK_SECONDS
    while time.monotonic() < deadline:
        time.sleep(5)
        with urllib.request.urlopen(f"{url}/api/v1/status", timeout=30) as answer:
            status = json.load(answer)
        if not status["in_flight"] and not status["awaiting_archive"]:
            time.sleep(SETTLE_SECONDS)
            return
    raise SystemExit(f"the events were not done with within {WORK_SECONDS:.0f} s")


def report(
    first: float, computed: float, fresh: tuple[float, float], worked: tuple[float, float]
) -> int:
    """Print the figures with limits; 1 where one does not hold."""
    print(
        f"start to first answer   {first:>6.2f} s by the clock, {computed:.2f} s of processor time "
        f"(limit {FIRST_ANSWER_LIMIT_SECONDS:.0f} s)"
    )
    limits = f"(limits {IDLE_LIMIT_PERCENT:.0f} %, {MEMORY_LIMIT_MB:.0f} MB)"
    print(f"idle, one viewer        {fresh[0]:>6.2f} % of a core, {fresh[1]:.0f} MB {limits}")
    print(f"… after events          {worked[0]:>6.2f} % of a core, {worked[1]:.0f} MB")
    return int(
        first > FIRST_ANSWER_LIMIT_SECONDS
        or max(fresh[0], worked[0]) > IDLE_LIMIT_PERCENT
        or fresh[1] > MEMORY_LIMIT_MB
    )


if __name__ == "__main__":
    raise SystemExit(main())
