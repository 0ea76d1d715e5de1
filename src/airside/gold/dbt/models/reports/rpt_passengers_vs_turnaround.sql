with summed as (
    select
        'all' as scope,
        cast(null as varchar) as aircraft_type,
        {{ pair_totals() }}
    from {{ ref("int_turnaround_counts") }}
    union all
    select
        'aircraft_type' as scope,
        aircraft_type,
        {{ pair_totals() }}
    from {{ ref("int_turnaround_counts") }}
    group by aircraft_type
),

fitted as (
    {{ line_measures("summed") }}
),

correlated as (
    select
        *,
        case when has_line then spread_xy / (sqrt(abs(spread_xx)) * sqrt(abs(spread_yy))) end as r
    from fitted
)

select
    scope,
    aircraft_type,
    cast(pairs as bigint) as n,
    -- rounding may lead a little beyond; not by least and greatest, which pass over a null
    case when r > 1 then 1 when r < -1 then -1 else r end as r,
    case when has_line then spread_xy / spread_xx end as slope,
    case when has_line then mean_y - mean_x * spread_xy / spread_xx end as intercept,
    mean_x as mean_passenger_count,
    mean_y as mean_turnaround_minutes
from correlated
