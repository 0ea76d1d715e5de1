"""The shapes of all answers, for the OpenAPI document.

Answers are made from Arrow without passing through these models, which would cost more than
everything else; tests hold the two together, and these to the page's own types.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
IsoDate = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
FlightStatus = Literal[
    "scheduled", "boarding", "departing", "en-route", "landed", "diverted", "cancelled"
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Meta(_Model):
    """Head of every answer."""

    seq: int = Field(description="Of the event stream when the data was read")
    at: Instant = Field(description="The server's clock")
    watermark: Instant | None = Field(description="Now in event time")


class PageMeta(Meta):
    """Head of every table."""

    total: int = Field(description="Rows that match, on all pages")
    limit: int
    offset: int


class TrendPoint(_Model):
    """One hour of a tile's trend."""

    at: Instant
    value: float | None


class Kpi(_Model):
    """One tile."""

    label: str
    value: float | None
    n: int = Field(description="What the value rests on")
    unit: Literal["flights", "ratio", "minutes", "passengers"]
    definition: str
    trend: list[TrendPoint]


class Kpis(_Model):
    """All tiles."""

    active_flights: Kpi
    flights_today: Kpi
    d15: Kpi
    a15: Kpi
    mean_departure_delay_minutes: Kpi
    passengers_in_motion: Kpi
    longest_security_wait_minutes: Kpi


class KpisAnswer(Meta):
    """`GET /kpis`."""

    kpis: Kpis


class DelayMeasures(_Model):
    """Of a group of flights; ratios from 0 to 1, null where there is nothing to measure."""

    flights: int
    departed: int
    landed: int
    cancelled: int
    diverted: int
    mean_departure_delay_minutes: float | None
    median_departure_delay_minutes: float | None
    p90_departure_delay_minutes: float | None
    mean_arrival_delay_minutes: float | None
    median_arrival_delay_minutes: float | None
    p90_arrival_delay_minutes: float | None
    d15: float | None
    a15: float | None
    d0: float | None
    a0: float | None


class AirlineDelay(DelayMeasures):
    """One airline."""

    airline_iata: str | None
    airline_name: str | None


class AirlineDelaysAnswer(PageMeta):
    """`GET /airline-delays`."""

    rows: list[AirlineDelay]


class Line(_Model):
    """A least-squares line; null for fewer than three pairs, or where x or y does not vary."""

    n: int
    r: float | None = Field(description="Pearson's correlation")
    slope: float | None
    intercept: float | None


class TurnaroundLine(Line):
    """Turnaround minutes (y) against passengers (x)."""

    mean_passenger_count: float | None
    mean_turnaround_minutes: float | None


class TurnaroundLineOfType(TurnaroundLine):
    """The line of one aircraft type."""

    aircraft_type: str | None


class PassengersVsTurnaround(TurnaroundLine):
    """Overall, and by aircraft type."""

    by_aircraft_type: list[TurnaroundLineOfType]


class TurnaroundPoint(_Model):
    """One turnaround."""

    leg_key: str
    aircraft_type: str | None
    passenger_count: int
    turnaround_minutes: float


class PassengersVsTurnaroundAnswer(Meta, PassengersVsTurnaround):
    """`GET /passengers-vs-turnaround`."""

    points: list[TurnaroundPoint]


class DelayPoint(_Model):
    """One leg."""

    leg_key: str
    airline_iata: str | None
    departure_delay_minutes: float
    arrival_delay_minutes: float


class DelayPairs(Line):
    """Arrival delay (y) against departure delay (x)."""

    points: list[DelayPoint]


class DelayPairsAnswer(Meta, DelayPairs):
    """`GET /delay-pairs`."""


class LiveFlight(_Model):
    """One active flight."""

    leg_key: str
    flight_icao: str
    airline_iata: str | None
    airline_name: str | None
    tail_number: str | None
    aircraft_type: str | None
    departure_airport_iata: str
    arrival_airport_iata: str
    departure_gate: str | None
    arrival_gate: str | None
    scheduled_departure_at: Instant
    scheduled_arrival_at: Instant
    estimated_departure_at: Instant | None
    estimated_arrival_at: Instant | None
    actual_departure_at: Instant | None
    actual_arrival_at: Instant | None
    departure_delay_minutes: float | None
    arrival_delay_minutes: float | None
    passenger_count: int | None
    baggage_count: int | None
    security_wait_time_minutes: int | None
    runway_in_use: str | None
    weather_conditions: str | None
    latitude: float | None
    longitude: float | None
    altitude_ft: int | None
    ground_speed_kts: int | None
    vertical_speed_fps: int | None
    heading: int | None
    flight_status: FlightStatus
    last_event_at: Instant
    events: int


class NumberedFlight(LiveFlight):
    """A live flight, and the number by which the stream calls it while it is active."""

    number: int


