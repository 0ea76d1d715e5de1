"""How figures go by hour, by hour of the day and by day, of all, of airlines or of airports."""

from datetime import datetime, timedelta
from typing import Literal

import pyarrow as pa

from airside.dashboard.filters import Filters
from airside.warehouse import Reader

By = Literal["hour", "hour_of_day", "day"]
GroupBy = Literal["none", "airline", "airport"]

WINDOWS: dict[By, timedelta] = {
    "hour": timedelta(hours=48),
    "hour_of_day": timedelta(days=30),
    "day": timedelta(days=60),
}
"""How far back from the watermark a trend goes where no window is chosen."""

_TRENDS = """
WITH sides AS (
    SELECT
        *,
        'departure' AS side,
        departure_airport_iata AS airport_iata,
        scheduled_departure_at AS scheduled_at,
        NULL::DOUBLE AS turnaround_minutes
    FROM main.fct_flight_legs
    UNION ALL
    SELECT
        legs.*,
        'arrival' AS side,
        legs.arrival_airport_iata AS airport_iata,
        legs.scheduled_arrival_at AS scheduled_at,
        turnarounds.turnaround_minutes
    FROM main.fct_flight_legs AS legs
    LEFT JOIN main.fct_turnarounds AS turnarounds
        ON turnarounds.leg_key = legs.leg_key
        AND turnarounds.scheduled_departure_at = legs.scheduled_departure_at
),
chosen AS (
    SELECT *, {group} AS group_code, {bucket} AS bucket, {counts} AS counts
    FROM sides
    WHERE {where}
),
largest AS (
    SELECT group_code, count(*) AS size FROM chosen GROUP BY group_code
    ORDER BY size DESC, group_code LIMIT ?
),
measured AS (
    SELECT
        chosen.bucket,
        chosen.group_code,
        max(largest.size) AS size,
        count(*) FILTER (counts) AS flights,
        count(*) FILTER (counts AND is_cancelled) AS cancelled,
        count(actual_departure_at) FILTER (side = 'departure') AS departures,
        count(actual_arrival_at) FILTER (side = 'arrival') AS arrivals,
        avg(departure_delay_minutes) FILTER (side = 'departure') AS mean_departure_delay_minutes,
        avg(arrival_delay_minutes) FILTER (side = 'arrival') AS mean_arrival_delay_minutes,
        count(*) FILTER (
            side = 'departure' AND departure_delay_minutes < 15 AND NOT is_cancelled
        ) AS on_time_departures,
        count(*) FILTER (side = 'departure' AND (is_departed OR is_cancelled)) AS d15_n,
        count(*) FILTER (
            side = 'arrival' AND arrival_delay_minutes < 15
            AND NOT is_cancelled AND NOT is_diverted
        ) AS on_time_arrivals,
        count(*) FILTER (side = 'arrival' AND (is_landed OR is_cancelled OR is_diverted)) AS a15_n,
        sum(passenger_count) FILTER ({moved})::BIGINT AS passengers,
        count(passenger_count) FILTER ({moved}) AS passengers_n,
        avg(security_wait_time_minutes) FILTER (side = 'departure') AS mean_security_wait_minutes,
        max(security_wait_time_minutes) FILTER (side = 'departure')
            AS longest_security_wait_minutes,
        count(security_wait_time_minutes) FILTER (side = 'departure') AS security_n,
        avg(turnaround_minutes) FILTER (side = 'arrival') AS mean_turnaround_minutes,
        count(turnaround_minutes) FILTER (side = 'arrival') AS turnaround_n
    FROM chosen
    INNER JOIN largest ON largest.group_code IS NOT DISTINCT FROM chosen.group_code
    GROUP BY chosen.bucket, chosen.group_code
)
SELECT
    {at} AS at,
    {hour} AS hour,
    measured.group_code AS "group",
    {name} AS group_name,
    flights,
    cancelled,
    departures,
    arrivals,
    departures + arrivals AS movements,
    mean_departure_delay_minutes,
    mean_arrival_delay_minutes,
    on_time_departures / nullif(d15_n, 0)::DOUBLE AS d15,
    d15_n,
    on_time_arrivals / nullif(a15_n, 0)::DOUBLE AS a15,
    a15_n,
    passengers,
    passengers_n,
    mean_security_wait_minutes,
    longest_security_wait_minutes,
    security_n,
    mean_turnaround_minutes,
    turnaround_n
FROM measured
{names}
ORDER BY bucket, size DESC, measured.group_code
"""
_MOVED = "counts AND CASE side WHEN 'departure' THEN is_departed ELSE is_landed END"
"""Whose passengers count."""


