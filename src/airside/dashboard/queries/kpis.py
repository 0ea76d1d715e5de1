"""The figures on the tiles: value, what it rests on, and how it went over the last hours."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airside.dashboard.filters import Filters
from airside.dashboard.legs import Liveness
from airside.dashboard.queries.tile_texts import TILES
from airside.dashboard.rows import documents
from airside.warehouse import Reader

HOURS = 24
_DEFAULT = Liveness()

_FIGURES = """
WITH clock AS (SELECT CAST(? AS TIMESTAMP) AS now_at),
windowed AS (
    SELECT * FROM main.fct_flight_legs, clock WHERE {where} AND {window}
),
today AS (
    SELECT count(*) AS flights FROM main.fct_flight_legs, clock WHERE {where} AND {today}
)
SELECT
    (SELECT flights FROM today) AS flights_today,
    count(*) FILTER (departure_delay_minutes < 15 AND NOT is_cancelled) AS on_time_departures,
    count(*) FILTER (is_departed OR is_cancelled) AS d15_n,
    count(*) FILTER (arrival_delay_minutes < 15 AND NOT is_cancelled AND NOT is_diverted)
        AS on_time_arrivals,
    count(*) FILTER (is_landed OR is_cancelled OR is_diverted) AS a15_n,
    avg(departure_delay_minutes) AS mean_departure_delay_minutes,
    count(departure_delay_minutes) AS delay_n
FROM windowed
"""

_TREND = """
WITH hours AS (
    {hours}
),
legs AS (
    SELECT
        *,
        coalesce(
            actual_departure_at,
            CASE
                WHEN flight_status IN ('departing', 'en-route', 'landed', 'diverted')
                    THEN least(last_event_at, estimated_departure_at, scheduled_departure_at)
            END
        ) AS in_motion_from,
        coalesce(actual_arrival_at, {held_until}, {expected_arrival}) AS in_motion_until
    FROM main.fct_flight_legs
    WHERE
        {where}
        AND scheduled_departure_at >= CAST(? AS TIMESTAMP) - INTERVAL 3 DAY
        AND scheduled_departure_at < CAST(? AS TIMESTAMP) + INTERVAL 1 DAY
),
by_schedule AS (
    SELECT
        date_trunc('hour', scheduled_departure_at) AS hour_at,
        count(*) AS flights_today,
        count(*) FILTER (departure_delay_minutes < 15 AND NOT is_cancelled)
            / nullif(count(*) FILTER (is_departed OR is_cancelled), 0)::DOUBLE AS d15,
        count(*) FILTER (arrival_delay_minutes < 15 AND NOT is_cancelled AND NOT is_diverted)
            / nullif(count(*) FILTER (is_landed OR is_cancelled OR is_diverted), 0)::DOUBLE AS a15,
        avg(departure_delay_minutes) AS mean_departure_delay_minutes,
        max(security_wait_time_minutes) AS longest_security_wait_minutes
    FROM legs
    GROUP BY date_trunc('hour', scheduled_departure_at)
),
under_way AS (
    SELECT
        hours.hour_at,
        count(*) AS active_flights,
        coalesce(
            sum(passenger_count) FILTER (
                in_motion_from <= hours.hour_at AND hours.hour_at < in_motion_until
            ),
            0
        )::BIGINT AS passengers_in_motion
    FROM hours
    INNER JOIN legs
        ON hours.hour_at < legs.in_motion_until + INTERVAL {landed_minutes} MINUTE
        AND hours.hour_at >= least(
            legs.scheduled_departure_at - INTERVAL {departure_minutes} MINUTE, legs.in_motion_from
        )
        AND (
            legs.flight_status <> 'scheduled'
            OR hours.hour_at
            <= legs.scheduled_departure_at + INTERVAL {departure_minutes} MINUTE
        )
    WHERE NOT is_cancelled
    GROUP BY hours.hour_at
)
SELECT
    hours.hour_at AS at,
    coalesce(under_way.active_flights, 0) AS active_flights,
    coalesce(by_schedule.flights_today, 0) AS flights_today,
    by_schedule.d15,
    by_schedule.a15,
    by_schedule.mean_departure_delay_minutes,
    coalesce(under_way.passengers_in_motion, 0) AS passengers_in_motion,
    by_schedule.longest_security_wait_minutes
FROM hours
LEFT JOIN by_schedule ON hours.hour_at = by_schedule.hour_at
LEFT JOIN under_way ON hours.hour_at = under_way.hour_at
ORDER BY hours.hour_at
"""


_HOURS = " UNION ALL ".join(["SELECT CAST(? AS TIMESTAMP) AS hour_at"] * HOURS)

# A flight that is on the live board has not arrived, however late it is: no hour is after this.
_HELD_UNTIL = """
CASE
    WHEN
        (
            flight_status IN ('boarding', 'departing', 'en-route')
            OR (
                flight_status = 'scheduled'
                AND scheduled_departure_at
                    >= CAST(? AS TIMESTAMP) - INTERVAL {departure_minutes} MINUTE
            )
        )
        AND last_event_at >= CAST(? AS TIMESTAMP) - INTERVAL {stale_minutes} MINUTE
        AND last_event_at <= CAST(? AS TIMESTAMP) + INTERVAL {stale_minutes} MINUTE
        THEN CAST(? AS TIMESTAMP) + INTERVAL 1 HOUR
