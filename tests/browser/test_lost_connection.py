"""What the page says while the server is away, and that it comes back by itself."""

import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.browsing import Server, event_of, serve_copy, until


@pytest.fixture
def own_server(tmp_path: Path, prepared: Path) -> Server:
    return serve_copy(prepared, tmp_path / "data")


def test_a_restart_shows_and_heals_without_reload(browser: Browser, own_server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    connection = page.locator(".connection")
    lost = page.locator('.connection[data-state="lost"], .connection[data-state="stopping"]')
    with own_server.running() as process:
        page.goto(own_server.url)
        expect(connection).to_have_attribute("data-state", "live")
        page.locator(".board-row").first.wait_for()
        page.evaluate("window.isSamePage = true")
        # A server that hangs keeps its connections: only silence tells, within three seconds by the
        # page's clock (`frontend/tests/source.test.mjs`), and later here where the machine is busy.
        process.send_signal(signal.SIGSTOP)
        expect(lost).to_be_visible(timeout=15_000)
        process.send_signal(signal.SIGCONT)
        expect(connection).to_have_attribute("data-state", "live", timeout=10_000)
    expect(lost).to_be_visible(timeout=15_000)
    expect(page.locator(".banner").first).to_contain_text("as of")
    assert page.locator(".board-row").count() > 0, "what was known stays on the screen"

    with own_server.running():
        expect(connection).to_have_attribute("data-state", "live", timeout=10_000)
        expect(page.get_by_text("as of")).to_have_count(0)
        flight = own_server.get("live-flights?status=scheduled&limit=1")["rows"][0]
        page.get_by_label("Search the board").fill(flight["flight_icao"])
        own_server.put(event_of(flight, "after-the-restart", departure_gate="Q99"))
        row = page.locator(f'.board-row[data-leg="{flight["leg_key"]}"]')
        expect(row).to_contain_text("Q99", timeout=15_000)
        assert page.evaluate("window.isSamePage")
    context.close()


def test_two_tabs_share_one_connection(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    pages = [context.new_page() for _ in range(3)]
    for page in pages:
        page.goto(server.url)
        page.locator('.connection[data-state="live"]').wait_for()
    viewers = server.get("status")["viewers"]
    for page in pages[1:]:
        page.close()
    expect(pages[0].locator(".connection")).to_have_attribute("data-state", "live")
    context.close()
    assert viewers <= 3  # this context's one, and those of tests that run beside


def test_a_browser_without_shared_workers_has_a_connection_of_its_own(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context()
    context.add_init_script("delete window.SharedWorker")
    streams = []
    page = context.new_page()
    page.on("request", lambda request: streams.append(request.url))
    page.goto(server.url)
    page.locator('.connection[data-state="live"]').wait_for()
    assert page.evaluate("typeof SharedWorker") == "undefined"
    assert any(url.endswith("/api/v1/stream") for url in streams), "asked for by the page itself"

    flight = server.get("live-flights?status=scheduled&limit=3")["rows"][2]
    page.get_by_label("Search the board").fill(flight["flight_icao"])
    server.put(event_of(flight, f"alone-{flight['leg_key']}", departure_gate="Q66"))
    row = page.locator(f'.board-row[data-leg="{flight["leg_key"]}"]')
    expect(row).to_contain_text("Q66", timeout=15_000)

    viewers = server.get("status")["viewers"]
    page.goto("about:blank")
    until(lambda: server.get("status")["viewers"] < viewers)
    context.close()


def test_a_failing_request_says_so_and_can_be_tried_again(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "**/api/v1/trends*",
        lambda route: route.fulfill(
            status=503,
            content_type="application/problem+json",
            body='{"title": "Unavailable", "status": 503, "detail": "the warehouse is busy"}',
        ),
    )
    page.goto(f"{server.url}/?page=trends")
    panel = page.locator('[data-panel="trend-delay"]')
    expect(panel.locator(".panel-message")).to_contain_text("the warehouse is busy")
    panel.get_by_role("button", name="Try again").click()
    page.unroute("**/api/v1/trends*")
    expect(panel.locator(".panel-message")).to_be_hidden(timeout=15_000)
    context.close()
