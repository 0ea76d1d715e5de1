/**
 * What the dashboard's server says: every response and every stream message.
 *
 * All under `/api/v1`. A value that is not known is null, never 0 and never left out, except where
 * a property is marked `?`. Ratios run from 0 to 1. Instants are ISO 8601 in UTC with a `Z`.
 */

/** `2026-03-01T12:34:56Z`, with up to six decimals of a second. */
export type Instant = string;
/** `2026-03-01`. */
export type IsoDate = string;

export type FlightStatus =
  | "scheduled"
  | "boarding"
  | "departing"
  | "en-route"
  | "landed"
  | "diverted"
  | "cancelled";

export type Direction = "arrival" | "departure";

/**
 * Query parameters that every endpoint about flights takes. `airline`, `airport`, `status` and
 * `flight` may be given several times (any of them matches); the different parameters must all
 * match.
 */
export interface Filters {
  airline?: string[];
  /** The leg departs from or arrives at one of them; `direction` narrows it to one side. */
  airport?: string[];
  /** Of the airports in `airport`, or of the hub where none is given. */
  direction?: Direction;
  status?: FlightStatus[];
  /** Flight designators. */
  flight?: string[];
  /** Legs scheduled to depart at or after it (event time) … */
  from?: Instant;
  /** … and before it. */
  to?: Instant;
}

/** Head of every JSON answer. */
export interface Meta {
  /** The stream's `seq` when the data was read: an answer with a greater one is newer. */
  seq: number;
  /** The server's clock. */
  at: Instant;
  /** "Now" in event time; null before the first event. */
  watermark: Instant | null;
}

/** A table; also as `format=csv` and `format=arrow` (or by `Accept`). */
export interface Page<Row> extends Meta {
  /** Rows that match, on all pages. */
  total: number;
  limit: number;
  offset: number;
  rows: Row[];
}

// --- GET /kpis?filters → Meta & { kpis: Kpis } -------------------------------------------------

export interface TrendPoint {
  /** Begin of an hour of event time. */
  at: Instant;
  value: number | null;
}

export interface Kpi {
  label: string;
  value: number | null;
  /** How many flights (or other things, see `definition`) the value rests on. */
  n: number;
  unit: "flights" | "ratio" | "minutes" | "passengers";
  /** A sentence or two for people. */
  definition: string;
  /** The last 24 hours of event time, oldest first, one point an hour; may be shorter. */
  trend: TrendPoint[];
}

export interface Kpis {
  active_flights: Kpi;
  flights_today: Kpi;
  d15: Kpi;
  a15: Kpi;
  mean_departure_delay_minutes: Kpi;
  passengers_in_motion: Kpi;
  longest_security_wait_minutes: Kpi;
}

export interface KpisAnswer extends Meta {
  kpis: Kpis;
}

// --- GET /airline-delays?filters&limit&offset → Page<AirlineDelay> -----------------------------

/** Of a group of legs. */
export interface DelayMeasures {
  flights: number;
  departed: number;
  landed: number;
  cancelled: number;
  diverted: number;
  mean_departure_delay_minutes: number | null;
  median_departure_delay_minutes: number | null;
  p90_departure_delay_minutes: number | null;
  mean_arrival_delay_minutes: number | null;
  median_arrival_delay_minutes: number | null;
  p90_arrival_delay_minutes: number | null;
  d15: number | null;
  a15: number | null;
  d0: number | null;
  a0: number | null;
}

/** Worst mean departure delay first. `airline_iata` is null for legs without an airline. */
export interface AirlineDelay extends DelayMeasures {
  airline_iata: string | null;
  airline_name: string | null;
}

// --- GET /passengers-vs-turnaround?filters → PassengersVsTurnaroundAnswer ----------------------

/** Least-squares line; null for fewer than three pairs, or where x or y does not vary. */
export interface Line {
  n: number;
  r: number | null;
  slope: number | null;
  intercept: number | null;
}

