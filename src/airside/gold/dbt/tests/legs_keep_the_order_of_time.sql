select leg_key
from {{ ref("fct_flight_legs") }}
where
    actual_arrival_at < actual_departure_at
    or scheduled_arrival_at <= scheduled_departure_at
    or (actual_departure_at is null) <> (departure_delay_minutes is null)
    or (actual_arrival_at is null) <> (arrival_delay_minutes is null)
