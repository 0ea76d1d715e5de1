"""What gold keeps of its facts gives the answers that the facts themselves would give."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from airside.dashboard.filters import Filters
from airside.dashboard.queries import reports
from airside.warehouse import Reader
from support.two_warehouses import plain
from unit.gold.staged_gold import NOON, Noting, Row, StagedGold, at, cut, event, random_events

ALWAYS = NOON.replace(year=2000)
"""With a window, however wide, the legs are asked and not the tallies."""
FILTERS = [
    Filters(),
    Filters(airlines=("6E", "none")),
    Filters(statuses=("landed", "cancelled")),
    Filters(airports=("AMD",)),
    Filters(airports=("AMD", "QQQ"), direction="arrival", airlines=("AI",)),
    Filters(direction="departure"),
    Filters(airlines=("nobody",)),
]
ASKED: list[Callable[[Reader, Filters], Any]] = [
    reports.airline_delays,
    reports.passengers_vs_turnaround,
    reports.turnaround_points,
    reports.delay_line,
    reports.delay_points,
    reports.movements,
]


def assert_tallies_equal_legs(staged: StagedGold) -> None:
    for filters in FILTERS:
        of_legs = replace(filters, since=ALWAYS)
        for ask in ASKED:
            tallied, counted = (plain(ask(staged.warehouse, f)) for f in (filters, of_legs))
            assert tallied == counted, f"{ask.__name__} {filters}"


def test_late_and_corrected_events_in_any_cut_leave_no_trace(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_POINTS", 2)  # few enough for the sample to do
    rng = random.Random(7)
    for batch in cut(rng, random_events(rng, legs=300, events=1200), batches=4):
        staged.load(batch)
        staged.gold.refresh()
        assert_tallies_equal_legs(staged)
    assert staged.one("SELECT count(*) FROM int_sampled_legs") > 2
    assert staged.one("SELECT count(*) FROM int_delay_counts WHERE legs <= 0") == 0


def test_few_points_do_in_a_long_history(
    staged: StagedGold, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged.load(random_events(random.Random(7), legs=300, events=1200))
    staged.gold.refresh()
    everything = reports.delay_points(staged.warehouse, Filters())
    sampled = [key for key in everything["leg_key"].to_pylist() if key < "10"]
    assert 2 < len(sampled) < everything.num_rows
    monkeypatch.setattr(reports, "LONG_SAMPLE", len(sampled))
    monkeypatch.setattr(reports, "ENOUGH_POINTS", len(sampled))
    points = reports.delay_points(staged.warehouse, Filters())
    assert points["leg_key"].to_pylist() == sampled
    monkeypatch.setattr(reports, "ENOUGH_POINTS", len(sampled) + 1)
    assert reports.delay_points(staged.warehouse, Filters()).equals(everything)
    monkeypatch.setattr(reports, "ENOUGH_POINTS", len(sampled))
    monkeypatch.setattr(reports, "LONG_SAMPLE", 1_000)
    assert reports.delay_points(staged.warehouse, Filters()).equals(everything)


@pytest.mark.parametrize("ask", [reports.delay_points, reports.turnaround_points])
def test_where_no_flight_is_a_point_not_all_of_history_is_asked(
    staged: StagedGold, ask: Callable[[Reader, Filters], pa.Table]
) -> None:
    staged.load(random_events(random.Random(7), legs=300, events=1200))
    staged.gold.refresh()
    reader = Noting(staged.warehouse)
    assert ask(reader, Filters(airlines=("none such",))).num_rows == 0
    assert reader.asked
    assert not any("main.fct_" in sql for sql in reader.asked)


def landed(minutes_late: float, **values: Any) -> Row:
    return event(
        event_at=at(90),
        airline_iata="6E",
        flight_status="landed",
        actual_departure_at=at(minutes_late),
        actual_arrival_at=at(60),
        **values,
    )


def test_a_leg_that_changes_its_airline_and_its_delay_is_counted_where_it_is_now(
    staged: StagedGold,
) -> None:
    staged.load([landed(5), landed(7, flight_icao="6E2")])
    staged.gold.refresh()
    staged.load([landed(9) | {"airline_iata": "AI", "event_at": at(91)}])
    staged.gold.refresh()
    rows = staged.rows("FROM int_delay_counts WHERE side = 'departure' ORDER BY airline_iata")
    assert [(row["airline_iata"], row["delay_minutes"], row["legs"]) for row in rows] == [
        ("6E", 7.0, 1),
        ("AI", 9.0, 1),
    ]


def test_absurd_figures_neither_overflow_nor_outlast_their_correction(staged: StagedGold) -> None:
    legs = [landed(0, flight_icao=f"F{n}", passenger_count=100 + n) for n in range(40)]
    staged.load(
        leg | {"turnaround_time_minutes": 2**31 - 1, "passenger_count": 2**31 - 1} for leg in legs
    )
    staged.gold.refresh()
    assert_tallies_equal_legs(staged)
    staged.load(
        leg | {"turnaround_time_minutes": 30 + n % 7, "event_at": at(95)}
        for n, leg in enumerate(legs)
    )
    staged.gold.refresh()
    assert_tallies_equal_legs(staged)
    (overall,) = staged.rows("FROM rpt_passengers_vs_turnaround WHERE scope = 'all'")
    asked = reports.passengers_vs_turnaround(staged.warehouse, Filters())
    for name in ("n", "r", "slope", "intercept"):
        assert overall[name] == pytest.approx(asked[name], rel=1e-12)
    assert overall["n"] == 40


@pytest.mark.parametrize("same", ["turnaround_time_minutes", "passenger_count"])
def test_no_line_where_one_side_never_varies(staged: StagedGold, same: str) -> None:
    varied = {"turnaround_time_minutes": 45, "passenger_count": 150}
    staged.load(
        landed(0, flight_icao=f"F{n}", **{k: v if k == same else v + n for k, v in varied.items()})
        for n in range(9)
    )
    staged.gold.refresh()
    (overall,) = staged.rows("FROM rpt_passengers_vs_turnaround WHERE scope = 'all'")
    assert (overall["n"], overall["r"], overall["slope"]) == (9, None, None)
    assert_tallies_equal_legs(staged)
