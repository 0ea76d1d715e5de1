-- nothing is lost or counted twice on the way from events to legs

with legs as (
    select coalesce(sum(events), 0) as events
    from {{ ref("fct_flight_legs") }}
),

clean as (
    select coalesce(sum(records), 0) as events
    from {{ ref("int_record_counts") }}
    where kind = 'verdict' and item = 'clean'
)

select
    legs.events as leg_events,
    clean.events as clean_events
from legs
cross join clean
where legs.events <> clean.events
