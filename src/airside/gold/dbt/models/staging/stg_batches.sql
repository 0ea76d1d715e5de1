select
    batch_id,
    received,
    clean,
    quarantined,
    duplicates,
    first_arrived_at,
    last_arrived_at,
    committed_at
from {{ source("staging", "batches") }}
