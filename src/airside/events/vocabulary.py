"""The closed word lists of the contract, in the order in which they are checked or sorted."""

FLIGHT_STATUSES = (
    "scheduled",
    "boarding",
    "departing",
    "en-route",
    "landed",
    "diverted",
    "cancelled",
)

STATUS_SYNONYMS = {
    "en route": "en-route",
    "enroute": "en-route",
    "airborne": "en-route",
    "active": "en-route",
    "arrived": "landed",
    "canceled": "cancelled",
}

QUARANTINE_REASONS = (
    "not_utf8",
    "not_json",
    "not_object",
    "missing_event_id",
    "bad_event_timestamp",
    "missing_flight",
    "bad_route",
    "bad_schedule",
    "bad_status",
)

INTEGER_FIELDS = {
    "taxi_time_minutes": "operational_data",
    "turnaround_time_minutes": "operational_data",
    "passenger_count": "operational_data",
    "baggage_count": "operational_data",
    "security_wait_time_minutes": "operational_data",
    "altitude_ft": "live_telemetry",
    "ground_speed_kts": "live_telemetry",
    "vertical_speed_fps": "live_telemetry",
    "heading": "live_telemetry",
}
"""Integer field → the section of the record that holds it."""

SIGNED_INTEGER_FIELDS = frozenset({"vertical_speed_fps", "altitude_ft"})
"""The integer fields in which a negative value is real."""

QUALITY_FLAGS = tuple(
    sorted(
        [
            *(f"bad_{field}" for field in INTEGER_FIELDS),
            "bad_location",
            "bad_actual_departure",
            "bad_actual_arrival",
            "departure_in_future",
            "arrival_in_future",
            "arrival_before_departure",
            "missing_operational_data",
        ]
    )
)
