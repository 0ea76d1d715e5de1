{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key=["scheduled_departure_at", "leg_key"],
        post_hook="{{ record_progress() }}",
    )
}}

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
        {{ leg_event_columns() }},
        1 as is_new,
        0 as leg_events,
        batch_id as leg_batch_id
    from new_events
    {%- if is_incremental() %}
    union all
    select
        {{ leg_event_columns() }},
        0 as is_new,
        leg_events,
        leg_batch_id
    from (
        {{ rows_with_keys(this, "new_events") }}
    ) as known_events
    {%- endif %}
),

numbered_events as (
    select
        *,
        row_number() over (order by {{ event_order() | join(", ") }}) as event_number
    from candidates
),

leg_totals as (
    select
        leg_key,
        max(leg_events) + sum(is_new) as leg_events,
        max(event_at) as leg_last_event_at,
        max(leg_batch_id) as leg_batch_id,
        {%- for attribute in leg_attributes() %}
        max(case when {{ attribute }} is not null then event_number end) as {{ attribute }}_number
        {{- "," if not loop.last }}
        {%- endfor %}
    from numbered_events
    group by leg_key
)

select
    {%- for column in leg_identity() + event_order() + leg_attributes() %}
    numbered_events.{{ column }},
    {%- endfor %}
    cast(leg_totals.leg_events as bigint) as leg_events,
    leg_totals.leg_last_event_at,
    leg_totals.leg_batch_id
from numbered_events
inner join leg_totals on numbered_events.leg_key = leg_totals.leg_key
where numbered_events.event_number in (
    {%- for attribute in leg_attributes() %}
    leg_totals.{{ attribute }}_number
    {{- "," if not loop.last }}
    {%- endfor %}
)
