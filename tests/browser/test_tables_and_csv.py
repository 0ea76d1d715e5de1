"""Every chart has its figures as a table, and as a file."""

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PANELS = {
    "operations": [
        "map",
        "airline-delays",
        "turnaround",
        "status-mix",
        "movements",
        "delay-pairs",
    ],
    "trends": [
        "trend-delay",
        "trend-punctuality",
        "trend-movements",
        "trend-passengers",
        "trend-security",
        "trend-turnaround",
    ],
    "pipeline": ["throughput", "lag", "quarantine-reasons", "quarantine-samples", "storage"],
}


@pytest.mark.parametrize("name", PANELS)
def test_each_chart_as_table_and_csv(open_page: Callable[..., Page], name: str) -> None:
    page = open_page(f"/?page={name}")
    for panel_name in PANELS[name]:
        panel = page.locator(f'[data-panel="{panel_name}"]')
        panel.scroll_into_view_if_needed()
        toggle = panel.get_by_role("button", name="Show as table")
        expect(toggle).to_be_enabled()
        toggle.click()
        expect(toggle).to_have_attribute("aria-pressed", "true")
        table = panel.locator(".panel-body > .table-scroll .data-table")
        rows = table.locator("tbody tr")
        expect(rows.first).to_be_visible()
        columns = table.locator("thead th").count()
        with page.expect_download() as download:
            panel.get_by_role("button", name="Save as CSV").click()
        assert download.value.suggested_filename == f"airside-{panel_name}.csv"
        with download.value.path().open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        assert len(header) == columns
        assert len(lines) >= min(rows.count(), 1), panel_name
        assert {len(line) for line in lines} == {columns}
        toggle.click()
        expect(table).to_be_hidden()


def test_quality_flags_are_those_of_all_days(open_page: Callable[..., Page]) -> None:
    page = open_page()
    with page.expect_response(lambda answer: "/api/v1/quality" in answer.url) as answer:
        page.get_by_role("link", name="Pipeline").click()
    rows = answer.value.json()["rows"]
    assert {row["arrived_date"] for row in rows} == {None}
    (clean,) = [row["records"] for row in rows if row["name"] == "clean"]
    panel = page.locator('[data-panel="quality-flags"]')
    panel.scroll_into_view_if_needed()
    expect(panel.locator(".panel-note")).to_contain_text(f"n = {clean:,} clean records")
    panel.get_by_role("button", name="Show as table").click()
    shown = [line.split("\t")[:2] for line in panel.locator("tbody tr").all_inner_texts()]
    assert shown == [[row["name"], f"{row['records']:,}"] for row in rows if row["kind"] == "flag"]


def test_a_table_sorts_by_its_headers(open_page: Callable[..., Page]) -> None:
    page = open_page()
    panel = page.locator('[data-panel="movements"]')
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="Show as table").click()
    header = panel.get_by_role("columnheader", name="Airport")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(panel.locator("tbody tr").nth(5)).to_be_visible()
    codes = panel.locator("tbody tr td:first-child").all_inner_texts()
    assert codes == sorted(codes)


def test_the_board_as_csv_has_every_active_flight(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.locator(".board-row").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: Active flights").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    active = int(page.get_by_role("grid").get_attribute("aria-rowcount") or 0) - 1
    assert len(lines) == active
    assert {"leg_key", "flight_icao", "flight_status"} <= set(lines[0])


def test_the_board_as_csv_has_what_the_search_finds(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator(".board-row").first.wait_for()
    searched = page.locator(".board-row .board-cell:nth-child(2)").first.inner_text()
    page.get_by_label("Search the board").fill(searched)
    expect(page.locator(".board-row")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: Active flights").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["flight_icao"] for line in lines] == [searched]


def test_a_tile_tells_what_it_means(open_page: Callable[..., Page]) -> None:
    page = open_page()
    tile = page.get_by_role("group", name="Departures on time, D15")
    definition = tile.get_by_role("tooltip")
    expect(definition).to_be_hidden()
    tile.focus()
    expect(definition).to_be_visible()
    expect(definition).to_contain_text("15")
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    expect(tile).to_contain_text("n = ")
    expect(tile).to_contain_text("%")
