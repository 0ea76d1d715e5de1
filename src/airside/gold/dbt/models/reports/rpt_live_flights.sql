{%- set columns = leg_event_columns(leg_attributes()) %}

-- As fresh as staging: the state of the last refresh, and on top of it the events since.

with watermark as (
    select
        watermark_at,
        {{ minutes_before("watermark_at", var("live_stale_minutes")) }} as heard_after
    from {{ ref("rpt_watermark") }}
),

pending_events as (
    select * from {{ ref("stg_flight_events") }}
    where batch_id > {{ progress_of("int_flight_leg_events") }}
),

leg_events as (
    select
        {{ columns | join(",\n        ") }},
        leg_events,
        0 as is_new
    from {{ ref("int_flight_leg_events") }}
    where leg_last_event_at >= (select watermark.heard_after from watermark)
    union all
    -- legs that had fallen silent and are heard of again
    select
        {{ columns | join(",\n        ") }},
        leg_events,
        0 as is_new
    from (
        {{ rows_with_keys(ref("int_flight_leg_events"), "pending_events") }}
    ) as silent_legs
    where leg_last_event_at < (select watermark.heard_after from watermark)
    union all
    select
        {{ columns | join(",\n        ") }},
        0 as leg_events,
        1 as is_new
    from pending_events
),

{{ legs_of("leg_events", leg_attributes()) }},

timed as (
    select
        legs.*,
        watermark.watermark_at,
        {{ minutes_between("legs.last_event_at", "watermark.watermark_at") }} as silent_minutes,
        {{ minutes_between("watermark.watermark_at", "legs.scheduled_departure_at") }}
            as minutes_to_departure
    from legs
    cross join watermark
)

select
    timed.leg_key,
    timed.flight_icao,
    timed.airline_iata,
    airlines.airline_name,
    timed.tail_number,
    timed.aircraft_type,
    timed.departure_airport_iata,
    timed.arrival_airport_iata,
    timed.departure_gate,
    timed.arrival_gate,
    timed.scheduled_departure_at,
    timed.scheduled_arrival_at,
    timed.estimated_departure_at,
    timed.estimated_arrival_at,
    timed.actual_departure_at,
    timed.actual_arrival_at,
    timed.departure_delay_minutes,
    timed.arrival_delay_minutes,
    timed.passenger_count,
    timed.baggage_count,
    timed.security_wait_time_minutes,
    timed.runway_in_use,
    timed.weather_conditions,
    timed.latitude,
    timed.longitude,
    timed.altitude_ft,
    timed.ground_speed_kts,
    timed.vertical_speed_fps,
    timed.heading,
    timed.flight_status,
    timed.last_event_at,
    cast(timed.events as bigint) as events,
    timed.watermark_at
from timed
left join {{ ref("dim_airlines") }} as airlines on timed.airline_iata = airlines.airline_iata
where
    abs(timed.silent_minutes) <= {{ var("live_stale_minutes") }}
    and (
        timed.flight_status in ('boarding', 'departing', 'en-route')
        or (
            timed.flight_status = 'scheduled'
            and abs(timed.minutes_to_departure) <= {{ var("live_departure_minutes") }}
        )
        or (
            timed.flight_status = 'landed'
            and timed.silent_minutes <= {{ var("live_landed_minutes") }}
        )
    )