END
"""
# Of one that nobody followed to its end. An arrival before the departure is no estimate.
_EXPECTED_ARRIVAL = """
CASE
    WHEN estimated_arrival_at > coalesce(actual_departure_at, scheduled_departure_at)
        THEN estimated_arrival_at
    WHEN actual_departure_at IS NOT NULL
        THEN scheduled_arrival_at + (actual_departure_at - scheduled_departure_at)
    ELSE scheduled_arrival_at
END
"""


def settled(
    reader: Reader,
    filters: Filters,
    watermark: datetime,
    *,
    liveness: Liveness = _DEFAULT,
) -> dict[str, Any]:
    """The figures and trends that come from gold's facts; all but the live ones.

    Args:
        reader: The warehouse.
        filters: Which legs.
        watermark: Now, in event time.
        liveness: When a flight counts as active, as on the live board.

    Returns:
        The figures, and in `trend` the 24 hours up to the watermark or the window's end. In hours
        outside the window all is None.
    """
    where, parameters = filters.where()
    now = watermark.isoformat()
    if filters.since is None and filters.until is None:
        window = "scheduled_departure_at BETWEEN now_at - INTERVAL 24 HOUR AND now_at"
        today = (
            "scheduled_departure_at >= date_trunc('day', now_at)"
            " AND scheduled_departure_at < date_trunc('day', now_at) + INTERVAL 1 DAY"
        )
    else:
        window = today = "true"
    (figures,) = documents(
        reader.query(
            _FIGURES.format(where=where, window=window, today=today),
            [now, *parameters, *parameters],
        )
    )
    hours = _hours_until(_last_instant(filters, watermark))
    end = hours[-1].isoformat()
    question = _TREND.format(
        where=where,
        hours=_HOURS,
        held_until=_HELD_UNTIL.format(**asdict(liveness)),
        expected_arrival=_EXPECTED_ARRIVAL,
        **asdict(liveness),
    )
    trend = documents(
        reader.query(
            question,
            [*(hour.isoformat() for hour in hours), *[now] * 4, *parameters, end, end],
        )
    )
    figures["trend"] = [
        point if _is_within(filters, hour) else dict.fromkeys(point) | {"at": point["at"]}
        for hour, point in zip(hours, trend, strict=True)
    ]
    return figures


def _last_instant(filters: Filters, watermark: datetime) -> datetime:
    """The last that the window has, up to now."""
    if filters.until is None:
        return watermark
    # Before the second day of the calendar there are no 24 hours to go back, and no flights.
    first = datetime.min + timedelta(days=2)  # noqa: DTZ901 - event time has no zone
    return min(watermark, max(filters.until, first) - timedelta(microseconds=1))


def _is_within(filters: Filters, hour: datetime) -> bool:
    """Whether some of the hour is not before the window; none that is asked for is after it."""
    return filters.since is None or hour >= _whole_hour(filters.since)


def _hours_until(last: datetime) -> list[datetime]:
    """The hours of a trend; the last is the one that an instant is in."""
    return [_whole_hour(last) - timedelta(hours=back) for back in reversed(range(HOURS))]


def _whole_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """What the tiles show of the live board."""

    active: int = 0
    moving: int = 0
    """Flights under way whose passengers are known …"""
    passengers: int = 0
    """… and how many those are."""
    waits: int = 0
    """Flights yet to depart whose wait at security is known …"""
    longest_wait: int | None = None
    """… and the longest, in minutes."""

    @classmethod
    def of(cls, board: pa.Table | None) -> "LiveFigures":
        """Of the live board, or of some of its rows, as columns."""
        if board is None or not board.num_rows:
            return cls()
        is_moving = pc.is_in(board["flight_status"], value_set=pa.array(["departing", "en-route"]))
        passengers = board["passenger_count"].filter(is_moving).drop_null()
        # Of a flight in the air the time of its departure may be unreadable.
        is_waiting = pc.and_(
            pc.is_in(board["flight_status"], value_set=pa.array(["scheduled", "boarding"])),
            board["actual_departure_at"].is_null(),
        )
        waits = board["security_wait_time_minutes"].filter(is_waiting).drop_null()
        return cls(
            active=board.num_rows,
            moving=len(passengers),
            passengers=pc.sum(passengers).as_py() or 0,
            waits=len(waits),
            longest_wait=pc.max(waits).as_py() if len(waits) else None,
        )


def tiles(figures: Mapping[str, Any] | None, live: LiveFigures) -> dict[str, Any]:
    """All tiles.

    Args:
        figures: What `settled` gave; None before gold is built.
        live: Those of the live board.
    """
    values: dict[str, tuple[float | None, int]] = {
        "active_flights": (live.active, live.active),
        "passengers_in_motion": (live.passengers, live.moving),
        "longest_security_wait_minutes": (live.longest_wait, live.waits),
        "flights_today": (None, 0),
        "d15": (None, 0),
        "a15": (None, 0),
        "mean_departure_delay_minutes": (None, 0),
    }
    if figures is not None:
        values |= {
            "flights_today": (figures["flights_today"], figures["flights_today"]),
            "d15": _share(figures["on_time_departures"], figures["d15_n"]),
            "a15": _share(figures["on_time_arrivals"], figures["a15_n"]),
            "mean_departure_delay_minutes": (
                figures["mean_departure_delay_minutes"],
                figures["delay_n"],
            ),
        }
    trend = [] if figures is None else figures["trend"]
    return {
        key: {
            "label": text.label,
            "value": values[key][0],
            "n": values[key][1],
            "unit": text.unit,
            "definition": text.definition,
            "trend": [{"at": point["at"], "value": point[key]} for point in trend],
        }
        for key, text in TILES.items()
    }


def _share(part: int, whole: int) -> tuple[float | None, int]:
    return (part / whole if whole else None), whole
