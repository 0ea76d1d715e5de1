"""What the tiles and the trends say of flights whose times are late, strange or not known."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from airside.alerts.rules import Limits, findings
from airside.dashboard import Liveness
from airside.dashboard.filters import Filters
from airside.dashboard.queries import kpis, trends
from airside.dashboard.queries.kpis import LiveFigures
from unit.gold.staged_gold import NOON, Row, StagedGold, at, event

LIVE = "SELECT * FROM main.rpt_live_flights"


def refreshed(staged: StagedGold, *rows: Row) -> StagedGold:
    staged.load(rows)
    staged.gold.refresh()
    return staged


def leg(number: int, departs: float, arrives: float, status: str, **values: Any) -> Row:
    """An event of a flight of its own, with its schedule in minutes after noon."""
    return event(
        flight_icao=f"AA{number}",
        scheduled_departure_at=at(departs),
        scheduled_arrival_at=at(arrives),
        flight_status=status,
        **values,
    )


def tile_trend(
    staged: StagedGold, name: str, filters: Filters | None = None, now: datetime = NOON
) -> list[float | None]:
    figures = kpis.settled(staged.warehouse, filters or Filters(), now)
    return [point[name] for point in figures["trend"]]


LATE = (
    leg(1, -480, -360, "boarding", passenger_count=100),
    leg(2, -360, -210, "en-route", passenger_count=180, actual_departure_at=at(-60)),
    leg(3, -60, 60, "en-route", passenger_count=70, actual_departure_at=at(-55)),
)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="late"),
        pytest.param(
            (
                leg(
                    4,
                    -100,
                    -20,
                    "en-route",
                    passenger_count=9,
                    actual_departure_at=at(-90),
                    estimated_arrival_at=at(-30),
                ),
            ),
            id="estimate overtaken",
        ),
        pytest.param(
            (leg(4, -100, -20, "en-route", passenger_count=9),), id="departure unreadable"
        ),
        pytest.param((leg(4, -170, -60, "scheduled", passenger_count=9),), id="not yet boarding"),
        pytest.param((leg(4, -190, 60, "scheduled", passenger_count=9),), id="never boarded"),
        pytest.param(
            (
                leg(
                    4,
                    -600,
                    -500,
                    "en-route",
                    passenger_count=9,
                    actual_departure_at=at(-590),
                    event_at=at(-361),
                ),
            ),
            id="silent for too long",
        ),
        pytest.param(
            (leg(4, -60, 60, "cancelled", passenger_count=9, actual_departure_at=at(-50)),),
            id="cancelled after departure",
        ),
    ],
)
def test_the_last_of_a_tiles_trend_is_what_the_tile_says(
    staged: StagedGold, more: tuple[Row, ...]
) -> None:
    refreshed(staged, *LATE, *more)
    live = LiveFigures.of(staged.warehouse.query(LIVE))
    assert live.active >= 3
    assert tile_trend(staged, "active_flights")[-1] == live.active
    assert tile_trend(staged, "passengers_in_motion")[-1] == live.passengers


def test_a_flight_is_held_for_as_long_as_gold_is_told(staged: StagedGold) -> None:
    refreshed(staged, leg(1, -480, -360, "boarding", event_at=at(-30)))
    for minutes, active in ((20, 0), (30, 1)):
        liveness = Liveness(stale_minutes=minutes)
        figures = kpis.settled(staged.warehouse, Filters(), NOON, liveness=liveness)
        assert figures["trend"][-1]["active_flights"] == active


def test_a_flight_is_active_around_its_times_as_long_as_gold_is_told(staged: StagedGold) -> None:
    landed = leg(1, -200, -50, "landed", actual_arrival_at=at(-50), event_at=at(-50))
    soon = leg(2, 50, 200, "scheduled", event_at=at(-5))
    overdue = leg(3, -50, 100, "scheduled", event_at=at(-5))
    refreshed(staged, landed, soon, overdue)
    for liveness, active in (
        (Liveness(), 2),
        (Liveness(landed_minutes=60), 3),
        (Liveness(departure_minutes=40), 0),
    ):
        figures = kpis.settled(staged.warehouse, Filters(), NOON, liveness=liveness)
        assert figures["trend"][-1]["active_flights"] == active, liveness


@pytest.mark.parametrize("estimate", [None, at(-1100), at(-840)])
def test_a_flight_that_nobody_followed_to_its_end_arrives_as_late_as_it_left(
    staged: StagedGold, estimate: datetime | None
) -> None:
    lost = leg(
        1,
        -1200,
        -1080,
        "en-route",
        passenger_count=180,
        event_at=at(-1000),
        actual_departure_at=at(-1020),
        estimated_arrival_at=estimate,
    )
    moving = tile_trend(refreshed(staged, lost), "passengers_in_motion")
    # from 19:00 on for two hours, by the schedule; or to the estimate, if it can be one
    assert [hour for hour, passengers in enumerate(moving, -23) if passengers] == (
        [-17, -16] if estimate != at(-840) else [-17, -16, -15]
    )


def test_a_trend_is_of_its_window_and_null_elsewhere(staged: StagedGold) -> None:
    refreshed(staged, *LATE, leg(4, 0, 60, "scheduled"))
    window = Filters(since=at(-400), until=at(0))
    assert tile_trend(staged, "flights_today", window)[-8:] == [None, 0, 1, 0, 0, 0, 0, 1]
    assert tile_trend(staged, "active_flights", window)[-1] == 2
    assert tile_trend(staged, "flights_today", Filters(until=at(1)))[-1] == 1
    assert set(tile_trend(staged, "active_flights", Filters(since=at(60)))) == {None}


@pytest.mark.parametrize("until", [datetime.min, datetime.min + timedelta(hours=30)])  # noqa: DTZ901
def test_a_window_may_end_where_the_calendar_begins(staged: StagedGold, until: datetime) -> None:
    refreshed(staged, *LATE)
    assert tile_trend(staged, "flights_today", Filters(until=until)) == [0] * 24


@pytest.mark.parametrize("days", [0.1, 1, 30])
def test_an_arrival_counts_however_long_before_it_the_flight_left(
    staged: StagedGold, days: float
) -> None:
    long = leg(
        1, -1920, -60, "landed", actual_departure_at=at(-1900), actual_arrival_at=at(-50),
        turnaround_time_minutes=45,
    )  # fmt: skip
    rows = trends.trends(
        refreshed(staged, long).warehouse,
        Filters(since=NOON - timedelta(days=days), until=NOON),
        by="hour",
        group_by="none",
        top=1,
        zone="UTC",
        watermark=NOON,
    ).to_pylist()
    assert (rows[-1]["at"], rows[-1]["arrivals"]) == (at(-60), 1)
    assert (rows[-1]["mean_turnaround_minutes"], rows[-1]["turnaround_n"]) == (45, 1)
    assert sum(row["departures"] for row in rows) == (days == 30)


def test_only_flights_on_the_ground_wait_at_security(staged: StagedGold) -> None:
    refreshed(
        staged,
        leg(1, -60, 60, "en-route", security_wait_time_minutes=200),
        leg(2, -60, -10, "landed", security_wait_time_minutes=90, actual_arrival_at=at(-10)),
        leg(3, 30, 110, "boarding", security_wait_time_minutes=70),
        leg(4, 40, 110, "scheduled", security_wait_time_minutes=10),
    )
    live = LiveFigures.of(staged.warehouse.query(LIVE))
    assert (live.longest_wait, live.waits) == (70, 2)
    limits = Limits(security_wait_minutes=60)
    (finding,) = findings(staged.warehouse, limits, lags={}, sources={}, now_us=0)
    assert (finding.subject, finding.value) == ("BOM", 70)
