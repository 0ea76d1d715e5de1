"""What the Operations page costs the browser: 3,000 flights on the board, 1,000 events a second.

    python benchmarks/bench_page_updates.py [--seconds 15]

The airport of `bench_dashboard_push.py`, looked at in Chromium without a graphics processor, which
makes painting dearer than on a desk. For the page left alone, while the board is scrolled all the
time, while it is sorted by one column after the other, and while somebody types into its search:
processor time of the page's main thread, tasks that held it for more than 50 ms (a browser calls
them long; this and the frames are by the clock, so other work on the machine counts too) and the
time between frames. Limit: a second's updates take no more than 50 ms of scripts.

Needs Chromium (Debian: apt-get install chromium).
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_dashboard_push import SETTINGS, prepare
from playwright.sync_api import CDPSession, Page, sync_playwright
from served import served

from airside.runtime.data_dir import DataDir

SCRIPT_LIMIT_MS = 50.0
WATCH = """
window.longTasks = []; window.frames = [];
new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration);
}).observe({ type: "longtask" });
let last = performance.now();
const frame = (now) => {
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""
TAKE = """() => {
    const taken = { tasks: window.longTasks, frames: window.frames };
    window.longTasks = []; window.frames = [];
    return taken;
}"""
SCROLL = """() => {
    const board = document.querySelector(".board-viewport");
    const step = () => {
        board.scrollTop = (board.scrollTop + 60) % board.scrollHeight;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""


def main() -> int:
    """Measure, print, and say by the exit code whether the limit holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--data-dir", type=Path, help="Prepared before; else a temporary one.")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("skipped: no Chromium here; on Debian: apt-get install chromium")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.data_dir or Path(scratch) / "data"
        if not root.exists():
            prepare(DataDir(root))
        return measure(chromium, root, arguments.seconds)


def measure(chromium: str, root: Path, seconds: float) -> int:
    """Measure on a prepared directory."""
    with served(root, SETTINGS, with_simulator=True) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.add_init_script(WATCH)
        page.goto(server.url)
        page.locator(".board-row").first.wait_for()
        page.wait_for_timeout(15_000)  # dbt's imports, the first reports, and all charts
        return report(page, page.context.new_cdp_session(page), seconds)


def report(page: Page, inspector: CDPSession, seconds: float) -> int:
    """Print a line for each way to use the page; 1 where the limit does not hold."""
    rows = page.get_by_role("grid").get_attribute("aria-rowcount")
    print(f"rows of the board: {int(rows or 1) - 1:,}")
    print("            main thread, ms of a second   tasks over 50 ms        frames, ms")
    print("                    all    scripts        number   longest     p50    p95    max")
    inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
    alone = 0.0
    for label, act in USES:
        before = metrics(inspector)
        page.evaluate(TAKE)
        began = time.monotonic()
        use(page, act, seconds)
        length = time.monotonic() - began
        after, taken = metrics(inspector), page.evaluate(TAKE)
        busy, scripts = (
            1000 * (after[name] - before[name]) / length
            for name in ("TaskDuration", "ScriptDuration")
        )
        alone = alone or scripts
        frames, tasks = sorted(taken["frames"]), taken["tasks"]
        print(
            f"  {label:<12} {busy:>8.0f} {scripts:>10.0f} {len(tasks):>13} "
            f"{max(tasks, default=0):>9.0f} {at(frames, 0.5):>7.0f} {at(frames, 0.95):>6.0f} "
            f"{frames[-1]:>6.0f}"
        )
    print(f"scripts of a second's updates: {alone:.0f} ms (limit {SCRIPT_LIMIT_MS:.0f})")
    return int(alone > SCRIPT_LIMIT_MS)


def use(page: Page, act: Callable[[Page], None] | None, seconds: float) -> None:
    """Let so many seconds pass, and act on the page once a second."""
    if act is None:
        page.wait_for_timeout(seconds * 1000)
        return
    for _ in range(round(seconds)):
        act(page)
        page.wait_for_timeout(1000)


def sort(page: Page) -> None:
    """Click on the next column's header."""
    headers = page.locator("[role=columnheader] button")
    now = page.evaluate("() => window.sorted = (window.sorted ?? 0) + 1")
    headers.nth(now % headers.count()).click()


def search(page: Page) -> None:
    """Type another search."""
    box = page.get_by_label("Search the board")
    box.fill("")
    box.press_sequentially("6e del", delay=60)


def scroll(page: Page) -> None:
    """Start to scroll, once; it goes on with every frame."""
    page.get_by_label("Search the board").fill("")
    if not page.evaluate("() => window.isScrolling"):
        page.evaluate("() => { window.isScrolling = true; }")
        page.evaluate(SCROLL)


USES: tuple[tuple[str, Callable[[Page], None] | None], ...] = (
    ("alone", None),
    ("sorted", sort),
    ("searched", search),
    ("scrolled", scroll),
)


def metrics(inspector: CDPSession) -> dict[str, float]:
    """Processor time of the page's main thread so far, in seconds, by what it did."""
    answer: dict[str, Any] = inspector.send("Performance.getMetrics")
    return {one["name"]: float(one["value"]) for one in answer["metrics"]}


def at(ordered: list[float], share: float) -> float:
    """A percentile."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    raise SystemExit(main())
