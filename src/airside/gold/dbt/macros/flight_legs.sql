{#- From events to legs. The same macros build the facts and the live views, so that both read the
    contract in one way. -#}

{#- What a leg takes from its latest event that has it. -#}
{% macro leg_attributes() -%}
  {{ return([
      "airline_iata",
      "tail_number",
      "aircraft_type",
      "arrival_airport_iata",
      "departure_gate",
      "arrival_gate",
      "scheduled_arrival_at",
      "estimated_departure_at",
      "estimated_arrival_at",
      "actual_departure_at",
      "actual_arrival_at",
      "taxi_time_minutes",
      "turnaround_time_minutes",
      "passenger_count",
      "baggage_count",
      "security_wait_time_minutes",
      "runway_in_use",
      "weather_conditions",
      "latitude",
      "longitude",
      "altitude_ft",
      "ground_speed_kts",
      "vertical_speed_fps",
      "heading",
      "flight_status",
  ]) }}
{%- endmacro %}

{#- The columns of an event that legs are made of: what never changes in a leg, what orders its
    events (event time, then stream order), and the attributes. -#}
{% macro leg_event_columns(attributes) -%}
  {{ return([
      "leg_key",
      "flight_icao",
      "departure_airport_iata",
      "scheduled_departure_at",
      "event_at",
      "arrived_at",
      "shard_id",
      "sequence_number",
  ] + attributes) }}
{%- endmacro %}

{#- Common table expressions that make legs out of events; the last one is `legs`, one row per leg.

    Args:
      leg_events: a relation with the columns of `leg_event_columns()`; `leg_events`, how many
        events its leg had had by the last refresh; and `is_new`, 1 for an event since then, else
        0. Events that no longer matter may be missing from it.
      attributes: `leg_attributes()`. -#}
{% macro legs_of(leg_events, attributes) -%}
numbered_events as (
    select
        *,
        {{ event_number() }} as event_number
    from {{ leg_events }}
),

latest_known as (
{%- set names = dict(zip(attributes, attributes)) %}
{%- do names.update({"actual_arrival_at": "known_arrival_at"}) %}
{{ latest_known_of(
    "numbered_events",
    names,
    ["leg_key", "flight_icao", "departure_airport_iata", "scheduled_departure_at"],
) }}
),

-- An arrival before the departure is none. Only here: a later event may yet move the departure.
possible as (
    select
        *,
        case
            when known_arrival_at < actual_departure_at then null else known_arrival_at
        end as actual_arrival_at
    from latest_known
),

legs as (
    select
        *,
        {{ minutes_between("scheduled_departure_at", "actual_departure_at") }}
            as departure_delay_minutes,
        {{ minutes_between("scheduled_arrival_at", "actual_arrival_at") }}
            as arrival_delay_minutes
    from possible
)
{%- endmacro %}
