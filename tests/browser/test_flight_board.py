"""The board: thousands of rows of which few exist, sorted, searched, held, and marked."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from support.browsing import event_of, until


def column(page: Page, position: int) -> list[str]:
    rows = page.locator(".board-row").all()
    rows.sort(key=lambda row: int(row.get_attribute("aria-rowindex") or 0))
    return [row.locator(".board-cell").nth(position).inner_text() for row in rows]


def open_board(open_page: Callable[..., Page], path: str = "/") -> Page:
    page = open_page(path)
    page.locator(".board-row").first.wait_for()
    return page


def test_only_rows_in_sight_exist(open_page: Callable[..., Page], server: Any) -> None:
    page = open_board(open_page)
    active = server.get("live-flights?limit=1")["active"]
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(active + 1))
    assert 10 < page.locator(".board-row").count() < min(active, 45)


def test_sorting_by_a_column_both_ways(open_page: Callable[..., Page]) -> None:
    page = open_board(open_page)
    header = page.get_by_role("columnheader").filter(has_text="Flight")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    rising = column(page, 1)
    assert len(rising) > 10
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    falling = column(page, 1)
    assert falling[0] > rising[0]
    assert page.locator('[role=columnheader][aria-sort="descending"]').count() == 1
    by_letters = [name[:2] for name in rising]
    assert by_letters == sorted(by_letters)


def test_the_search_finds_words_of_a_row(open_page: Callable[..., Page], server: Any) -> None:
    page = open_board(open_page)
    flight = server.get("live-flights?limit=1")["rows"][0]
    box = page.get_by_label("Search the board")
    box.fill(f"{flight['flight_icao']} {flight['arrival_airport_iata'].lower()}")
    until(lambda: flight["flight_icao"] in column(page, 1))
    assert page.locator(".board-row").count() <= 3
    box.fill("no such flight anywhere")
    expect(page.locator('[data-panel="board"]')).to_contain_text("matches the search")
    page.get_by_role("button", name="Clear the search").click()
    until(lambda: page.locator(".board-row").count() > 10)


def test_the_keyboard_reaches_every_row_and_comes_back(open_page: Callable[..., Page]) -> None:
    page = open_board(open_page)
    rows = page.locator(".board-row")
    assert page.locator('.board-row[tabindex="0"]').count() == 1
    page.locator('.board-row[tabindex="0"]').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused_row(page) == 4
    page.keyboard.press("End")
    count = int(page.get_by_role("grid").get_attribute("aria-rowcount") or 0)
    assert focused_row(page) == count
    page.keyboard.press("Home")
    assert focused_row(page) == 2
    leg = page.evaluate("document.activeElement.dataset.leg")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "drawer-title"
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.leg") == leg
    assert rows.count() > 0


def focused_row(page: Page) -> int:
    return int(page.evaluate("document.activeElement.getAttribute('aria-rowindex') || 0"))


def test_a_change_shows_in_its_cell_and_nowhere_else(
    open_page: Callable[..., Page], server: Any
) -> None:
    flight = server.get("live-flights?status=scheduled&limit=1")["rows"][0]
    page = open_board(open_page, f"/?flight={flight['flight_icao']}")
    row = page.locator(f'.board-row[data-leg="{flight["leg_key"]}"]')
    row.wait_for()
    server.put(event_of(flight, f"gate-{flight['leg_key']}", departure_gate="Q77"))
    gates = row.locator(".board-cell").nth(3)
    expect(gates).to_contain_text("Q77", timeout=15_000)
    expect(gates).to_have_class("board-cell changed")
    assert row.locator(".changed:not(.changed-quietly)").count() == 1
    expect(row.locator(".changed")).to_have_count(0, timeout=10_000)


def test_a_held_board_stands_still(open_page: Callable[..., Page], server: Any) -> None:
    flight = server.get("live-flights?status=scheduled&limit=2")["rows"][1]
    page = open_board(open_page, f"/?flight={flight['flight_icao']}")
    row = page.locator(f'.board-row[data-leg="{flight["leg_key"]}"]')
    row.wait_for()
    page.get_by_role("button", name="Pause").click()
    server.put(event_of(flight, f"held-{flight['leg_key']}", departure_gate="Q88"))
    expect(page.locator('[data-panel="board"]')).not_to_contain_text("0 changes", timeout=15_000)
    expect(page.locator('[data-panel="board"]')).to_contain_text("held back")
    assert "Q88" not in row.inner_text()
    page.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("Q88")
