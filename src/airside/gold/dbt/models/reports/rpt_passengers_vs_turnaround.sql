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
        'all' as scope,
        cast(null as varchar) as aircraft_type,
        {{ line_measures("passengers", "turnaround_minutes") }}
    from pairs
    union all
    select
        'aircraft_type' as scope,
        aircraft_type,
        {{ line_measures("passengers", "turnaround_minutes") }}
    from pairs
    group by aircraft_type
)

select
    scope,
    aircraft_type,
    n,
    case when has_line then r end as r,
    case when has_line then slope end as slope,
    case when has_line then intercept end as intercept,
    mean_x as mean_passenger_count,
    mean_y as mean_turnaround_minutes
from fitted
