with counts as (
    select
        *,
        sum(case when kind = 'verdict' then records end) over (partition by arrived_date)
            as received
    from {{ ref("int_record_counts") }}
)

select
    arrived_date,
    kind,
    item,
    records,
    cast(received as bigint) as received,
    cast(records as double precision) / nullif(received, 0) as share_of_received
from counts
