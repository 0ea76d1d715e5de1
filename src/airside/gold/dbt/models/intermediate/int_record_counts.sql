{{
    config(
        materialized="incremental",
        incremental_strategy="replace",
        unique_key=["arrived_date", "kind", "item"],
        post_hook="{{ record_progress() }}",
        dist=only_on("redshift", "all"),
        sort=only_on("redshift", "arrived_date"),
    )
}}

with new_events as (
    select
        cast(arrived_at as date) as arrived_date,
        quality_flags
    from {{ ref("stg_flight_events") }}
    where {{ in_this_refresh("batch_id") }}
),

new_quarantine as (
    select
        cast(arrived_at as date) as arrived_date,
        reason
    from {{ ref("stg_quarantine") }}
    where {{ in_this_refresh("batch_id") }}
),

flags as (
    {{ items_of("new_events", "quality_flags", "flag", ["arrived_date"]) }}
),

-- Duplicates leave no row behind, only their number: a batch's count on the day it began.
new_batches as (
    select
        cast(first_arrived_at as date) as arrived_date,
        duplicates
    from {{ ref("stg_batches") }}
    where {{ in_this_refresh("batch_id") }}
),

counts as (
    select
        arrived_date,
        'verdict' as kind,
        'clean' as item,
        count(*) as records
    from new_events
    group by arrived_date
    union all
    select
        arrived_date,
        'verdict' as kind,
        'quarantined' as item,
        count(*) as records
    from new_quarantine
    group by arrived_date
    union all
    select
        arrived_date,
        'verdict' as kind,
        'duplicate' as item,
        sum(duplicates) as records
    from new_batches
    group by arrived_date
    having sum(duplicates) > 0
    union all
    select
        arrived_date,
        'reason' as kind,
        reason as item,
        count(*) as records
    from new_quarantine
    group by arrived_date, reason
    union all
    select
        arrived_date,
        'flag' as kind,
        flag as item,
        count(*) as records
    from flags
    group by arrived_date, flag
    {%- if is_incremental() %}
    union all
    select
        arrived_date,
        kind,
        item,
        records
    from {{ this }}
    -- the days that this refresh adds to; the others stay as they are
    where
        arrived_date in (select new_batches.arrived_date from new_batches)
        or arrived_date in (select new_events.arrived_date from new_events)
        or arrived_date in (select new_quarantine.arrived_date from new_quarantine)
    {%- endif %}
)

select
    arrived_date,
    kind,
    item,
    cast(sum(records) as bigint) as records
from counts
group by arrived_date, kind, item
