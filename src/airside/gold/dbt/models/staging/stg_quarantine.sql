select
    shard_id,
    sequence_number,
    arrived_at,
    reason,
    batch_id
from {{ source("staging", "quarantine") }}
