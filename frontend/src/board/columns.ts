/** The board's columns: what each shows, how it sorts, which fields change it, how soon it yields. */
import type { LiveFlight } from "../api/types";
import { boardTime, count, parseInstant, signedMinutes, UNKNOWN } from "../ui/format";
import { delayClass, PHASES, STATUSES } from "../ui/status";
import type { CsvValue } from "../ui/csv";

export interface BoardColumn {
  key: string;
  label: string;
  /** Said of the header on hover. */
  hint?: string;
  /** rem. */
  width: number;
  /** Columns with the greatest number are left out first where the screen is narrow. */
  rank: number;
  isNumber?: boolean;
  /** A change of one of these is a change of the cell. */
  fields: readonly (keyof LiveFlight)[];
  value: (flight: LiveFlight) => CsvValue;
  text: (flight: LiveFlight, now: number | null) => string;
  className?: (flight: LiveFlight) => string;
  /** Changes all the time: marked more quietly. */
  isTelemetry?: boolean;
}

const known = (value: string | null): string => value ?? UNKNOWN;

/** The actual time, else the estimate; never one for the other without saying so. */
function latest(
  actual: string | null,
  estimated: string | null,
  now: number | null,
): string {
  if (actual) return boardTime(actual, now);
  return estimated ? `~${boardTime(estimated, now)}` : UNKNOWN;
}

export const COLUMNS: readonly BoardColumn[] = [
  {
    key: "flight_status",
    label: "Status",
    width: 6.6,
    rank: 0,
    fields: ["flight_status"],
    value: (flight) => STATUSES.indexOf(flight.flight_status),
    text: (flight) => `${PHASES[flight.flight_status].sign} ${PHASES[flight.flight_status].label}`,
    className: (flight) => `status status-${flight.flight_status}`,
  },
  {
    key: "flight_icao",
    label: "Flight",
    width: 5,
    rank: 0,
    fields: ["flight_icao"],
    value: (flight) => flight.flight_icao,
    text: (flight) => flight.flight_icao,
    className: () => "strong",
  },
  {
    key: "route",
    label: "Route",
    width: 6.6,
    rank: 0,
    fields: ["departure_airport_iata", "arrival_airport_iata"],
    value: (flight) => `${flight.departure_airport_iata} ${flight.arrival_airport_iata}`,
    text: (flight) => `${flight.departure_airport_iata} → ${flight.arrival_airport_iata}`,
  },
  {
    key: "gates",
    label: "Gates",
    hint: "Departure gate → arrival gate",
    width: 6,
    rank: 4,
    fields: ["departure_gate", "arrival_gate"],
    value: (flight) => flight.departure_gate,
    text: (flight) => `${known(flight.departure_gate)} → ${known(flight.arrival_gate)}`,
  },
  {
    key: "scheduled_departure_at",
    label: "STD",
    hint: "Scheduled departure, UTC",
    width: 5.2,
    rank: 1,
    isNumber: true,
    fields: ["scheduled_departure_at"],
    value: (flight) => parseInstant(flight.scheduled_departure_at),
    text: (flight, now) => boardTime(flight.scheduled_departure_at, now),
  },
  {
    key: "departure",
    label: "Dep",
    hint: "Actual departure, or ~ the estimate, UTC",
    width: 5.4,
    rank: 3,
    isNumber: true,
    fields: ["actual_departure_at", "estimated_departure_at"],
    value: (flight) => parseInstant(flight.actual_departure_at ?? flight.estimated_departure_at),
    text: (flight, now) => latest(flight.actual_departure_at, flight.estimated_departure_at, now),
  },
  {
    key: "departure_delay_minutes",
    label: "± min",
    hint: "Departure delay, minutes",
    width: 4,
    rank: 2,
    isNumber: true,
    fields: ["departure_delay_minutes"],
    value: (flight) => flight.departure_delay_minutes,
    text: (flight) => delayText(flight.departure_delay_minutes),
    className: (flight) => delayClass(flight.departure_delay_minutes),
  },
  {
    key: "scheduled_arrival_at",
    label: "STA",
    hint: "Scheduled arrival, UTC",
    width: 5.2,
    rank: 5,
    isNumber: true,
    fields: ["scheduled_arrival_at"],
    value: (flight) => parseInstant(flight.scheduled_arrival_at),
    text: (flight, now) => boardTime(flight.scheduled_arrival_at, now),
  },
  {
    key: "arrival",
    label: "Arr",
    hint: "Actual arrival, or ~ the estimate, UTC",
    width: 5.4,
    rank: 5,
    isNumber: true,
    fields: ["actual_arrival_at", "estimated_arrival_at"],
    value: (flight) => parseInstant(flight.actual_arrival_at ?? flight.estimated_arrival_at),
    text: (flight, now) => latest(flight.actual_arrival_at, flight.estimated_arrival_at, now),
  },
  {
    key: "arrival_delay_minutes",
    label: "± min",
    hint: "Arrival delay, minutes",
    width: 4,
    rank: 6,
    isNumber: true,
    fields: ["arrival_delay_minutes"],
    value: (flight) => flight.arrival_delay_minutes,
    text: (flight) => delayText(flight.arrival_delay_minutes),
    className: (flight) => delayClass(flight.arrival_delay_minutes),
  },
  {
    key: "passenger_count",
    label: "Pax",
    hint: "Passengers",
    width: 3.2,
    rank: 6,
    isNumber: true,
    fields: ["passenger_count"],
    value: (flight) => flight.passenger_count,
    text: (flight) => count(flight.passenger_count),
  },
  {
    key: "aircraft_type",
    label: "Type",
    width: 4,
    rank: 7,
    fields: ["aircraft_type"],
    value: (flight) => flight.aircraft_type,
    text: (flight) => known(flight.aircraft_type),
  },
  {
    key: "tail_number",
    label: "Tail",
    width: 5,
    rank: 10,
    fields: ["tail_number"],
    value: (flight) => flight.tail_number,
    text: (flight) => known(flight.tail_number),
  },
  {
    key: "altitude_ft",
    label: "Alt ft",
    hint: "Altitude, feet",
    width: 4.2,
    rank: 8,
    isNumber: true,
    isTelemetry: true,
    fields: ["altitude_ft"],
    value: (flight) => flight.altitude_ft,
    text: (flight) => count(flight.altitude_ft),
  },
  {
    key: "ground_speed_kts",
    label: "kts",
    hint: "Ground speed, knots",
    width: 3.2,
    rank: 8,
    isNumber: true,
    isTelemetry: true,
    fields: ["ground_speed_kts"],
    value: (flight) => flight.ground_speed_kts,
    text: (flight) => count(flight.ground_speed_kts),
  },
  {
    key: "last_event_at",
    label: "Heard",
    hint: "Last event, UTC",
    width: 5.2,
    rank: 9,
    isNumber: true,
    isTelemetry: true,
    fields: ["last_event_at"],
    value: (flight) => parseInstant(flight.last_event_at),
    text: (flight) => flight.last_event_at.slice(11, 19),
  },
];

