-- The three legs heard of last. As fresh as staging: the legs of the last refresh, and on top of
-- them the events since.

with pending_legs as (
    select
        leg_key,
        max(event_at) as last_event_at
    from {{ ref("stg_flight_events") }}
    where batch_id > {{ progress_of("fct_flight_legs") }}
    group by leg_key
),

refreshed_top as (
    select last_event_at
    from {{ ref("fct_flight_legs") }}
    order by last_event_at desc
    limit 3
),

-- What is heard last of a leg only grows, so the watermark is no earlier than this, and only legs
-- heard of since can decide it.
floor_of_watermark as (
    select case when count(*) = 3 then min(last_event_at) end as floor_at
    from refreshed_top
),

heard_of as (
    select
        leg_key,
        last_event_at
    from {{ ref("fct_flight_legs") }}
    where
        last_event_at >= (
            select coalesce(floor_of_watermark.floor_at, timestamp '1900-01-01 00:00:00')
            from floor_of_watermark
        )
    union all
    select
        leg_key,
        last_event_at
    from pending_legs
)

select
    leg_key,
    max(last_event_at) as last_event_at
from heard_of
group by leg_key
order by last_event_at desc
limit 3
