{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key=["scheduled_departure_at", "leg_key"],
        meta={
            "tallies": ["int_delay_counts", "int_route_delays", "int_route_counts"],
            "sample": "int_sampled_legs",
        },
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "leg_key"),
        sort=only_on("redshift", "scheduled_departure_at"),
        indexes=only_on("postgres", [{"columns": ["scheduled_departure_at"]}, {"columns": ["scheduled_arrival_at"]}, {"columns": ["actual_departure_at"]}, {"columns": ["actual_arrival_at"]}, {"columns": ["leg_key"]}, {"columns": ["last_event_at"]}], []),
    )
}}

with leg_events as (
    select
        *,
        0 as is_new
    from {{ ref("int_flight_leg_events") }}
    where {{ in_this_refresh("leg_batch_id") }}
),

{{ legs_of("leg_events", leg_attributes()) }}

select
    leg_key,
    {{ flight_key("flight_icao", "departure_airport_iata", "arrival_airport_iata") }}
        as flight_key,
    {{ code_key("airline_iata") }} as airline_key,
    {{ code_key("tail_number") }} as aircraft_key,
    {{ code_key("departure_airport_iata") }} as departure_airport_key,
    {{ code_key("arrival_airport_iata") }} as arrival_airport_key,
    {{ date_key("scheduled_departure_at") }} as scheduled_departure_date_key,
    flight_icao,
    airline_iata,
    tail_number,
    aircraft_type,
    departure_airport_iata,
    arrival_airport_iata,
    departure_gate,
    arrival_gate,
    scheduled_departure_at,
    scheduled_arrival_at,
    estimated_departure_at,
    estimated_arrival_at,
    actual_departure_at,
    actual_arrival_at,
    departure_delay_minutes,
    arrival_delay_minutes,
    taxi_time_minutes,
    turnaround_time_minutes,
    passenger_count,
    baggage_count,
    security_wait_time_minutes,
    runway_in_use,
    weather_conditions,
    latitude,
    longitude,
    altitude_ft,
    ground_speed_kts,
    vertical_speed_fps,
    heading,
    flight_status,
    actual_departure_at is not null as is_departed,
    actual_arrival_at is not null as is_landed,
    flight_status = 'cancelled' as is_cancelled,
    flight_status = 'diverted' as is_diverted,
    last_event_at,
    cast(events as bigint) as events
from legs
