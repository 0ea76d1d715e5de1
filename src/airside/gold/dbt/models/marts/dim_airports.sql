{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "all"),
        sort=only_on("redshift", "airport_key"),
    )
}}

with new_events as (
    select
        departure_airport_iata,
        arrival_airport_iata
    from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }}
),

members as (
    select departure_airport_iata as airport_iata from new_events
    union
    select arrival_airport_iata as airport_iata from new_events
    {%- if not is_incremental() %}
    union
    select airport_iata from {{ ref("stg_airports") }}
    union
    select {{ as_text("null") }} as airport_iata
    {%- endif %}
)

select
    {{ code_key("members.airport_iata") }} as airport_key,
    members.airport_iata,
    airports.airport_icao,
    coalesce(airports.airport_name, members.airport_iata, 'Unknown') as airport_name,
    airports.city,
    airports.country,
    airports.latitude,
    airports.longitude,
    airports.timezone
from members
left join {{ ref("stg_airports") }} as airports on members.airport_iata = airports.airport_iata
{%- if is_incremental() %}
where
    members.airport_iata not in (
        select known.airport_iata from {{ this }} as known
        where known.airport_iata is not null
    )
{%- endif %}