export interface TurnaroundLine extends Line {
  mean_passenger_count: number | null;
  mean_turnaround_minutes: number | null;
}

/** `slope` is minutes a passenger. Most pairs first in `by_aircraft_type`. */
export interface PassengersVsTurnaround extends TurnaroundLine {
  by_aircraft_type: (TurnaroundLine & { aircraft_type: string | null })[];
}

export interface TurnaroundPoint {
  leg_key: string;
  aircraft_type: string | null;
  passenger_count: number;
  turnaround_minutes: number;
}

/** CSV and Arrow hold the points. */
export interface PassengersVsTurnaroundAnswer extends Meta, PassengersVsTurnaround {
  /** At most 2,000, chosen by the hash of their leg: the same legs each time. */
  points: TurnaroundPoint[];
}

// --- GET /delay-pairs?filters → DelayPairsAnswer -----------------------------------------------

export interface DelayPoint {
  leg_key: string;
  airline_iata: string | null;
  departure_delay_minutes: number;
  arrival_delay_minutes: number;
}

/** Arrival delay (y) against departure delay (x). */
export interface DelayPairs extends Line {
  /** At most 2,000, chosen by the hash of their leg. */
  points: DelayPoint[];
}

export interface DelayPairsAnswer extends Meta, DelayPairs {}

// --- GET /live-flights?filters&limit&offset → LiveFlightsAnswer --------------------------------

export interface LiveFlight {
  /** 32 hexadecimal digits; identifies the leg everywhere. */
  leg_key: string;
  flight_icao: string;
  airline_iata: string | null;
  airline_name: string | null;
  tail_number: string | null;
  aircraft_type: string | null;
  departure_airport_iata: string;
  arrival_airport_iata: string;
  departure_gate: string | null;
  arrival_gate: string | null;
  scheduled_departure_at: Instant;
  scheduled_arrival_at: Instant;
  estimated_departure_at: Instant | null;
  estimated_arrival_at: Instant | null;
  actual_departure_at: Instant | null;
  actual_arrival_at: Instant | null;
  /** Signed; null until departed. */
  departure_delay_minutes: number | null;
  /** Signed; null until landed. */
  arrival_delay_minutes: number | null;
  passenger_count: number | null;
  baggage_count: number | null;
  security_wait_time_minutes: number | null;
  runway_in_use: string | null;
  weather_conditions: string | null;
  latitude: number | null;
  longitude: number | null;
  altitude_ft: number | null;
  ground_speed_kts: number | null;
  vertical_speed_fps: number | null;
  /** Degrees, 0 to 360, clockwise from north. */
  heading: number | null;
  flight_status: FlightStatus;
  last_event_at: Instant;
  /** How many clean events the leg has. */
  events: number;
}

/** A live flight, and the number by which the stream calls it while it is active. */
export interface NumberedFlight extends LiveFlight {
  number: number;
}

/** Statuses in the order of a flight; a status without flights is left out. */
export type ByStatus = Partial<Record<FlightStatus, number>>;

/** Ordered by scheduled departure, then flight. */
export interface LiveFlightsAnswer extends Page<LiveFlight> {
  active: number;
  by_status: ByStatus;
}

// --- GET /movements?filters&limit&offset → Page<AirportMovements> ------------------------------

/** Most movements first. */
export interface AirportMovements {
  airport_iata: string;
  airport_name: string;
  city: string | null;
  country: string | null;
  latitude: number | null;
  longitude: number | null;
  /** Departures and arrivals that have happened. */
  movements: number;
  departing_flights: number;
  departures: number;
  cancelled_departures: number;
  mean_departure_delay_minutes: number | null;
  departed_passengers: number | null;
  arriving_flights: number;
  arrivals: number;
  cancelled_arrivals: number;
  diverted_arrivals: number;
  mean_arrival_delay_minutes: number | null;
  arrived_passengers: number | null;
}

