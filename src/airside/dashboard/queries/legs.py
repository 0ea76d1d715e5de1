"""One leg: its state, its timeline, and which records it is made of."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from airside.dashboard.rows import column_values, documents
from airside.warehouse import Reader

LEG_COLUMNS = (
    "leg_key",
    "flight_icao",
    "airline_iata",
    "tail_number",
    "aircraft_type",
    "departure_airport_iata",
    "arrival_airport_iata",
    "departure_gate",
    "arrival_gate",
    "scheduled_departure_at",
    "scheduled_arrival_at",
    "estimated_departure_at",
    "estimated_arrival_at",
    "actual_departure_at",
    "actual_arrival_at",
    "departure_delay_minutes",
    "arrival_delay_minutes",
    "passenger_count",
    "baggage_count",
    "security_wait_time_minutes",
    "runway_in_use",
    "weather_conditions",
    "latitude",
    "longitude",
    "altitude_ft",
    "ground_speed_kts",
    "vertical_speed_fps",
    "heading",
    "flight_status",
    "last_event_at",
    "events",
)

_ATTRIBUTES = (
    "flight_status",
    "airline_iata",
    "tail_number",
    "aircraft_type",
    "arrival_airport_iata",
    "departure_gate",
    "arrival_gate",
    "scheduled_arrival_at",
    "estimated_departure_at",
    "estimated_arrival_at",
    "actual_departure_at",
    "actual_arrival_at",
    "passenger_count",
    "baggage_count",
    "security_wait_time_minutes",
    "taxi_time_minutes",
    "turnaround_time_minutes",
    "runway_in_use",
    "weather_conditions",
)
"""What a timeline tells when it changes; positions change all the time."""

_EVENT_COLUMNS = [
    "event_id",
    "event_at",
    "arrived_at",
    "source_system_id",
    "flight_status",
    "latitude",
    "longitude",
    "altitude_ft",
    "ground_speed_kts",
    "vertical_speed_fps",
    "heading",
    "quality_flags",
    "shard_id",
    "sequence_number",
    "is_late",
]

# The scheduled departure is part of a leg's identity, and events of one time lie together, so
# naming it spares DuckDB from reading the whole of staging.
_EVENTS = """
SELECT
    *,
    event_at < max(event_at) OVER (
        ORDER BY arrived_at, shard_id, sequence_number
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS is_late
FROM staging.flight_events
WHERE leg_key = ? AND scheduled_departure_at = CAST(? AS TIMESTAMP)
ORDER BY event_at, arrived_at, shard_id, sequence_number
"""


_RECENT = "scheduled_departure_at >= (SELECT watermark_at FROM main.rpt_watermark) - INTERVAL 3 DAY"
"""People look at what flies now. A leg's key says nothing about its time, so to find one among all
is to read the keys of all of history; among those of a few days it costs the same for ever."""


def leg(reader: Reader, leg_key: str) -> dict[str, Any] | None:
    """A leg as gold has it, with its airline's name; None where there is none."""
    columns = ", ".join(f"legs.{name}" for name in LEG_COLUMNS)

    def found(where: str, *parameters: object) -> list[dict[str, Any]]:
        return documents(
            reader.query(
                f"""
                SELECT
                    {columns},
                    legs.taxi_time_minutes,
                    legs.turnaround_time_minutes,
                    airlines.airline_name
                FROM main.fct_flight_legs AS legs
                LEFT JOIN main.dim_airlines AS airlines ON airlines.airline_iata = legs.airline_iata
                WHERE {where}
                """,
                [leg_key, *parameters],
            )
        )

    rows = found(f"legs.leg_key = ? AND legs.{_RECENT}")
    if not rows:
        # Of older ones the page leads to those whose points it shows: few, and gold has their time.
        instants = reader.query(
            "SELECT scheduled_departure_at AS at FROM main.int_sampled_legs WHERE leg_key = ?",
            [leg_key],
        )["at"].to_pylist()
        is_then = " AND legs.scheduled_departure_at = CAST(? AS TIMESTAMP)" if instants else ""
        rows = found(f"legs.leg_key = ?{is_then}", *(at.isoformat() for at in instants))
    return rows[0] if rows else None


def turnaround(reader: Reader, leg_key: str, scheduled_departure_at: str) -> dict[str, Any] | None:
    """The turnaround that follows a leg; None where none is known."""
    rows = documents(
        reader.query(
            "SELECT airport_iata, reported_minutes, derived_minutes, turnaround_minutes,"
            " next_leg_key, next_departure_at FROM main.fct_turnarounds"
            " WHERE leg_key = ? AND scheduled_departure_at = CAST(? AS TIMESTAMP)",
            [leg_key, scheduled_departure_at.removesuffix("Z")],
        )
    )
    return rows[0] if rows else None


def airports(reader: Reader, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Airports by their codes."""
    rows = documents(
        reader.query(
            "SELECT airport_iata, airport_name, city, country, latitude, longitude, timezone"
            f" FROM main.dim_airports WHERE airport_iata IN ({', '.join('?' * len(codes))})",
            list(codes),
        )
    )
    return {row["airport_iata"]: row for row in rows}


class Timeline(NamedTuple):
    """What a leg's events said."""

    events: list[dict[str, Any]]
    """The newest, in event-time order, each with what it said that was new."""
    total_events: int
    quality_flags: dict[str, int]
    """Flag → how many of all events have it."""


def timeline(reader: Reader, leg_key: str, scheduled_departure_at: str, limit: int) -> Timeline:
    """A leg's events, which may be tens of thousands where positions come each second."""
    table = reader.query(_EVENTS, [leg_key, scheduled_departure_at.removesuffix("Z")])
    changes = _changes(table)
    first = max(0, table.num_rows - limit)
    events = documents(table.select(_EVENT_COLUMNS).slice(first))
    for number, event in enumerate(events, first):
        event["is_late"] = bool(event["is_late"])
        event["changes"] = changes.get(number, [])
    flags = pc.value_counts(pc.list_flatten(table["quality_flags"])).to_pylist()
    counts = {flag["values"]: flag["counts"] for flag in flags}
    return Timeline(events, table.num_rows, dict(sorted(counts.items())))


def _changes(events: pa.Table) -> dict[int, list[dict[str, Any]]]:
    """Number of an event → what it changed."""
    changes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for name in _ATTRIBUTES:
        known = None
        for number, value in enumerate(column_values(events[name])):
            if value is not None and value != known:
                changes[number].append({"field": name, "from": known, "to": value})
                known = value
    return changes
