{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key=["scheduled_departure_at", "leg_key"],
        meta={
            "keep_where": "turnaround_minutes is not null",
            "tallies": ["int_turnaround_counts"],
            "sample": "int_sampled_turnarounds",
        },
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "leg_key"),
        sort=only_on("redshift", "scheduled_departure_at"),
        indexes=only_on("postgres", [{"columns": ["scheduled_departure_at"]}, {"columns": ["next_scheduled_departure_at"]}, {"columns": ["leg_key"]}], []),
    )
}}

{%- set cutoff = var("turnaround_cutoff_minutes") %}

with changed_keys as (
    select distinct
        leg_key,
        scheduled_departure_at
    from {{ ref("int_flight_leg_events") }}
    where {{ in_this_refresh("leg_batch_id") }}
),
{%- if is_incremental() %}

changed_legs as (
    {{ rows_with_keys(ref("fct_flight_legs"), "changed_keys") }}
),

-- One row an aircraft and airport, so that each leg that arrived there is looked at once, however
-- many changed legs claim one tail number.
departed_legs as (
    select
        tail_number,
        departure_airport_iata,
        min(actual_departure_at) as first_departure_at,
        max(actual_departure_at) as last_departure_at
    from changed_legs
    where actual_departure_at is not null
    group by tail_number, departure_airport_iata
),
{%- endif %}

arriving_keys as (
    select
        leg_key,
        scheduled_departure_at
    from changed_keys
    {%- if is_incremental() %}
    -- A changed leg may begin, move or end the turnaround of the leg that brought its aircraft in:
    -- the one it was linked to so far, and those that it follows now.
    union
    select
        leg_key,
        scheduled_departure_at
    from {{ this }}
    where
        next_scheduled_departure_at >= (
            select coalesce(min(changed_keys.scheduled_departure_at), {{ end_of_time() }})
            from changed_keys
        )
        and next_scheduled_departure_at <= (
            select max(changed_keys.scheduled_departure_at) from changed_keys
        )
        and next_leg_key in (select changed_keys.leg_key from changed_keys)
    union
    select
        arriving.leg_key,
        arriving.scheduled_departure_at
    from {{ ref("fct_flight_legs") }} as arriving
    inner join departed_legs as departing
        on
            arriving.tail_number = departing.tail_number
            and arriving.arrival_airport_iata = departing.departure_airport_iata
            and arriving.actual_arrival_at < departing.last_departure_at
            and {{ minutes_after("arriving.actual_arrival_at", cutoff) }}
            > departing.first_departure_at
    where
        arriving.actual_arrival_at > (
            select
                coalesce(
                    {{ minutes_before("min(departed_legs.first_departure_at)", cutoff) }},
                    {{ end_of_time() }}
                )
            from departed_legs
        )
        and arriving.actual_arrival_at < (
            select max(departed_legs.last_departure_at) from departed_legs
        )
    {%- endif %}
),

arriving_legs as (
    {{ rows_with_keys(ref("fct_flight_legs"), "arriving_keys") }}
),

arrivals as (
    select
        leg_key,
        tail_number,
        arrival_airport_iata as airport_iata,
        actual_arrival_at as moved_at
    from arriving_legs
    where tail_number is not null and actual_arrival_at is not null
),

departures as (
    select
        leg_key,
        scheduled_departure_at,
        tail_number,
        departure_airport_iata as airport_iata,
        actual_departure_at as moved_at
    from {{ ref("fct_flight_legs") }}
    where
        tail_number in (select arrivals.tail_number from arrivals)
        and actual_departure_at > (
            select coalesce(min(arrivals.moved_at), {{ end_of_time() }}) from arrivals
        )
        and actual_departure_at < (
            select {{ minutes_after("max(arrivals.moved_at)", cutoff) }} from arrivals
        )
),

movements as (
    select
        leg_key,
        tail_number,
        airport_iata,
        moved_at,
        1 as is_arrival
    from arrivals
    union all
    select
        leg_key,
        tail_number,
        airport_iata,
        moved_at,
        0 as is_arrival
    from departures
),

-- At one instant the departure sorts first, so that it does not follow the arrival.
followed as (
    select
        *,
        min(case when is_arrival = 0 then moved_at end) over (
            partition by tail_number, airport_iata
            order by moved_at, is_arrival
            rows between 1 following and unbounded following
        ) as next_departure_at
    from movements
),

-- Of several legs that one aircraft is said to have flown out at one instant, always the same one.
first_departures as (
    select
        tail_number,
        airport_iata,
        moved_at,
        min(leg_key) as leg_key
    from departures
    group by tail_number, airport_iata, moved_at
),

next_legs as (
    select
        followed.leg_key,
        followed.next_departure_at,
        first_departures.leg_key as next_leg_key
    from followed
    inner join first_departures
        on
            followed.tail_number = first_departures.tail_number
            and followed.airport_iata = first_departures.airport_iata
            and followed.next_departure_at = first_departures.moved_at
    where
        followed.is_arrival = 1
        and followed.next_departure_at < {{ minutes_after("followed.moved_at", cutoff) }}
),

turnarounds as (
    select
        arriving_legs.*,
        next_legs.next_leg_key,
        next_legs.next_departure_at,
        departures.scheduled_departure_at as next_scheduled_departure_at,
        arriving_legs.turnaround_time_minutes as reported_minutes,
        {{ minutes_between("arriving_legs.actual_arrival_at", "next_legs.next_departure_at") }}
            as derived_minutes
    from arriving_legs
    left join next_legs on arriving_legs.leg_key = next_legs.leg_key
    left join departures on next_legs.next_leg_key = departures.leg_key
)

select
    leg_key,
    flight_key,
    airline_key,
    aircraft_key,
    arrival_airport_key as airport_key,
    {{ date_key("actual_arrival_at") }} as actual_arrival_date_key,
    flight_icao,
    airline_iata,
    tail_number,
    aircraft_type,
    arrival_airport_iata as airport_iata,
    departure_airport_iata,
    flight_status,
    scheduled_departure_at,
    actual_arrival_at,
    next_leg_key,
    next_scheduled_departure_at,
    next_departure_at,
    passenger_count,
    reported_minutes,
    derived_minutes,
    coalesce(cast(reported_minutes as double precision), derived_minutes) as turnaround_minutes
from turnarounds
{%- if not is_incremental() %}
where reported_minutes is not null or derived_minutes is not null
{%- endif %}
