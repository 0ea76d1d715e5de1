"""Filters, chips and the address say the same; everything follows them."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from support.browsing import until


def panel(page: Page, name: str) -> Any:
    return page.locator(f'[data-panel="{name}"]')


def chips(page: Page) -> list[str]:
    return [chip.inner_text().split("\n")[0] for chip in page.locator(".chip b").all()]


def board_routes(page: Page) -> list[str]:
    return page.locator(".board-row .board-cell:nth-child(3)").all_inner_texts()


def flights_of_board(page: Page) -> list[str]:
    return page.locator(".board-row .board-cell:nth-child(2)").all_inner_texts()


def test_a_chosen_airline_is_a_chip_and_everything_follows(
    open_page: Callable[..., Page], server: Any
) -> None:
    page = open_page()
    page.locator(".board-row").first.wait_for()
    page.get_by_label("Add airline filter").select_option("6E")
    expect(page.locator(".chip")).to_have_text(["Airline 6E, remove this filter✕"])
    assert "airline=6E" in page.url

    delayed = panel(page, "airline-delays").locator("tbody tr")
    expect(delayed).to_have_count(1)
    expect(delayed.first).to_contain_text("IndiGo")
    wanted = {row["flight_icao"] for row in server.get("live-flights?airline=6E")["rows"]}
    until(lambda: set(flights_of_board(page)) <= wanted)
    active = page.get_by_role("group", name="Active flights").locator(".kpi-value")
    expect(active).to_have_text(str(len(wanted)))

    page.locator(".chip").click()
    expect(page.locator(".chip")).to_have_count(0)
    assert "airline" not in page.url
    until(lambda: panel(page, "airline-delays").locator("tbody tr").count() > 1)
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)


def test_an_address_is_a_view_that_can_be_shared(open_page: Callable[..., Page]) -> None:
    page = open_page("/?page=trends&airport=BOM&direction=departure&hours=6&by=hour&group=airline")
    expect(page.get_by_role("link", name="Trends")).to_have_attribute("aria-current", "page")
    assert chips(page) == ["BOM", "departures", "last 6 h"]
    expect(page.get_by_role("button", name="Hour by hour")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("link", name="Operations").click()
    assert chips(page) == ["BOM", "departures", "last 6 h"]
    until(lambda: all(route.startswith("BOM") for route in board_routes(page)))
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_figures_are_asked_for_where_they_are_shown(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator(".board-row").first.wait_for()
    page.get_by_role("link", name="Trends").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(lambda answer: "/api/v1/trends?airline=6E" in answer.url):
        page.get_by_label("Add airline filter").select_option("6E")
    assert not [url for url in asked if "/api/v1/kpis" in url]
    with page.expect_response(lambda answer: "/api/v1/kpis?airline=6E" in answer.url):
        page.get_by_role("link", name="Operations").click()
    expect(panel(page, "airline-delays").locator("tbody tr")).to_have_count(1)


def test_what_is_clicked_becomes_a_filter(open_page: Callable[..., Page]) -> None:
    page = open_page()
    league = panel(page, "airline-delays").locator(".league-name")
    league.first.click()
    expect(page.locator(".chip-name")).to_have_text(["Airline"])
    page.locator(".chip").click()

    mix = panel(page, "status-mix").locator(".mix-row").filter(has_text="En route")
    mix.click()
    expect(page.locator(".chip b")).to_have_text(["en route"])
    until(lambda: all("En route" in row for row in statuses(page)))
    page.locator(".chip").click()


def test_a_click_on_a_bar_and_on_an_aircraft(open_page: Callable[..., Page]) -> None:
    page = open_page()
    bars = panel(page, "movements").locator(".chart")
    bars.scroll_into_view_if_needed()
    bars.locator("canvas").wait_for()
    box = bars.bounding_box()
    assert box is not None
    unit = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    # the first airport's departures, just above the axis
    airports = 16
    step = (box["width"] - 3.8 * unit) / airports
    page.mouse.click(box["x"] + 2.9 * unit + step * 0.33, box["y"] + box["height"] - 1.8 * unit - 5)
    expect(page.locator(".chip b")).to_have_text(["AMD"])
    page.locator(".chip").click()

    plan = panel(page, "map")
    plan.get_by_role("button", name="Show as table").click()
    plan.locator("tbody button").first.click()
    expect(page.locator(".chip-name")).to_have_text(["Flight"])
    expect(page.locator(".board-row")).to_have_count(1)
    # the figures over all its days follow too: one flight has one airline
    expect(panel(page, "airline-delays").locator("tbody tr")).to_have_count(1)
    active = page.get_by_role("group", name="Active flights").locator(".kpi-value")
    expect(active).to_have_text("1")
    page.get_by_role("link", name="Trends").click()
    expect(page.locator(".chip-name")).to_have_text(["Flight"])


def statuses(page: Page) -> list[str]:
    return page.locator(".board-row .board-cell:nth-child(1)").all_inner_texts()


def test_a_selection_without_flights_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("/?airline=ZZ")
    for name in ("airline-delays", "turnaround", "movements", "delay-pairs", "status-mix"):
        expect(panel(page, name).locator(".panel-message")).to_be_visible()
    expect(panel(page, "board")).to_contain_text("matches the filters")
    panel(page, "board").get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".board-row").first).to_be_visible()