class LiveFlightsAnswer(PageMeta):
    """`GET /live-flights`."""

    rows: list[LiveFlight]
    active: int
    by_status: dict[FlightStatus, int]


class AirportMovements(_Model):
    """One airport."""

    airport_iata: str
    airport_name: str
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    movements: int
    departing_flights: int
    departures: int
    cancelled_departures: int
    mean_departure_delay_minutes: float | None
    departed_passengers: int | None
    arriving_flights: int
    arrivals: int
    cancelled_arrivals: int
    diverted_arrivals: int
    mean_arrival_delay_minutes: float | None
    arrived_passengers: int | None


class MovementsAnswer(PageMeta):
    """`GET /movements`."""

    rows: list[AirportMovements]


class TrendRow(_Model):
    """One group in one bucket."""

    at: Instant | None
    hour: int | None
    group: str | None
    group_name: str | None
    flights: int
    cancelled: int
    departures: int
    arrivals: int
    movements: int
    mean_departure_delay_minutes: float | None
    mean_arrival_delay_minutes: float | None
    d15: float | None
    d15_n: int = Field(description="Legs behind `d15`: departed or cancelled")
    a15: float | None
    a15_n: int = Field(description="Legs behind `a15`: landed, cancelled or diverted")
    passengers: int | None
    passengers_n: int = Field(description="Legs behind `passengers`: moved, their passengers known")
    mean_security_wait_minutes: float | None
    longest_security_wait_minutes: int | None
    security_n: int
    mean_turnaround_minutes: float | None
    turnaround_n: int


class TrendsAnswer(PageMeta):
    """`GET /trends`."""

    rows: list[TrendRow]
    by: Literal["hour", "hour_of_day", "day"]
    group_by: Literal["none", "airline", "airport"]
    zone: str


class AirportInfo(_Model):
    """Where an airport is."""

    airport_iata: str
    airport_name: str
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    timezone: str | None


class FieldChange(_Model):
    """What an event said that was new."""

    field: str
    from_: str | float | None = Field(alias="from")
    to: str | float | None


class LegEvent(_Model):
    """One event of a leg."""

    event_id: str
    event_at: Instant
    arrived_at: Instant
    source_system_id: str | None
    flight_status: FlightStatus
    latitude: float | None
    longitude: float | None
    altitude_ft: int | None
    ground_speed_kts: int | None
    vertical_speed_fps: int | None
    heading: int | None
    quality_flags: list[str]
    shard_id: str
    sequence_number: str
    changes: list[FieldChange]
    is_late: bool


class Turnaround(_Model):
    """What follows a leg's arrival."""

    airport_iata: str
    reported_minutes: int | None
    derived_minutes: float | None
    turnaround_minutes: float | None
    next_leg_key: str | None
    next_departure_at: Instant | None


class Leg(LiveFlight):
    """One leg, active or not."""

    taxi_time_minutes: int | None
    turnaround_time_minutes: int | None


class LegAnswer(Meta):
    """`GET /legs/{leg_key}`."""

    leg: Leg
    departure_airport: AirportInfo | None
    arrival_airport: AirportInfo | None
    turnaround: Turnaround | None
    quality_flags: dict[str, int]
    events: list[LegEvent]
    total_events: int


class RawRecord(_Model):
    """One record as it came."""

    shard_id: str
    sequence_number: str
    arrived_at: Instant
    event_id: str
    payload: str | None
    origin: Literal["archive", "stream"] | None


class RecordsAnswer(PageMeta):
    """`GET /legs/{leg_key}/records`."""

    rows: list[RawRecord]


class Consumer(_Model):
    """One consumer of the stream."""

    lag_records: int
    iterator_age_seconds: float
    records_per_second: float
    total_records: int


class Accounting(_Model):
    """As `airside status --json` prints it."""

    received: int
    archived: int
    awaiting_archive: int
    clean: int
    quarantined: int
    duplicates: int
    in_flight: int
    balanced: bool
    consumers: dict[str, Consumer]
    reasons: dict[str, int]
    archive_removed: int
    """Of those archived, how many retention has removed since."""
    not_kept: int
    """Of those received, how many retention had removed before the directory was rebuilt."""
    lost: int = 0


class StageState(_Model):
    """One stage."""

    name: Literal[
        "bronze", "silver", "gold", "simulator", "export", "alerts", "webhook", "upkeep", "log"
    ]
    last_success_at: Instant | None
    age_seconds: float | None
    error: str | None
    failures: int


class Alert(_Model):
    """Something that is or was beyond its limit."""

    rule: Literal[
        "airline_delay", "security_wait", "quarantine", "lag", "silent_source", "schema_drift"
    ]
    subject: str | None = Field(description="An airline, airport, consumer or source; null for all")
    summary: str
    value: float = Field(description="As it was last seen")
    limit: float
    unit: Literal["minutes", "seconds", "ratio"]
    began_at: Instant
    ended_at: Instant | None = Field(description="Null while it goes on")


