select leg_key
from {{ ref("fct_turnarounds") }}
where
    derived_minutes <= 0
    or derived_minutes >= {{ var("turnaround_cutoff_minutes") }}
    or (derived_minutes is null) <> (next_leg_key is null)
    or turnaround_minutes <> coalesce(reported_minutes, derived_minutes)
