{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "all"),
        sort=only_on("redshift", "flight_key"),
    )
}}

with seen as (
    select distinct
        flight_icao,
        departure_airport_iata,
        arrival_airport_iata
    from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }}
),

members as (
    select
        {{ flight_key("flight_icao", "departure_airport_iata", "arrival_airport_iata") }}
            as flight_key,
        flight_icao,
        departure_airport_iata,
        arrival_airport_iata
    from seen
    {%- if not is_incremental() %}
    union all
    select
        {{ code_key(as_text("null")) }} as flight_key,
        {{ as_text("null") }} as flight_icao,
        {{ as_text("null") }} as departure_airport_iata,
        {{ as_text("null") }} as arrival_airport_iata
    {%- endif %}
)

select
    flight_key,
    flight_icao,
    departure_airport_iata,
    arrival_airport_iata
from members
{%- if is_incremental() %}
where
    flight_key not in (
        select known.flight_key from {{ this }} as known
        -- few of the known ones are remembered for the comparison
        where known.flight_icao in (select seen.flight_icao from seen)
    )
{%- endif %}
