"""A running airside, a browser, and pages that may neither complain nor reach outside."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from support.browsing import Server, serve_copy
from support.command import airside_ok

EVENTS = 5_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC = Path(__file__).parents[2] / "src/airside/dashboard/static/index.html"


def missing(what: str) -> None:
    """In CI a test that cannot run has failed."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        missing("no Chromium here; on Debian: apt-get install chromium")
    if not STATIC.is_file():
        missing("the page is not built; `make install` builds it")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data directory with a morning of 400 flights a day, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    made = shared / "morning"
    with (shared / "morning.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            events = shared / "morning.ndjson"
            options = {
                "--airport": "AMD",
                "--flights": "400",
                "--seed": "7",
                "--start": "2026-03-01T05:00:00",
                "--events": str(EVENTS),
                "--output": str(events),
            }
            airside_ok("simulate", *(word for pair in options.items() for word in pair))
            airside_ok("ingest", events, "--data-dir", shared / "making")
            airside_ok("run", "--until-drained", "--data-dir", shared / "making")
            (shared / "making").rename(made)
    return made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Server]:
    served = serve_copy(prepared, tmp_path_factory.mktemp("served") / "data")
    with served.running():
        yield served


class Watched:
    """What a page must not do: complain, fail, or ask anybody but its own server."""

    def __init__(self, page: Page, origin: str) -> None:
        self.complaints: list[str] = []
        self.outside: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(error.stack or str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self._on_request(request.url, origin))

    def _on_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _on_request(self, url: str, origin: str) -> None:
        if not url.startswith((origin, "blob:", "data:")):
            self.outside.append(url)


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens a path; at the end, nothing may have been complained of, nor asked of others."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def opened(path: str = "/", *, width: int = 1440, height: int = 1000, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(page, server.url))
        page.goto(server.url + path)
        page.locator('.connection[data-state="live"]').wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for one in watched for text in one.complaints] == []
    assert [url for one in watched for url in one.outside] == []