/** What "late" looks like must not rest on its colour. */
function delayText(minutes: number | null): string {
  return delayClass(minutes) === "" ? signedMinutes(minutes) : `▲ ${signedMinutes(minutes)}`;
}

/** Those that fit, in their order. @param width rem. */
export function fittingColumns(width: number): BoardColumn[] {
  const chosen = new Set<BoardColumn>();
  let left = width;
  for (const column of COLUMNS.toSorted((a, b) => a.rank - b.rank)) {
    if (column.rank > 0 && column.width > left) continue;
    chosen.add(column);
    left -= column.width;
  }
  return COLUMNS.filter((column) => chosen.has(column));
}

/** Of what the search box looks through, what may change. */
export const SEARCHED_FIELDS = [
  "airline_iata",
  "airline_name",
  "tail_number",
  "aircraft_type",
  "arrival_airport_iata",
  "departure_gate",
  "arrival_gate",
  "flight_status",
] as const satisfies readonly (keyof LiveFlight)[];

/** What the search box looks through. */
export function searchText(flight: LiveFlight): string {
  return [
    flight.flight_icao,
    flight.airline_iata,
    flight.airline_name,
    flight.tail_number,
    flight.aircraft_type,
    flight.departure_airport_iata,
    flight.arrival_airport_iata,
    flight.departure_gate,
    flight.arrival_gate,
    PHASES[flight.flight_status].label,
  ]
    .join(" ")
    .toLowerCase();
}
