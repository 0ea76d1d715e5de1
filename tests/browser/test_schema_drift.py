"""The Pipeline page's table of schema drift: there, and never taken for markup."""

import csv
from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.browsing import Server, until

SCRIPT = "<img src=x onerror=alert(1)>\u202e"
SHOWN = '"<img src=x onerror=alert(1)>\\u202e"'


def test_a_hostile_field_is_shown_as_what_it_is(
    open_page: Callable[..., Page], server: Server
) -> None:
    server.put({"source_system_id": "hostile", SCRIPT: SCRIPT})
    until(lambda: any(row["path"] == SHOWN for row in server.get("drift")["rows"]), 60)
    page = open_page("/?page=pipeline")
    panel = page.locator('[data-panel="drift"]')
    panel.scroll_into_view_if_needed()
    row = panel.locator("tbody tr", has_text="hostile")
    expect(row).to_contain_text(f"New field{'hostile'}{SHOWN}string")
    expect(row).to_contain_text("1 of 1")
    expect(panel.locator("img")).to_have_count(0)
    expect(panel.locator(".panel-note")).to_contain_text("records examined")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save as CSV").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        (line,) = [line for line in csv.DictReader(file) if line["source_system_id"] == "hostile"]
    assert line["kind"] == "new_field"
    assert SHOWN in line["path"]
