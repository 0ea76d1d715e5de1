{#- On a server, events have a table of their own, in the order and place that joins need. Here they
    are the rows of staging, which are not kept twice: keys are made when somebody asks for them. -#}
{%- set is_view = target.type == "duckdb" -%}
{{
    config(
        materialized="view" if is_view else "incremental",
        incremental_strategy="append",
        post_hook="{{ forget_progress() }}" if is_view else "{{ record_progress() }}",
        dist=only_on("redshift", "leg_key"),
        sort=only_on("redshift", "event_at"),
    )
}}

select
    event_id,
    event_at,
    {{ date_key("event_at") }} as event_date_key,
    source_system_id,
    leg_key,
    {{ flight_key("flight_icao", "departure_airport_iata", "arrival_airport_iata") }}
        as flight_key,
    {{ code_key("airline_iata") }} as airline_key,
    {{ code_key("tail_number") }} as aircraft_key,
    {{ code_key("departure_airport_iata") }} as departure_airport_key,
    {{ code_key("arrival_airport_iata") }} as arrival_airport_key,
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
    quality_flags,
    shard_id,
    sequence_number,
    arrived_at,
    batch_id
from {{ ref("stg_flight_events") }}
{% if is_view -%}
-- what the legs have taken in, so that all facts know of the same events
where batch_id <= {{ progress_of("fct_flight_legs") }}
{%- else -%}
where {{ in_this_refresh("batch_id") }}
{%- endif %}
