"""Figures over all of history, from the tallies that gold keeps of its facts.

The tallies have a row for each airline, route and status, or each exact delay, however many legs
there are of it; so these questions cost the same after a year as after a day. They are for filters
that are `is_timeless`; what a tally cannot tell apart is asked of the legs themselves.
"""

from typing import Any

import pyarrow as pa

from airside.dashboard.filters import Filters
from airside.warehouse import Reader

_WHOLE = "CAST(sum({0}) AS DECIMAL(38, 0)) AS {0}"
_PARTS = ("x", "x_rest", "y", "y_rest")
_SUMS = (
    "pairs",
    *(f"sum_{part}" for part in _PARTS),
    *("sum_x_x", "sum_x_x_rest", "sum_x_rest_x_rest"),
    *("sum_y_y", "sum_y_y_rest", "sum_y_rest_y_rest"),
    *("sum_x_y", "sum_x_y_rest", "sum_x_rest_y", "sum_x_rest_y_rest"),
)
_REST = 60_000_000
"""Microseconds of a minute: the unit of what is beyond the whole minutes."""

# A percentile lies between the two nearest of n values in order; each delay stands once, with how
# many legs have it, so the value at a place is the least that more legs than that are through.
_PERCENTILE = """
    min(delay_minutes) FILTER (side = '{side}' AND through > floor({place}))
    + (
        min(delay_minutes) FILTER (side = '{side}' AND through > ceil({place}))
        - min(delay_minutes) FILTER (side = '{side}' AND through > floor({place}))
    ) * max({place} - floor({place})) FILTER (side = '{side}')
"""


def _legs(condition: str) -> str:
    return f"coalesce(sum(legs) FILTER ({condition}), 0)::BIGINT"


def _share(side: str, is_on_time: str, excluded: str) -> str:
    on_time = _legs(f"side = '{side}' AND {is_on_time} AND flight_status NOT IN ({excluded})")
    counted = _legs(
        f"side = '{side}' AND (delay_minutes IS NOT NULL OR flight_status IN ({excluded}))"
    )
    return f"{on_time}::DOUBLE / nullif({counted}, 0)"


_DEPARTED = _legs("side = 'departure' AND delay_minutes IS NOT NULL")
_LANDED = _legs("side = 'arrival' AND delay_minutes IS NOT NULL")
_MEASURES = f"""
    {_legs("side = 'departure'")} AS flights,
    {_DEPARTED} AS departed,
    {_LANDED} AS landed,
    {_legs("side = 'departure' AND flight_status = 'cancelled'")} AS cancelled,
    {_legs("side = 'departure' AND flight_status = 'diverted'")} AS diverted,
    sum(delay_minutes * legs) FILTER (side = 'departure') / nullif({_DEPARTED}, 0)
        AS mean_departure_delay_minutes,
    sum(delay_minutes * legs) FILTER (side = 'arrival') / nullif({_LANDED}, 0)
        AS mean_arrival_delay_minutes,
    {_share("departure", "delay_minutes < 15", "'cancelled'")} AS d15,
    {_share("arrival", "delay_minutes < 15", "'cancelled', 'diverted'")} AS a15,
    {_share("departure", "delay_minutes <= 0", "'cancelled'")} AS d0,
    {_share("arrival", "delay_minutes <= 0", "'cancelled', 'diverted'")} AS a0
"""
_PERCENTILES = ", ".join(
    f"{_PERCENTILE.format(side=side, place=f'{fraction} * last_place')}"
    f" AS {name}_{side}_delay_minutes"
    for side in ("departure", "arrival")
    for name, fraction in (("median", 0.5), ("p90", 0.9))
)


def airline_delays(reader: Reader, filters: Filters) -> pa.Table:
    """Delay measures by airline, worst mean departure delay first."""
    table = "int_route_delays" if filters.airports else "int_delay_counts"
    where, parameters = filters.where()
    return reader.query(
        f"""
        WITH counted AS (
            SELECT airline_iata, side, flight_status, delay_minutes, sum(legs)::BIGINT AS legs
            FROM main.{table}
            WHERE {where}
            GROUP BY airline_iata, side, flight_status, delay_minutes
        ),
        delays AS (
            SELECT airline_iata, side, delay_minutes, sum(legs) AS legs
            FROM counted
            WHERE delay_minutes IS NOT NULL
            GROUP BY airline_iata, side, delay_minutes
        ),
        placed AS (
            SELECT
                *,
                sum(legs) OVER (
                    PARTITION BY airline_iata, side ORDER BY delay_minutes
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS through,
                sum(legs) OVER (PARTITION BY airline_iata, side) - 1 AS last_place
            FROM delays
        ),
        measured AS (SELECT airline_iata, {_MEASURES} FROM counted GROUP BY airline_iata),
        percentiles AS (SELECT airline_iata, {_PERCENTILES} FROM placed GROUP BY airline_iata)
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
        LEFT JOIN percentiles ON percentiles.airline_iata IS NOT DISTINCT FROM measured.airline_iata
        LEFT JOIN main.dim_airlines AS airlines
            ON airlines.airline_iata IS NOT DISTINCT FROM measured.airline_iata
        ORDER BY mean_departure_delay_minutes DESC NULLS LAST, flights DESC, measured.airline_iata
        """,
        parameters,
    )


