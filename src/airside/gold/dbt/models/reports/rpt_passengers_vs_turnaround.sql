with pairs as (
    select
        aircraft_type,
        cast(passenger_count as double precision) as passengers,
        turnaround_minutes
    from {{ ref("fct_turnarounds") }}
    where passenger_count is not null
),

fitted as (
    select
        case when grouping(aircraft_type) = 1 then 'all' else 'aircraft_type' end as scope,
        aircraft_type,
        count(*) as n,
        -- a line needs three points, and points that differ both ways
        count(*) >= 3
        and min(passengers) < max(passengers)
        and min(turnaround_minutes) < max(turnaround_minutes) as has_line,
        corr(turnaround_minutes, passengers) as r,
        regr_slope(turnaround_minutes, passengers) as slope,
        regr_intercept(turnaround_minutes, passengers) as intercept,
        avg(passengers) as mean_passenger_count,
        avg(turnaround_minutes) as mean_turnaround_minutes
    from pairs
    group by grouping sets ((aircraft_type), ())
)

select
    scope,
    aircraft_type,
    n,
    case when has_line then r end as r,
    case when has_line then slope end as slope,
    case when has_line then intercept end as intercept,
    mean_passenger_count,
    mean_turnaround_minutes
from fitted
