-- received = clean + quarantined + duplicates, batch by batch up to the last refresh

with counted as (
    select coalesce(sum(records), 0) as records
    from {{ ref("int_record_counts") }}
    where kind = 'verdict'
),

received as (
    select coalesce(sum(received), 0) as records
    from {{ ref("stg_batches") }}
    where batch_id <= {{ progress_of("int_record_counts") }}
)

select
    counted.records as counted,
    received.records as received
from counted
cross join received
where counted.records <> received.records
