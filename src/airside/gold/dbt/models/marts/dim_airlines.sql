{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "all"),
        sort=only_on("redshift", "airline_key"),
    )
}}

with seen as (
    select distinct airline_iata
    from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }} and airline_iata is not null
),

members as (
    select airline_iata from seen
    {%- if not is_incremental() %}
    union
    select {{ as_text("airline_iata") }} as airline_iata from {{ ref("airlines") }}
    union
    select {{ as_text("null") }} as airline_iata
    {%- endif %}
)

select
    {{ code_key("members.airline_iata") }} as airline_key,
    members.airline_iata,
    airlines.airline_icao,
    coalesce(airlines.airline_name, members.airline_iata, 'Unknown') as airline_name,
    airlines.country
from members
left join {{ ref("airlines") }} as airlines on members.airline_iata = airlines.airline_iata
{%- if is_incremental() %}
where
    members.airline_iata not in (
        select known.airline_iata from {{ this }} as known
        where known.airline_iata is not null
    )
{%- endif %}
