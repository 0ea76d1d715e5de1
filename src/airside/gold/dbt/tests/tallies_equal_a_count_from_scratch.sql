-- what is kept of the facts is what a count of them gives

with kept as (
    select
        sum(legs) as legs,
        sum(departures) as departures,
        sum(arrivals) as arrivals
    from {{ ref("int_route_counts") }}
),

placed as (
    select sum(legs) as sides from {{ ref("int_delay_counts") }}
),

counted as (
    select
        count(*) as legs,
        count(actual_departure_at) as departures,
        count(actual_arrival_at) as arrivals
    from {{ ref("fct_flight_legs") }}
)

select
    counted.legs,
    kept.legs as kept_legs
from counted
cross join kept
cross join placed
where
    counted.legs <> coalesce(kept.legs, 0)
    or counted.departures <> coalesce(kept.departures, 0)
    or counted.arrivals <> coalesce(kept.arrivals, 0)
    or 2 * counted.legs <> coalesce(placed.sides, 0)
