"""Every page, in both themes, at every width: drawn, accessible, and nothing cut off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

PAGES = {
    "operations": [
        "Aircraft positions",
        "Active flights",
        "Delays by airline",
        "Passengers against turnaround",
        "Live status by phase",
        "Arrivals and departures by airport",
        "Departure against arrival delay",
    ],
    "trends": [
        "Delay",
        "Punctuality",
        "Movements",
        "Passengers",
        "Security wait",
        "Turnaround",
    ],
    "pipeline": [
        "Every record accounted for",
        "Throughput per consumer",
        "Lag per consumer",
        "Stages",
        "Storage used",
        "Quarantine reasons",
        "Quarantined records",
        "Quality flags",
        "Schema drift",
        "Recent failures",
    ],
}
BACKGROUND = {"light": "rgb(238, 241, 244)", "dark": "rgb(12, 17, 22)"}
AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Share of a canvas' pixels that anything is drawn on.
INK = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
    return inked / (data.length / 4);
}"""


def see_everything(page: Page) -> None:
    """Charts are drawn when they come into sight."""
    for panel in page.locator("main .page:not([hidden]) .panel").all():
        panel.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_panel_is_there_in_both_themes(
    open_page: Callable[..., Page], name: str, theme: str
) -> None:
    page = open_page(f"/?page={name}", color_scheme=theme)
    for title in PAGES[name]:
        expect(page.get_by_role("heading", name=title, exact=True, level=2)).to_be_visible()
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == BACKGROUND[theme]
    see_everything(page)
    charts = page.locator("main .page:not([hidden]) .chart:visible")
    for chart in charts.all():
        if chart.locator("xpath=ancestor::*[contains(@class, 'is-covered')]").count():
            continue
        chart.scroll_into_view_if_needed()
        canvas = chart.locator("canvas").first
        canvas.wait_for()
        summary = chart.get_attribute("aria-label")
        assert canvas.evaluate(INK) > 0.002, f"nothing is drawn of: {summary}"


def test_a_page_left_before_its_map_has_come_draws_it_on_return(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/?page=trends")
    held: list[Route] = []
    page.route("**/assets/outlines*", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/assets/outlines*"):
        page.get_by_role("link", name="Operations").click()
    page.get_by_role("link", name="Pipeline").click()
    the_map = page.locator(".chart-map")
    expect(the_map).to_be_hidden()
    with page.expect_response("**/assets/outlines*"):
        held[0].continue_()
    page.get_by_role("link", name="Operations").click()
    canvas = the_map.locator("canvas").first
    canvas.wait_for()
    page.wait_for_function(f"canvas => ({INK})(canvas) > 0.002", arg=canvas.element_handle())


def test_the_theme_is_remembered(open_page: Callable[..., Page]) -> None:
    page = open_page("/", color_scheme="light")
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("width", [360, 768, 3840])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_scrolls_sideways(open_page: Callable[..., Page], name: str, width: int) -> None:
    page = open_page(f"/?page={name}", width=width, height=900)
    expect(page.locator("main .page:not([hidden]) .panel").first).to_be_visible()
    see_everything(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("view", "theme"),
    [*[(view, theme) for view in [*PAGES, "flight"] for theme in BACKGROUND], ("tables", "light")],
)
def test_axe_finds_no_violation(browser: Browser, server: Any, view: str, theme: str) -> None:
    if not AXE.is_file():
        pytest.fail("axe-core is not installed; `make install` brings it")
    # the page's own policy would keep axe out
    context = browser.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    leg = server.get("live-flights?limit=1")["rows"][0]["leg_key"]
    query = {"flight": f"leg={leg}", "tables": "airline=SG"}.get(view, f"page={view}")
    page.goto(f"{server.url}/?{query}")
    page.locator('.connection[data-state="live"]').wait_for()
    see_everything(page)
    if view == "flight":
        page.locator(".drawer-content").wait_for()
    if view == "tables":
        # of this airline there is none: until the page knows, the panel shows everybody's
        empty = page.locator('[data-panel="turnaround"]').get_by_role(
            "button", name="Show as table"
        )
        expect(empty).to_be_disabled()
        for button in page.locator("[aria-label^='Show as table']:enabled:visible").all():
            button.click()
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """tags => axe.run(document, {
            runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })""",
        AXE_RULES,
    )
    violations = [
        f"{one['id']}: {one['help']} — {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    context.close()
    assert violations == []


def test_a_wall_screen_has_no_controls_and_turns_its_pages(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/?kiosk=1", width=3840, height=2160)
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.wait_for_url("**/?*page=trends*")
    page.wait_for_url("**/?*page=pipeline*")


def test_still_for_those_who_want_no_motion(open_page: Callable[..., Page]) -> None:
    page = open_page("/", reduced_motion="reduce")
    row = page.locator(".board-row").first
    row.wait_for()
    row.locator(".board-cell").first.evaluate("cell => cell.classList.add('changed')")
    duration = row.locator(".board-cell").first.evaluate(
        "cell => getComputedStyle(cell).animationDuration"
    )
    assert float(duration.removesuffix("s")) < 0.001