class AlertsAnswer(PageMeta):
    """`GET /alerts`."""

    rows: list[Alert]


class DriftFigures(_Model):
    """Schema drift in figures; all records are those of a bounded sample of each batch."""

    received: int = Field(description="Records of the batches that samples were taken of")
    examined: int = Field(description="Records in those samples")
    unreadable: int = Field(description="Examined records that are not JSON objects")
    untracked: int = Field(description="Values beyond the limits on sources and paths")
    sources: int
    new_fields: int
    changed_types: int
    missing_fields: int
    changes: int = Field(description="Findings that a source did not have from its beginning")


class DriftFinding(_Model):
    """One path at which a source has come away from the contract, or from its own past."""

    source_system_id: str = Field(description="Empty where records name none")
    path: str
    kind: Literal["new_field", "changed_type", "missing_field"]
    is_change: bool = Field(description="False where the source has always been so")
    is_in_contract: bool
    json_types: str = Field(description="In the order in which they came: `number → string`")
    records: int = Field(description="Examined records that show it; for what is missing, lack it")
    source_examined: int
    share: float = Field(
        description="Of the source's examined records since it began; of those before, for what is "
        "missing"
    )
    first_seen_at: Instant = Field(description="Arrival; for what is missing, of the last that had")
    last_seen_at: Instant
    example: str = Field(description="JSON in ASCII, shortened")


class DriftAnswer(PageMeta, DriftFigures):
    """`GET /drift`."""

    rows: list[DriftFinding]


class Pipeline(Accounting):
    """The account, the stages, and what is beyond its limit now."""

    is_running: bool
    stages: list[StageState]
    alerts: list[Alert]


class StoredPart(_Model):
    """What one part of the data directory takes."""

    name: Literal[
        "stream",
        "bronze",
        "silver",
        "quarantine",
        "gold",
        "warehouse",
        "ledger",
        "alerts",
        "work",
    ]
    bytes: int
    files: int
    limit_bytes: int | None
    """What it may take at most; None where nothing limits it."""


class Failure(_Model):
    """One failed attempt of a stage."""

    stage: str
    started_at: Instant
    finished_at: Instant | None
    error: str


class StatusAnswer(Meta, Pipeline):
    """`GET /status`."""

    storage: list[StoredPart]
    recent_failures: list[Failure]
    viewers: int
    version: str


class QuarantinedRecord(_Model):
    """One record that was refused."""

    shard_id: str
    sequence_number: str
    arrived_at: Instant
    reason: str
    reasons: list[str]
    detail: str
    payload: str
    payload_bytes: int


class QuarantineAnswer(PageMeta):
    """`GET /quarantine`."""

    rows: list[QuarantinedRecord]


class QualityRow(_Model):
    """How often something was found on a day, or on all days."""

    arrived_date: IsoDate | None
    kind: Literal["verdict", "reason", "flag"]
    name: str
    records: int
    received: int | None
    share_of_received: float | None


class QualityAnswer(PageMeta):
    """`GET /quality`."""

    rows: list[QualityRow]


class Notice(_Model):
    """Something to know about the data."""

    level: Literal["info", "warning", "error"]
    code: Literal[
        "empty",
        "building",
        "not_running",
        "stage_failing",
        "unbalanced",
        "stale",
        "behind",
        "alert",
        "warehouse",
    ]
    message: str


class Parts(_Model):
    """The parts of a snapshot that a delta replaces as a whole."""

    kpis: Kpis
    airline_delays: list[AirlineDelay]
    totals: DelayMeasures
    passengers_vs_turnaround: PassengersVsTurnaround
    turnaround_points: list[TurnaroundPoint]
    delay_pairs: DelayPairs
    movements: list[AirportMovements]
    by_status: dict[FlightStatus, int]
    pipeline: Pipeline
    notices: list[Notice]
    airport: AirportInfo | None


class Stamp(Meta):
    """Where the data stands."""

    epoch: str = Field(description="Changes when the server starts anew")
    newest_arrived_at: Instant | None = Field(description="When the newest record came in")
    committed_at: Instant | None = Field(description="When the newest batch was loaded")


class Live(_Model):
    """The live board."""

    active: int
    by_status: dict[FlightStatus, int]
    flights: list[NumberedFlight]


class Snapshot(Stamp, Parts):
    """`GET /snapshot`."""

    live: Live
    version: str


class Accepted(_Model):
    """`POST /events`."""

    accepted: int


class State(_Model):
    """`GET /healthz`, `GET /readyz`."""

    status: Literal["ok", "ready"]


class ParameterError(_Model):
    """What is wrong with one parameter."""

    parameter: str
    message: str


class Problem(_Model):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ParameterError] = []
