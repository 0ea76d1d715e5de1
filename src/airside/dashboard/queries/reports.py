"""Delays by airline, passengers against turnaround, delay pairs and movements, for any filter."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from airside.dashboard.filters import Filters
from airside.dashboard.queries import tallied
from airside.dashboard.rows import documents
from airside.warehouse import Reader

MAX_POINTS = 2_000
"""So many points of a scatter plot at most. A leg's key is a hash, so the smallest keys are a
random sample, and the same one each time."""
ENOUGH_POINTS = 200
"""So many do where there are few legs of a kind in a long history: to look at all of it for more
would take longer with each year."""
LONG_SAMPLE = 16_384
"""Gold's sample of a history of 260,000 legs has so many: to look at all of more takes longer than
the page's other questions do."""

MEASURES = """
    count(*) AS flights,
    count(actual_departure_at) AS departed,
    count(actual_arrival_at) AS landed,
    count(*) FILTER (is_cancelled) AS cancelled,
    count(*) FILTER (is_diverted) AS diverted,
    avg(departure_delay_minutes) AS mean_departure_delay_minutes,
    avg(arrival_delay_minutes) AS mean_arrival_delay_minutes,
    (count(*) FILTER (departure_delay_minutes < 15 AND NOT is_cancelled))
        / nullif(count(*) FILTER (is_departed OR is_cancelled), 0)::DOUBLE AS d15,
    (count(*) FILTER (arrival_delay_minutes < 15 AND NOT is_cancelled AND NOT is_diverted))
        / nullif(count(*) FILTER (is_landed OR is_cancelled OR is_diverted), 0)::DOUBLE AS a15,
    (count(*) FILTER (departure_delay_minutes <= 0 AND NOT is_cancelled))
        / nullif(count(*) FILTER (is_departed OR is_cancelled), 0)::DOUBLE AS d0,
    (count(*) FILTER (arrival_delay_minutes <= 0 AND NOT is_cancelled AND NOT is_diverted))
        / nullif(count(*) FILTER (is_landed OR is_cancelled OR is_diverted), 0)::DOUBLE AS a0
"""
"""The contract's measures over legs, as gold's macro `delay_measures` has them; a test holds the
two together."""

# Redshift wants one and the same order in all the percentiles of a query.
_PERCENTILES = """
    SELECT
        airline_iata,
        quantile_cont({side}_delay_minutes, 0.5) AS median_{side}_delay_minutes,
        quantile_cont({side}_delay_minutes, 0.9) AS p90_{side}_delay_minutes
    FROM legs
    GROUP BY airline_iata
"""

_MOVEMENTS = (
    "movements",
    "departing_flights",
    "departures",
    "cancelled_departures",
    "mean_departure_delay_minutes",
    "departed_passengers",
    "arriving_flights",
    "arrivals",
    "cancelled_arrivals",
    "diverted_arrivals",
    "mean_arrival_delay_minutes",
    "arrived_passengers",
)

_LINE = """
    count(*) AS n,
    count(*) >= 3 AND min(x) < max(x) AND min(y) < max(y) AS has_line,
    corr(y, x) AS r,
    regr_slope(y, x) AS slope,
    regr_intercept(y, x) AS intercept
"""


def _of(relation: str, names: Sequence[str]) -> str:
    return ", ".join(f"{relation}.{name}" for name in names)


def airline_delays(reader: Reader, filters: Filters) -> pa.Table:
    """Delay measures by airline, worst mean departure delay first."""
    if filters.is_timeless:
        return tallied.airline_delays(reader, filters)
    where, parameters = filters.where()
    return reader.query(
        f"""
        WITH legs AS (SELECT * FROM main.fct_flight_legs WHERE {where}),
        measured AS (SELECT airline_iata, {MEASURES} FROM legs GROUP BY airline_iata),
        departures AS ({_PERCENTILES.format(side="departure")}),
        arrivals AS ({_PERCENTILES.format(side="arrival")})
        SELECT
            measured.airline_iata,
            airlines.airline_name,
            flights,
            departed,
            landed,
            cancelled,
            diverted,
            mean_departure_delay_minutes,
            median_departure_delay_minutes,
            p90_departure_delay_minutes,
            mean_arrival_delay_minutes,
            median_arrival_delay_minutes,
            p90_arrival_delay_minutes,
            d15,
            a15,
            d0,
            a0
        FROM measured
        INNER JOIN departures ON departures.airline_iata IS NOT DISTINCT FROM measured.airline_iata
        INNER JOIN arrivals ON arrivals.airline_iata IS NOT DISTINCT FROM measured.airline_iata
        LEFT JOIN main.dim_airlines AS airlines
            ON airlines.airline_iata IS NOT DISTINCT FROM measured.airline_iata
        ORDER BY mean_departure_delay_minutes DESC NULLS LAST, flights DESC, measured.airline_iata
        """,
        parameters,
    )