// --- GET /trends?by=hour|hour_of_day|day&group=none|airline|airport&filters → TrendsAnswer -----

export interface TrendRow {
  /** Begin of the hour or UTC day; null for `hour_of_day`. */
  at: Instant | null;
  /** 0 … 23 in the zone `zone` of the answer; null but for `hour_of_day`. */
  hour: number | null;
  /** Airline or airport code; null for `group=none`, or where the airline is not known. */
  group: string | null;
  group_name: string | null;
  /** Legs scheduled to depart (`group=airport`: from or to it) in the bucket. */
  flights: number;
  cancelled: number;
  departures: number;
  arrivals: number;
  /** departures + arrivals, in the bucket of their schedule. */
  movements: number;
  mean_departure_delay_minutes: number | null;
  mean_arrival_delay_minutes: number | null;
  d15: number | null;
  /** Legs behind `d15`: departed or cancelled. */
  d15_n: number;
  a15: number | null;
  /** Legs behind `a15`: landed, cancelled or diverted. */
  a15_n: number;
  passengers: number | null;
  /** Legs behind `passengers`: moved, and their passengers known. */
  passengers_n: number;
  mean_security_wait_minutes: number | null;
  longest_security_wait_minutes: number | null;
  /** Legs behind the security wait. */
  security_n: number;
  mean_turnaround_minutes: number | null;
  /** Turnarounds behind the mean. */
  turnaround_n: number;
}

/** Oldest bucket first; groups by size, the largest first, within it. */
export interface TrendsAnswer extends Page<TrendRow> {
  by: "hour" | "hour_of_day" | "day";
  group_by: "none" | "airline" | "airport";
  /** `UTC`, or the hub's zone (such as `Asia/Kolkata`) for `hour_of_day`. */
  zone: string;
}

// --- GET /legs/{leg_key} → LegAnswer; 404 where there is none ----------------------------------

export interface AirportInfo {
  airport_iata: string;
  airport_name: string;
  city: string | null;
  country: string | null;
  latitude: number | null;
  longitude: number | null;
  /** IANA name. */
  timezone: string | null;
}

/** What an event said that was new for its leg. */
export interface FieldChange {
  field: string;
  from: string | number | null;
  to: string | number | null;
}

export interface LegEvent {
  event_id: string;
  event_at: Instant;
  /** When the stream took it (wall clock). */
  arrived_at: Instant;
  source_system_id: string | null;
  flight_status: FlightStatus;
  latitude: number | null;
  longitude: number | null;
  altitude_ft: number | null;
  ground_speed_kts: number | null;
  vertical_speed_fps: number | null;
  heading: number | null;
  quality_flags: string[];
  shard_id: string;
  sequence_number: string;
  /** Against the state before it: schedule, gates, times, counts, status. Positions are left out. */
  changes: FieldChange[];
  /** It arrived after an event that is later in event time. */
  is_late: boolean;
}

export interface Turnaround {
  airport_iata: string;
  reported_minutes: number | null;
  derived_minutes: number | null;
  turnaround_minutes: number | null;
  next_leg_key: string | null;
  next_departure_at: Instant | null;
}

export interface LegAnswer extends Meta {
  leg: LiveFlight & {
    taxi_time_minutes: number | null;
    turnaround_time_minutes: number | null;
  };
  departure_airport: AirportInfo | null;
  arrival_airport: AirportInfo | null;
  turnaround: Turnaround | null;
  /** Flag → events of the leg that carry it. */
  quality_flags: Record<string, number>;
  /** In event-time order; at most `limit` (default 1,000), the newest ones. */
  events: LegEvent[];
  total_events: number;
}

// --- GET /legs/{leg_key}/records?limit&offset → Page<RawRecord> --------------------------------

