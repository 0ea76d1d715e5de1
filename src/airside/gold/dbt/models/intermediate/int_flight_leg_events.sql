{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key=["scheduled_departure_at", "leg_key"],
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "leg_key"),
        sort=only_on("redshift", "scheduled_departure_at"),
        indexes=only_on("postgres", [{"columns": ["scheduled_departure_at"]}, {"columns": ["leg_batch_id"]}, {"columns": ["leg_last_event_at"]}], []),
    )
}}

{%- set attributes = leg_attributes() %}
{%- set columns = leg_event_columns(attributes) %}

-- Of each leg, the events that still say something: those that hold the latest known value of at
-- least one attribute. What the others said has been said later. So legs are kept up to date
-- without their history, and an event that comes late is merged as if it had come in time: the
-- events that matter of A and B are the events that matter of (those of A) and B.

with new_events as (
    select * from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }}
),

candidates as (
    select
        {{ columns | join(",\n        ") }},
        1 as is_new,
        0 as leg_events,
        batch_id as leg_batch_id
    from new_events
    {%- if is_incremental() %}
    union all
    select
        {{ columns | join(",\n        ") }},
        0 as is_new,
        leg_events,
        leg_batch_id
    from (
        {{ rows_with_keys(this, "new_events") }}
    ) as known_events
    {%- endif %}
),

leg_totals as (
    select
        leg_key,
        {%- for attribute in attributes %}
        max(case when {{ attribute }} is not null then event_at end) as {{ attribute }}_at,
        {%- endfor %}
        max(leg_events) + sum(is_new) as events,
        max(event_at) as leg_last_event_at,
        max(leg_batch_id) as last_batch_id
    from candidates
    group by leg_key
),

-- Nearly all events are older than these, so only these few are put in order.
latest_events as (
    select
        candidates.*,
        leg_totals.events,
        leg_totals.leg_last_event_at,
        leg_totals.last_batch_id
    from candidates
    inner join leg_totals on candidates.leg_key = leg_totals.leg_key
    where
        -- every event has a status, so the latest one is always among them
        candidates.event_at = leg_totals.flight_status_at
        {%- for attribute in attributes %}
        or candidates.event_at = leg_totals.{{ attribute }}_at
        {%- endfor %}
),

numbered_events as (
    select
        *,
        {{ event_number() }} as event_number
    from latest_events
),

leg_numbers as (
    select
        {%- for attribute in attributes %}
        max(case when {{ attribute }} is not null then event_number end) as {{ attribute }}_number,
        {%- endfor %}
        leg_key
    from numbered_events
    group by leg_key
)

select
    {%- for column in columns %}
    numbered_events.{{ column }},
    {%- endfor %}
    cast(numbered_events.events as bigint) as leg_events,
    numbered_events.leg_last_event_at,
    numbered_events.last_batch_id as leg_batch_id
from numbered_events
inner join leg_numbers on numbered_events.leg_key = leg_numbers.leg_key
where
    numbered_events.event_number = leg_numbers.flight_status_number
    {%- for attribute in attributes %}
    or numbered_events.event_number = leg_numbers.{{ attribute }}_number
    {%- endfor %}