def passengers_vs_turnaround(reader: Reader, filters: Filters) -> dict[str, Any]:
    """The line through passengers and turnaround minutes, overall and by aircraft type."""
    if filters.is_timeless:
        return tallied.passengers_vs_turnaround(reader, filters)
    where, parameters = filters.where_turnaround()
    rows = documents(
        reader.query(
            f"""
            WITH pairs AS (
                SELECT
                    aircraft_type,
                    passenger_count::DOUBLE AS x,
                    turnaround_minutes AS y
                FROM main.fct_turnarounds
                WHERE
                    passenger_count IS NOT NULL
                    AND {where}
            ),
            fitted AS (
                SELECT
                    grouping(aircraft_type) = 1 AS is_all,
                    aircraft_type,
                    {_LINE},
                    avg(x) AS mean_passenger_count,
                    avg(y) AS mean_turnaround_minutes
                FROM pairs
                GROUP BY GROUPING SETS ((aircraft_type), ())
            )
            SELECT
                is_all,
                aircraft_type,
                n,
                CASE WHEN has_line THEN r END AS r,
                CASE WHEN has_line THEN slope END AS slope,
                CASE WHEN has_line THEN intercept END AS intercept,
                mean_passenger_count,
                mean_turnaround_minutes
            FROM fitted
            ORDER BY is_all DESC, n DESC, aircraft_type
            """,
            parameters,
        )
    )
    overall, *by_type = rows
    for row in rows:
        del row["is_all"]
    del overall["aircraft_type"]
    return {**overall, "by_aircraft_type": by_type}


def turnaround_points(reader: Reader, filters: Filters) -> pa.Table:
    """A sample of the pairs of passengers and turnaround minutes."""
    where, parameters = filters.where_turnaround()

    def points(turnarounds: str) -> pa.Table:
        return reader.query(
            f"""
            SELECT leg_key, aircraft_type, passenger_count, turnaround_minutes
            FROM main.{turnarounds}
            WHERE passenger_count IS NOT NULL AND {where}
            ORDER BY leg_key
            LIMIT {MAX_POINTS}
            """,
            parameters,
        )

    ask = partial(tallied.passengers_vs_turnaround, reader, filters)
    line = ask if filters.is_timeless else None
    return _sampled(reader, points, "int_sampled_turnarounds", "fct_turnarounds", line)


def _sampled(
    reader: Reader,
    points: Callable[[str], pa.Table],
    sample: str,
    fact: str,
    line: Callable[[], dict[str, Any]] | None,
) -> pa.Table:
    """The points of gold's sample of the smallest keys; of all, where those are too few.

    Args:
        reader: The warehouse.
        points: Asks a table for points.
        sample: Gold's sample …
        fact: … of this table.
        line: Tells `n`, how many points there are, where gold keeps count of them.
    """
    sampled = points(sample)
    if sampled.num_rows == MAX_POINTS:
        return sampled
    if line is not None and line()["n"] == sampled.num_rows:
        return sampled  # as where cancelled flights are asked for, of which none has landed
    if sampled.num_rows >= ENOUGH_POINTS:
        (size,) = reader.query(f"SELECT count(*) AS n FROM main.{sample}")["n"].to_pylist()
        if size >= LONG_SAMPLE:
            return sampled
    return points(fact)


def delay_line(reader: Reader, filters: Filters) -> dict[str, Any]:
    """The line of arrival delay (y) against departure delay (x)."""
    if filters.is_timeless:
        return tallied.delay_line(reader, filters)
    where, parameters = filters.where()
    (row,) = documents(
        reader.query(
            f"""
            WITH pairs AS (
                SELECT departure_delay_minutes AS x, arrival_delay_minutes AS y
                FROM main.fct_flight_legs
                WHERE
                    departure_delay_minutes IS NOT NULL
                    AND arrival_delay_minutes IS NOT NULL
                    AND {where}
            ),
            fitted AS (SELECT {_LINE} FROM pairs)
            SELECT
                n,
                CASE WHEN has_line THEN r END AS r,
                CASE WHEN has_line THEN slope END AS slope,
                CASE WHEN has_line THEN intercept END AS intercept
            FROM fitted
            """,
            parameters,
        )
    )
    return row