/** Newest first. */
export interface RawRecord {
  shard_id: string;
  sequence_number: string;
  arrived_at: Instant;
  event_id: string;
  /**
   * The bytes as they came, as text (bytes that are not UTF-8 as `\xNN`); null where neither the
   * archive nor the stream has them any more. Show as text only.
   */
  payload: string | null;
  /** Where the payload was found. */
  origin: "archive" | "stream" | null;
}

// --- GET /status → StatusAnswer ----------------------------------------------------------------

export interface Consumer {
  lag_records: number;
  /** How long the oldest unread record has waited. */
  iterator_age_seconds: number;
  records_per_second: number;
  total_records: number;
}

/** As `airside status --json`. */
export interface Accounting {
  received: number;
  archived: number;
  awaiting_archive: number;
  clean: number;
  quarantined: number;
  duplicates: number;
  in_flight: number;
  balanced: boolean;
  consumers: Record<"bronze" | "silver", Consumer>;
  /** Quarantine reason → records, most first. */
  reasons: Record<string, number>;
  /** Of those archived, how many retention has removed since. */
  archive_removed: number;
  /** Of those received, how many retention had removed before the directory was rebuilt. */
  not_kept: number;
  lost: number;
}

export interface StageState {
  name: "bronze" | "silver" | "gold" | "simulator" | "export" | "alerts" | "webhook" | "upkeep" | "log";
  /** When it last got something done, wall clock; null where it never did. */
  last_success_at: Instant | null;
  /** Seconds before the answer's `at`. */
  age_seconds: number | null;
  /** Why it cannot go on just now. */
  error: string | null;
  /** Failures in a row. */
  failures: number;
}

export interface Alert {
  rule: "airline_delay" | "security_wait" | "quarantine" | "lag" | "silent_source" | "schema_drift";
  /** An airline, airport, consumer or source; null for all. */
  subject: string | null;
  summary: string;
  /** As it was last seen. */
  value: number;
  limit: number;
  unit: "minutes" | "seconds" | "ratio";
  began_at: Instant;
  /** Null while it goes on. */
  ended_at: Instant | null;
}

/** Of a bounded sample of each batch. */
export interface DriftFigures {
  received: number;
  examined: number;
  unreadable: number;
  untracked: number;
  sources: number;
  new_fields: number;
  changed_types: number;
  missing_fields: number;
  changes: number;
}

export interface DriftFinding {
  /** Empty where records name none. */
  source_system_id: string;
  path: string;
  kind: "new_field" | "changed_type" | "missing_field";
  /** False where the source has always been so. */
  is_change: boolean;
  is_in_contract: boolean;
  /** In the order in which they came. */
  json_types: string;
  records: number;
  source_examined: number;
  share: number;
  first_seen_at: Instant;
  last_seen_at: Instant;
  example: string;
}

export type DriftAnswer = Page<DriftFinding> & DriftFigures;

export interface Pipeline extends Accounting {
  /** Whether a pipeline runs on the data; false for a dashboard over data at rest. */
  is_running: boolean;
  stages: StageState[];
  /** Those that go on, the oldest first. */
  alerts: Alert[];
}

export interface StoredPart {
  name: "stream" | "bronze" | "silver" | "quarantine" | "gold" | "warehouse" | "ledger" | "alerts" | "work";
  bytes: number;
  files: number;
  /** What it may take at most; null where nothing limits it. */
  limit_bytes: number | null;
}

export interface Failure {
  stage: string;
  started_at: Instant;
  finished_at: Instant | null;
  error: string;
}

export interface StatusAnswer extends Meta, Pipeline {
  storage: StoredPart[];
  /** Newest first, at most 20 a stage. */
  recent_failures: Failure[];
  viewers: number;
  version: string;
}

// --- GET /quarantine?reason&limit&offset → Page<QuarantinedRecord> -----------------------------

/** Newest first. */
export interface QuarantinedRecord {
  shard_id: string;
  sequence_number: string;
  arrived_at: Instant;
  reason: string;
  reasons: string[];
  detail: string;
  /** As text, at most 64 KiB of it; bytes that are not UTF-8 as `\xNN`. Show as text only. */
  payload: string;
  payload_bytes: number;
}