def trends(
    reader: Reader,
    filters: Filters,
    *,
    by: By,
    group_by: GroupBy,
    top: int,
    zone: str,
    watermark: datetime,
) -> pa.Table:
    """Figures by bucket of scheduled time, and by group.

    What belongs to a departure is in the bucket of its scheduled departure, what belongs to an
    arrival in that of its scheduled arrival. Grouped by airport, a leg counts for both its ends,
    each with its own side; else once.

    Each figure has the legs that it rests on beside it: `d15_n` departed or were cancelled, `a15_n`
    landed, were cancelled or diverted, the passengers of `passengers_n` are those in `passengers`;
    delays rest on `departures` and `arrivals`.

    Args:
        reader: The warehouse.
        filters: Which legs. The window is of the buckets, so an arrival is in it by its own
            schedule; without one, it is the last `WINDOWS[by]` of event time, from the beginning of
            a bucket on.
        by: The buckets.
        group_by: The groups.
        top: Only so many groups, the largest.
        zone: Whose hours `hour_of_day` means.
        watermark: Now, in event time.
    """
    chosen = filters.within(_whole(watermark - WINDOWS[by], by))
    where, parameters = chosen.where_side()
    by_airport = group_by == "airport"
    local = f"scheduled_at AT TIME ZONE 'UTC' AT TIME ZONE '{zone}'"
    bucket = {
        "hour": "date_trunc('hour', scheduled_at)",
        "day": "date_trunc('day', scheduled_at)",
        "hour_of_day": f"CAST(extract(hour FROM {local}) AS INTEGER)",
    }[by]
    counts, airports = _counts(chosen, by_airport=by_airport)
    code, table = ("airport_iata", "airports") if by_airport else ("airline_iata", "airlines")
    names = f"LEFT JOIN main.dim_{table} AS named ON named.{code} = measured.group_code"
    return reader.query(
        _TRENDS.format(
            where=where.replace("scheduled_departure_at", "scheduled_at"),
            bucket=bucket,
            group={"none": "NULL::VARCHAR", "airline": "airline_iata", "airport": "airport_iata"}[
                group_by
            ],
            counts=counts,
            moved=_MOVED,
            at="NULL::TIMESTAMP" if by == "hour_of_day" else "bucket",
            hour="bucket" if by == "hour_of_day" else "NULL::INTEGER",
            name="NULL::VARCHAR" if group_by == "none" else f"named.{table[:-1]}_name",
            names="" if group_by == "none" else names,
        ),
        [*airports, *parameters, top],
    )


def _counts(filters: Filters, *, by_airport: bool) -> tuple[str, tuple[str, ...]]:
    """Which side of a leg it counts on, with its passengers, and that condition's parameters.

    Once, also where both its ends are chosen: on its departure, or on its arrival where only that
    is asked for. Grouped by airport, each end counts it.
    """
    if by_airport or filters.direction is not None:
        return "true", ()
    if not filters.airports:
        return "side = 'departure'", ()
    marks = ", ".join("?" * len(filters.airports))
    return f"(side = 'departure' OR departure_airport_iata NOT IN ({marks}))", filters.airports


def _whole(instant: datetime, by: By) -> datetime:
    """The beginning of the bucket, where buckets follow one another."""
    if by == "hour_of_day":
        return instant
    hour = instant.hour if by == "hour" else 0
    return instant.replace(hour=hour, minute=0, second=0, microsecond=0)
