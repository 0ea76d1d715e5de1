{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key="aircraft_key",
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "all"),
        sort=only_on("redshift", "aircraft_key"),
    )
}}

-- The type of a tail is the one in the latest event that names both, and of two at one instant the
-- last in the alphabet: so it depends on the events alone, not on how they were cut into batches.

with new_events as (
    select
        tail_number,
        aircraft_type,
        event_at
    from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }} and tail_number is not null
),

sightings as (
    select
        tail_number,
        aircraft_type,
        case when aircraft_type is not null then max(event_at) end as aircraft_type_at,
        min(event_at) as first_seen_at,
        max(event_at) as last_seen_at
    from new_events
    group by tail_number, aircraft_type
    {%- if is_incremental() %}
    union all
    select
        tail_number,
        aircraft_type,
        aircraft_type_at,
        first_seen_at,
        last_seen_at
    from {{ this }}
    where tail_number in (select new_events.tail_number from new_events)
    {%- endif %}
),

ranked as (
    select
        tail_number,
        aircraft_type,
        aircraft_type_at,
        min(first_seen_at) over (partition by tail_number) as first_seen_at,
        max(last_seen_at) over (partition by tail_number) as last_seen_at,
        row_number() over (
            partition by tail_number order by aircraft_type_at desc nulls last, aircraft_type desc
        ) as recency
    from sightings
),

members as (
    select
        tail_number,
        aircraft_type,
        aircraft_type_at,
        first_seen_at,
        last_seen_at
    from ranked
    where recency = 1
    {%- if not is_incremental() %}
    union all
    select
        {{ as_text("null") }} as tail_number,
        {{ as_text("null") }} as aircraft_type,
        cast(null as timestamp) as aircraft_type_at,
        cast(null as timestamp) as first_seen_at,
        cast(null as timestamp) as last_seen_at
    {%- endif %}
)

select
    {{ code_key("members.tail_number") }} as aircraft_key,
    members.tail_number,
    members.aircraft_type,
    aircraft_types.name as aircraft_name,
    aircraft_types.seats,
    aircraft_types.wake_class,
    aircraft_types.minimum_turnaround_minutes,
    members.aircraft_type_at,
    members.first_seen_at,
    members.last_seen_at
from members
left join {{ ref("aircraft_types") }} as aircraft_types
    on members.aircraft_type = aircraft_types.aircraft_type
