"""The board of a very large airport: 3,000 active flights, some of which change all the time."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsing import Server, event_of, free_port, until
from support.command import airside_ok

FLIGHTS = 3_000
NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
ROUTES = [("AMD", "BOM"), ("DEL", "AMD"), ("AMD", "BLR"), ("CCU", "AMD")]
STATUSES = ["boarding", "en-route", "scheduled", "en-route"]


def flight(number: int) -> dict[str, Any]:
    """A flight as the API tells of one."""
    departure, arrival = ROUTES[number % len(ROUTES)]
    departs = NOON - timedelta(hours=2) + timedelta(seconds=4 * number)
    status = STATUSES[number % len(STATUSES)]
    return {
        "flight_icao": f"IGO{number:04d}",
        "airline_iata": "6E",
        "tail_number": f"VT-{number:04d}",
        "aircraft_type": "A320",
        "departure_airport_iata": departure,
        "arrival_airport_iata": arrival,
        "departure_gate": f"A{number % 40}",
        "arrival_gate": None,
        "scheduled_departure_at": departs.isoformat(),
        "scheduled_arrival_at": (departs + timedelta(hours=2)).isoformat(),
        "actual_departure_at": departs.isoformat() if status == "en-route" else None,
        "actual_arrival_at": None,
        "passenger_count": 100 + number % 80,
        "baggage_count": 90,
        "weather_conditions": "Clear",
        "runway_in_use": "05",
        "latitude": 10 + number / 150,
        "longitude": 60 + number % 300 / 10,
        "altitude_ft": 30_000,
        "ground_speed_kts": 450,
        "heading": number % 360,
        "flight_status": status,
        "last_event_at": NOON.isoformat(),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("large")
    lines = folder / "flights.ndjson"
    lines.write_text(
        "\n".join(json.dumps(event_of(flight(n), f"first-{n}")) for n in range(FLIGHTS)) + "\n"
    )
    airside_ok("ingest", lines, "--data-dir", folder / "data")
    served = Server(folder / "data", free_port())
    with served.running():
        until(lambda: served.get("live-flights?limit=1")["active"] == FLIGHTS, 60)
        yield served


def column(page: Page, position: int) -> list[str]:
    rows = page.locator(".board-row").evaluate_all(
        """(rows, position) => rows
            .map((row) => [Number(row.getAttribute("aria-rowindex")),
                           row.children[position].textContent])
            .sort((a, b) => a[0] - b[0])""",
        position,
    )
    return [text for _, text in rows]


def test_three_thousand_flights_are_searched_sorted_and_scrolled_while_they_change(
    open_page: Callable[..., Page], server: Server
) -> None:
    page = open_page()
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(FLIGHTS + 1))
    assert page.locator(".board-row").count() < 45, "rows out of sight do not exist"

    rounds = 0

    def change_many() -> None:
        """Every third flight has news, as in a second of 1,000 events."""
        nonlocal rounds
        rounds += 1
        changed = [
            flight(n) | {"last_event_at": (NOON + timedelta(seconds=rounds)).isoformat()}
            for n in range(0, FLIGHTS, 3)
        ]
        server.put(
            *(
                event_of(one, f"{rounds}-{one['flight_icao']}", departure_gate=f"R{rounds}")
                for one in changed
            )
        )

    # to the last row, and a click on a header while a third of the rows change
    header = page.get_by_role("columnheader").filter(has_text="Flight")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    until(lambda: column(page, 1)[0] == "IGO0000")
    change_many()
    page.locator(".board-row").first.focus()
    page.keyboard.press("End")
    until(lambda: column(page, 1)[-1] == f"IGO{FLIGHTS - 1:04d}")
    change_many()
    header.get_by_role("button").click()
    page.keyboard.press("Tab")
    page.locator(".board-viewport").evaluate("(element) => { element.scrollTop = 0; }")
    until(lambda: column(page, 1)[0] == f"IGO{FLIGHTS - 1:04d}")

    # what is searched for keeps changing in sight
    page.get_by_label("Search the board").fill("igo0003")
    until(lambda: column(page, 1) == ["IGO0003"])
    change_many()
    gates = page.locator(".board-row .board-cell").nth(3)
    expect(gates).to_contain_text(f"R{rounds}", timeout=15_000)
    page.get_by_label("Search the board").fill("")
    expect(grid).to_have_attribute("aria-rowcount", str(FLIGHTS + 1))


def test_thousands_of_aircraft_are_on_the_map_and_each_can_be_chosen(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    plan = page.locator('[data-panel="map"]')
    expect(plan).to_contain_text("3,000 flights with a position")
    marks = plan.locator("canvas.map-marks")
    marks.wait_for()
    found = """(canvas) => {
        const { width, height } = canvas;
        const readable = { willReadFrequently: true };
        const copy = new OffscreenCanvas(width, height).getContext("2d", readable);
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        const ratio = width / canvas.clientWidth;
        let drawn = 0, at = null;
        for (let y = 20; y < height - 60; y += 1)
            for (let x = 20; x < width - 80; x += 1)
                if (data[4 * (y * width + x) + 3] > 250) {
                    drawn += 1;
                    at ??= [x / ratio, y / ratio];
                }
        return { drawn, at };
    }"""
    until(lambda: marks.evaluate(found)["drawn"] > 1_000)
    x, y = marks.evaluate(found)["at"]
    box = marks.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y)
    tip = plan.locator(".map-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("IGO")
    named = tip.inner_text().split()[0]
    page.mouse.click(box["x"] + x, box["y"] + y)
    expect(page.locator(".chip b")).to_have_text([named])
    expect(page.locator(".board-row")).to_have_count(1)
    assert page.locator(".board-row .board-cell").nth(1).inner_text() == named