// --- GET /quality?by&limit&offset → Page<QualityRow> -------------------------------------------

/** Newest day first, then most records. */
export interface QualityRow {
  /** Day of arrival (wall clock, UTC); null where all days are together. */
  arrived_date: IsoDate | null;
  kind: "verdict" | "reason" | "flag";
  name: string;
  records: number;
  received: number | null;
  share_of_received: number | null;
}

// --- GET /snapshot → Snapshot ------------------------------------------------------------------

/** Something that people should know about the data; the most serious first. */
export interface Notice {
  level: "info" | "warning" | "error";
  code:
    | "empty"
    | "building"
    | "not_running"
    | "stage_failing"
    | "unbalanced"
    | "stale"
    | "behind"
    | "alert"
    | "warehouse";
  message: string;
}

/** The parts that a delta replaces as a whole. */
export interface Parts {
  kpis: Kpis;
  airline_delays: AirlineDelay[];
  totals: DelayMeasures;
  passengers_vs_turnaround: PassengersVsTurnaround;
  turnaround_points: TurnaroundPoint[];
  delay_pairs: DelayPairs;
  movements: AirportMovements[];
  by_status: ByStatus;
  pipeline: Pipeline;
  notices: Notice[];
  /** The busiest airport, or the one that is set. */
  airport: AirportInfo | null;
}

/** Where the data stands; on every message. */
export interface Stamp extends Meta {
  /** Changes when the server starts anew: `seq` begins again, so take a new snapshot. */
  epoch: string;
  /** Wall clock at which the stream took the newest event in the data; `at` less it is its age. */
  newest_arrived_at: Instant | null;
  /** Wall clock at which the newest batch was loaded into the warehouse. */
  committed_at: Instant | null;
}

/** Everything unfiltered that the Operations page shows. */
export interface Snapshot extends Stamp, Parts {
  live: { active: number; by_status: ByStatus; flights: NumberedFlight[] };
  version: string;
}

// --- GET /stream: server-sent events -----------------------------------------------------------
//
// Open the stream, keep its messages, fetch /snapshot, apply the deltas with a greater `seq`.
// `seq` grows by one from delta to delta. Take a new snapshot when one is missing, when a heartbeat
// tells of one that has not come, when `epoch` changes, and on `resync`.

/** `event: hello`, first on every connection. */
export interface Hello extends Stamp {
  /** A connection silent for longer than three of these is lost. */
  heartbeat_seconds: number;
}

/** Cells that changed: `cells` has a value for each of `numbers`; some may be as they were. */
export interface FlightChanges {
  numbers: number[];
  cells: { [Field in keyof LiveFlight]?: LiveFlight[Field][] };
}

/** `event: delta`. Only the parts that changed are there. */
export interface Delta extends Stamp, Partial<Parts> {
  /** Numbers of flights that are active no longer; taken out first, as new ones may get them. */
  removes: number[];
  inserts: NumberedFlight[];
  changes: FlightChanges[];
}

/** `event: heartbeat`, each second without a delta; `seq` is that of the last one sent. */
export type Heartbeat = Stamp;

/** `event: resync`: the client was too slow and messages were dropped; take a new snapshot. */
export type Resync = Stamp;

/** `event: bye`: the server is stopping. */
export interface Bye {
  at: Instant;
}

export interface StreamMessages {
  hello: Hello;
  delta: Delta;
  heartbeat: Heartbeat;
  resync: Resync;
  bye: Bye;
}

// --- POST /events → Accepted (202) -------------------------------------------------------------

export interface Accepted {
  accepted: number;
}

// --- Errors: application/problem+json (RFC 9457) -----------------------------------------------

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** What is wrong with which parameter, for 422. */
  errors?: { parameter: string; message: string }[];
}
