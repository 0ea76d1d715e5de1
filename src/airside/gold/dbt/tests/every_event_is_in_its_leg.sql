-- nothing is lost or counted twice on the way from events to legs

with legs as (
    select coalesce(sum(events), 0) as events
    from {{ ref("fct_flight_legs") }}
),

activity as (
    select count(*) as events
    from {{ ref("fct_flight_activity") }}
)

select
    legs.events as leg_events,
    activity.events as activity_events
from legs
cross join activity
where legs.events <> activity.events
