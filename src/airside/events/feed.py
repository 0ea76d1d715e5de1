"""A feed: a named kind of record, with its columns and the places that hold it.

Stages take a `Feed` and know nothing of flights by heart; a second feed is a second value here, a
second SQL file beside `silver/flight_events.sql`, and its own models in gold.
"""

from dataclasses import dataclass

from airside.events.identity import identity


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feed's silver row."""

    name: str
    type: str
    """As DuckDB spells it. Every TIMESTAMP is a UTC instant."""
    description: str


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of record."""

    name: str
    columns: tuple[Column, ...]
    """The silver row, in order."""
    key: str
    """The column that identifies an event; the same key again is a duplicate."""
    fields: tuple[str, ...] = ()
    """The paths in a record that the contract reads, each a scalar; all others are ignored."""

    @property
    def sections(self) -> frozenset[str]:
        """The paths of the objects that hold the fields."""
        parents = (path.rpartition(".")[0] for path in self.fields)
        return frozenset(parent for parent in parents if parent)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the silver row's columns, in order."""
        return tuple(column.name for column in self.columns)

    def identity(self, payload: bytes) -> bytes:
        """What a record shares with its duplicates: its key; where none can be read, all of it.

        A stream that spreads records by it has duplicates meet on one shard, in order.
        """
        return identity(self.key, payload)


FLIGHT_EVENTS = Feed(
    name="flight_events",
    key="event_id",
    fields=(
        "event_id",
        "event_timestamp",
        "source_system_id",
        "flight_details.flight_icao",
        "flight_details.airline_iata",
        "flight_details.tail_number",
        "route_info.departure_airport_iata",
        "route_info.arrival_airport_iata",
        "route_info.departure_gate",
        "route_info.arrival_gate",
        "route_info.scheduled_departure_utc",
        "route_info.scheduled_arrival_utc",
        "route_info.actual_departure_utc",
        "route_info.actual_arrival_utc",
        "operational_data.taxi_time_minutes",
        "operational_data.turnaround_time_minutes",
        "operational_data.passenger_count",
        "operational_data.baggage_count",
        "operational_data.security_wait_time_minutes",
        "operational_data.runway_in_use",
        "operational_data.aircraft_type",
        "operational_data.weather_conditions",
        "live_telemetry.location_str",
        "live_telemetry.altitude_ft",
        "live_telemetry.ground_speed_kts",
        "live_telemetry.vertical_speed_fps",
        "live_telemetry.heading",
        "live_telemetry.flight_status",
    ),
    columns=(
        Column("event_id", "VARCHAR", "The producer's identifier of the event"),
        Column("event_at", "TIMESTAMP", "When the producer says it happened"),
        Column("source_system_id", "VARCHAR", "The system that sent it"),
        Column("leg_key", "VARCHAR", "md5 of designator, origin and scheduled departure"),
        Column("flight_icao", "VARCHAR", "Flight designator"),
        Column("airline_iata", "VARCHAR", "Airline code"),
        Column("tail_number", "VARCHAR", "Aircraft registration"),
        Column("aircraft_type", "VARCHAR", "Aircraft type designator"),
        Column("departure_airport_iata", "VARCHAR", "Origin"),
        Column("arrival_airport_iata", "VARCHAR", "Destination"),
        Column("departure_gate", "VARCHAR", "Gate at the origin"),
        Column("arrival_gate", "VARCHAR", "Gate at the destination"),
        Column("scheduled_departure_at", "TIMESTAMP", "Published off-block time"),
        Column("scheduled_arrival_at", "TIMESTAMP", "Published in-block time"),
        Column("estimated_departure_at", "TIMESTAMP", "A departure time later than the event"),
        Column("estimated_arrival_at", "TIMESTAMP", "An arrival time later than the event"),
        Column("actual_departure_at", "TIMESTAMP", "Off-block time"),
        Column("actual_arrival_at", "TIMESTAMP", "In-block time"),
        Column("departure_delay_minutes", "DOUBLE", "Actual less scheduled, signed"),
        Column("arrival_delay_minutes", "DOUBLE", "Actual less scheduled, signed"),
        Column("taxi_time_minutes", "INTEGER", "Taxi time"),
        Column("turnaround_time_minutes", "INTEGER", "Turnaround as the producer reports it"),
        Column("passenger_count", "INTEGER", "Passengers on board"),
        Column("baggage_count", "INTEGER", "Checked bags"),
        Column("security_wait_time_minutes", "INTEGER", "Wait at security for this flight"),
        Column("runway_in_use", "VARCHAR", "Runway"),
        Column("weather_conditions", "VARCHAR", "Weather as the producer words it"),
        Column("latitude", "DOUBLE", "Degrees, north positive"),
        Column("longitude", "DOUBLE", "Degrees, east positive"),
        Column("altitude_ft", "INTEGER", "Altitude"),
        Column("ground_speed_kts", "INTEGER", "Ground speed"),
        Column("vertical_speed_fps", "INTEGER", "Climb (positive) or descent, feet a second"),
        Column("heading", "INTEGER", "Degrees, 0 to 360"),
        Column("flight_status", "VARCHAR", "One of the contract's seven statuses"),
        Column("quality_flags", "VARCHAR[]", "Sorted flags; empty where nothing is flagged"),
        Column("shard_id", "VARCHAR", "Shard of the stream"),
        Column("sequence_number", "VARCHAR", "Position on the shard; text order is stream order"),
        Column("arrived_at", "TIMESTAMP", "When the stream took it"),
    ),
)
