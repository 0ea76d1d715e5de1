"""Every question that the report and the page ask of a warehouse."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from airside.dashboard.filters import Filters
from airside.dashboard.legs import TAKEN, Liveness
from airside.dashboard.live_board import LiveBoard
from airside.dashboard.queries import kpis, legs, live, records, reports, trends
from airside.gold import answers
from airside.warehouse import Reader
from support.two_warehouses import sorted_rows


def _busiest(reader: Reader) -> tuple[str, str]:
    (leg,) = reader.query(
        "SELECT leg_key, scheduled_departure_at FROM main.fct_flight_legs"
        " ORDER BY events DESC, leg_key LIMIT 1"
    ).to_pylist()
    return leg["leg_key"], leg["scheduled_departure_at"].isoformat() + "Z"


def _busiest_leg(reader: Reader) -> dict[str, datetime]:
    leg_key, scheduled_at = _busiest(reader)
    return {leg_key: datetime.fromisoformat(scheduled_at.rstrip("Z"))}


NOW = datetime(2026, 3, 1, 20)  # noqa: DTZ001  event time has no zone
FILTERS = [
    Filters(),
    Filters(airlines=("6E", "none"), statuses=("landed",)),
    Filters(airports=("AMD",), direction="arrival"),
    Filters(airports=("AMD", "BOM")),
    Filters(since=NOW - timedelta(hours=9), until=NOW),
]
FILTERED: list[Callable[[Reader, Filters], Any]] = [
    reports.airline_delays,
    reports.passengers_vs_turnaround,
    reports.turnaround_points,
    reports.delay_line,
    reports.delay_points,
    reports.movements,
    lambda reader, filters: kpis.settled(reader, filters, NOW),
    lambda reader, filters: trends.trends(
        reader, filters, by="hour", group_by="airline", top=5, zone="UTC", watermark=NOW
    ),
    lambda reader, filters: trends.trends(
        reader,
        filters,
        by="hour_of_day",
        group_by="airport",
        top=5,
        zone="Asia/Kolkata",
        watermark=NOW,
    ),
    lambda reader, filters: trends.trends(
        reader, filters, by="day", group_by="none", top=5, zone="UTC", watermark=NOW
    ),
]
UNFILTERED: list[Callable[[Reader], Any]] = [
    answers.report,
    live.gold_is_built,
    lambda reader: live.version(reader)[1].newest_arrived_at,
    lambda reader: sorted_rows(
        LiveBoard(reader, Liveness()).read(live.version(reader)[0])[0].to_pylist()
    ),
    lambda reader: live.history(reader, _busiest_leg(reader), 9, TAKEN)[0].to_pylist(),
    live.airlines,
    live.latest_legs,
    lambda reader: records.quarantined(reader, None, 30, 5),
    lambda reader: records.quarantined(reader, "not_json", 5, 0),
    lambda reader: records.quality(reader, "day"),
    lambda reader: records.quality(reader, "total"),
    lambda reader: reports.airport(reader, None),
    lambda reader: reports.airport(reader, "AMD"),
    lambda reader: legs.airports(reader, ["AMD", "BOM", "XXX"]),
    lambda reader: legs.leg(reader, *_busiest(reader)[:1]),
    lambda reader: legs.turnaround(reader, *_busiest(reader)),
    lambda reader: legs.timeline(reader, *_busiest(reader), 10_000),
    lambda reader: records.locations(reader, *_busiest(reader), 10, 2),
    lambda reader: legs.leg(reader, "none such"),
]