def movements(filters: Filters) -> tuple[str, list[Any]]:
    """Common table expressions, the last of them `totals` with a row an airport; and parameters."""
    where, parameters = filters.where_side()
    sides = " UNION ALL ".join(
        f"""
        SELECT
            '{side}' AS side,
            {side}_airport_iata AS airport_iata,
            airline_iata,
            flight_status,
            legs,
            {side}s AS moved,
            {side}_delay_whole AS delay_whole,
            {side}_delay_rest AS delay_rest,
            {side}_passengers AS passengers,
            {side}_passenger_legs AS passenger_legs
        FROM main.int_route_counts
        """
        for side in ("departure", "arrival")
    )

    def of(side: str, name: str, status: str = "") -> str:
        condition = f"side = '{side}'" + (f" AND flight_status = '{status}'" if status else "")
        return f"coalesce(sum({name}) FILTER ({condition}), 0)::BIGINT"

    def mean(side: str) -> str:
        minutes = f"{of(side, 'delay_whole')} + {of(side, 'delay_rest')} / 6e7"
        return f"({minutes}) / nullif({of(side, 'moved')}, 0)"

    def passengers(side: str) -> str:
        known = of(side, "passenger_legs")
        return f"CASE WHEN {known} > 0 THEN {of(side, 'passengers')} END"

    return (
        f"""
        sides AS ({sides}),
        totals AS (
            SELECT
                airport_iata,
                sum(moved)::BIGINT AS movements,
                {of("departure", "legs")} AS departing_flights,
                {of("departure", "moved")} AS departures,
                {of("departure", "legs", "cancelled")} AS cancelled_departures,
                {mean("departure")} AS mean_departure_delay_minutes,
                {passengers("departure")} AS departed_passengers,
                {of("arrival", "legs")} AS arriving_flights,
                {of("arrival", "moved")} AS arrivals,
                {of("arrival", "legs", "cancelled")} AS cancelled_arrivals,
                {of("arrival", "legs", "diverted")} AS diverted_arrivals,
                {mean("arrival")} AS mean_arrival_delay_minutes,
                {passengers("arrival")} AS arrived_passengers
            FROM sides
            WHERE {where}
            GROUP BY airport_iata
        )
        """,
        parameters,
    )


def delay_line(reader: Reader, filters: Filters) -> dict[str, Any]:
    """The line of arrival delay (y) against departure delay (x)."""
    where, parameters = filters.where()
    (sums,) = reader.query(
        f"SELECT {', '.join(map(_WHOLE.format, _SUMS))} FROM main.int_route_counts WHERE {where}",
        parameters,
    ).to_pylist()
    line = _line(sums)
    return {name: line[name] for name in ("n", "r", "slope", "intercept")}


def passengers_vs_turnaround(reader: Reader, filters: Filters) -> dict[str, Any]:
    """The line overall and by aircraft type."""
    where, parameters = filters.where_turnaround()
    by_type = reader.query(
        f"""
        SELECT aircraft_type, {", ".join(map(_WHOLE.format, _SUMS))}
        FROM main.int_turnaround_counts
        WHERE {where}
        GROUP BY aircraft_type
        ORDER BY sum(pairs) DESC, aircraft_type
        """,
        parameters,
    ).to_pylist()
    overall = {name: sum(row[name] for row in by_type) for name in _SUMS}
    return {
        **_fitted(overall),
        "by_aircraft_type": [
            {"aircraft_type": row["aircraft_type"], **_fitted(row)} for row in by_type
        ],
    }


def _fitted(sums: dict[str, Any]) -> dict[str, Any]:
    line = _line(sums)
    line["mean_passenger_count"] = line.pop("mean_x")
    line["mean_turnaround_minutes"] = line.pop("mean_y")
    return line


def _line(sums: dict[str, Any]) -> dict[str, Any]:
    """The least-squares line, of sums that are whole numbers: nothing is lost on the way.

    It needs three pairs, and they must differ both ways.
    """
    whole = {name: int(value or 0) for name, value in sums.items() if name in _SUMS}
    n = whole["pairs"]
    x, y = (whole[f"sum_{name}"] * _REST + whole[f"sum_{name}_rest"] for name in "xy")

    def spread(one: str, other: str, total: int, other_total: int) -> int:
        products = (
            whole[f"sum_{one}_{other}"] * _REST**2
            + (
                whole[f"sum_{one}_{other}_rest"]
                + whole[f"sum_{one}_{other}_rest" if one == other else f"sum_{one}_rest_{other}"]
            )
            * _REST
            + whole[f"sum_{one}_rest_{other}_rest"]
        )
        return n * products - total * other_total

    xx, yy, xy = spread("x", "x", x, x), spread("y", "y", y, y), spread("x", "y", x, y)
    is_line = n >= 3 and xx > 0 and yy > 0
    mean_x, mean_y = (total / (n * _REST) if n else None for total in (x, y))
    slope = xy / xx if is_line else None
    return {
        "n": n,
        "r": xy / (xx**0.5 * yy**0.5) if is_line else None,
        "slope": slope,
        "intercept": None if slope is None else (y * xx - xy * x) / (n * _REST * xx),
        "mean_x": mean_x,
        "mean_y": mean_y,
    }