def delay_points(reader: Reader, filters: Filters) -> pa.Table:
    """A sample of the legs that have both delays."""
    where, parameters = filters.where()

    def points(legs: str) -> pa.Table:
        return reader.query(
            f"""
            SELECT leg_key, airline_iata, departure_delay_minutes, arrival_delay_minutes
            FROM main.{legs}
            WHERE
                departure_delay_minutes IS NOT NULL
                AND arrival_delay_minutes IS NOT NULL
                AND {where}
            ORDER BY leg_key
            LIMIT {MAX_POINTS}
            """,
            parameters,
        )

    line = partial(tallied.delay_line, reader, filters) if filters.is_timeless else None
    return _sampled(reader, points, "int_sampled_legs", "fct_flight_legs", line)


def movements(reader: Reader, filters: Filters) -> pa.Table:
    """Departures and arrivals by airport, most movements first."""
    totals, parameters = (
        tallied.movements(filters) if filters.is_timeless else _movements_of_legs(filters)
    )
    return reader.query(
        f"""
        WITH {totals}
        SELECT
            totals.airport_iata,
            coalesce(airports.airport_name, totals.airport_iata) AS airport_name,
            airports.city,
            airports.country,
            airports.latitude,
            airports.longitude,
            {_of("totals", _MOVEMENTS)}
        FROM totals
        LEFT JOIN main.dim_airports AS airports ON airports.airport_iata = totals.airport_iata
        ORDER BY movements DESC, totals.airport_iata
        """,
        parameters,
    )


def _movements_of_legs(filters: Filters) -> tuple[str, list[Any]]:
    """As `tallied.movements`, of the legs themselves."""
    where, parameters = filters.where_side()
    return (
        f"""
        sides AS (
            SELECT
                'departure' AS side,
                departure_airport_iata AS airport_iata,
                actual_departure_at AS moved_at,
                departure_delay_minutes AS delay_minutes,
                *
            FROM main.fct_flight_legs
            UNION ALL
            SELECT
                'arrival' AS side,
                arrival_airport_iata AS airport_iata,
                actual_arrival_at AS moved_at,
                arrival_delay_minutes AS delay_minutes,
                *
            FROM main.fct_flight_legs
        ),
        totals AS (
            SELECT
                airport_iata,
                count(moved_at) AS movements,
                count(*) FILTER (side = 'departure') AS departing_flights,
                count(moved_at) FILTER (side = 'departure') AS departures,
                count(*) FILTER (side = 'departure' AND is_cancelled) AS cancelled_departures,
                avg(delay_minutes) FILTER (side = 'departure') AS mean_departure_delay_minutes,
                sum(passenger_count) FILTER (side = 'departure' AND moved_at IS NOT NULL)::BIGINT
                    AS departed_passengers,
                count(*) FILTER (side = 'arrival') AS arriving_flights,
                count(moved_at) FILTER (side = 'arrival') AS arrivals,
                count(*) FILTER (side = 'arrival' AND is_cancelled) AS cancelled_arrivals,
                count(*) FILTER (side = 'arrival' AND is_diverted) AS diverted_arrivals,
                avg(delay_minutes) FILTER (side = 'arrival') AS mean_arrival_delay_minutes,
                sum(passenger_count) FILTER (side = 'arrival' AND moved_at IS NOT NULL)::BIGINT
                    AS arrived_passengers
            FROM sides
            WHERE {where}
            GROUP BY airport_iata
        )
        """,
        parameters,
    )


def airport(reader: Reader, airport_iata: str | None) -> dict[str, Any] | None:
    """An airport by its code; None takes the one with most flights, where there is any flight."""
    chosen = "= ?"
    parameters = [airport_iata]
    if airport_iata is None:
        chosen, parameters = (
            """= (
                SELECT airport_iata FROM (
                    SELECT departure_airport_iata AS airport_iata, legs FROM main.int_route_counts
                    UNION ALL
                    SELECT arrival_airport_iata AS airport_iata, legs FROM main.int_route_counts
                )
                GROUP BY airport_iata ORDER BY sum(legs) DESC, airport_iata LIMIT 1
            )""",
            [],
        )
    rows = documents(
        reader.query(
            "SELECT airport_iata, airport_name, city, country, latitude, longitude, timezone"
            f" FROM main.dim_airports WHERE airport_iata {chosen}",
            parameters,
        )
    )
    return rows[0] if rows else None
