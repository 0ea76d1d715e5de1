"""One flight: what is known of it, from whom, and nothing of it runs as code."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from support.browsing import event_of, until

SCRIPT = "<script>alert(1)</script>"


def test_a_flight_with_its_times_timeline_and_records(
    open_page: Callable[..., Page], server: Any
) -> None:
    flight = server.get("live-flights?status=landed&limit=1")["rows"][0]
    page = open_page(f"/?leg={flight['leg_key']}")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2).first).to_have_text(flight["flight_icao"])
    scheduled = flight["scheduled_departure_at"][11:16]
    expect(drawer.locator(".times")).to_contain_text(f"{scheduled} UTC")
    expect(drawer.locator(".event").first).to_be_visible()
    few = drawer.locator(".event").count()
    drawer.get_by_label("position reports too").check()
    assert drawer.locator(".event").count() > few
    drawer.get_by_role("button", name="Show raw records").click()
    record = drawer.locator(".record").first
    record.locator("summary").click()
    expect(record.locator("pre")).to_contain_text('"event_id"')
    drawer.get_by_role("button", name="Close flight").click()
    expect(drawer).to_be_hidden()
    assert "leg=" not in page.url


def test_focus_returns_to_what_opened_the_flight(open_page: Callable[..., Page]) -> None:
    page = open_page()
    panel = page.locator('[data-panel="delay-pairs"]')
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="Show as table").click()
    opener = panel.locator("tbody button").first
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_an_unknown_flight_says_so(browser: Browser, server: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/?leg={'0' * 32}")
    expect(page.locator(".drawer-message")).to_contain_text("⚠")
    context.close()


def test_markup_in_the_data_stays_text(open_page: Callable[..., Page], server: Any) -> None:
    """Every text field at once, on the board, the map's table, the drawer and its records."""
    flight = server.get("live-flights?status=scheduled&limit=3")["rows"][2]
    event = event_of(
        flight,
        f"{SCRIPT}{flight['leg_key']}",
        airline_iata=SCRIPT,
        tail_number=SCRIPT,
        departure_gate=SCRIPT,
        arrival_gate=f"<img src=x onerror=alert(2)>{SCRIPT}",
        aircraft_type=SCRIPT,
        runway_in_use=SCRIPT,
        weather_conditions=SCRIPT,
        source_system_id=SCRIPT,
    )
    page = open_page(f"/?leg={flight['leg_key']}")
    server.put(event, {"event_id": SCRIPT, "event_timestamp": SCRIPT})
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text(SCRIPT.upper(), timeout=20_000)
    drawer.get_by_role("button", name="Show raw records").click()
    drawer.locator(".record summary").first.click()
    expect(drawer.locator(".record pre").first).to_contain_text(SCRIPT)
    page.keyboard.press("Escape")
    expect(page.locator(".board-viewport")).to_contain_text(SCRIPT.upper())
    page.locator('[data-panel="map"]').get_by_role("button", name="Show as table").click()
    page.get_by_role("link", name="Pipeline").click()
    bad = page.get_by_role("button", name="bad_event_timestamp")
    bad.click()
    record = page.locator("main .record").filter(has_text="<SCRIPT>".lower()).first
    record.locator("summary").click()
    expect(record.locator("pre")).to_contain_text(SCRIPT)
    until(lambda: page.locator("main script, main img, .drawer script, .drawer img").count() == 0)
