/** What the reader is looking at, all of it in the address: page, filters, window, open flight. */
import type { Direction, FlightStatus, LiveFlight } from "../api/types";
import type { Query } from "../api/client";
import { STATUSES } from "../ui/status";
import { Signal } from "./signal";

export type PageName = "operations" | "trends" | "pipeline";
export type TrendBy = "hour_of_day" | "hour" | "day";
export type TrendGroup = "none" | "airline" | "airport";
export const PAGES: PageName[] = ["operations", "trends", "pipeline"];

export interface View {
  page: PageName;
  airline: string[];
  airport: string[];
  direction: Direction | null;
  status: FlightStatus[];
  /** Flight designators. */
  flight: string[];
  /** The last so many hours before the watermark … */
  hours: number | null;
  /** … or from here to there, ISO 8601. */
  from: string | null;
  to: string | null;
  /** The Trends page's buckets and lines. */
  by: TrendBy;
  group: TrendGroup;
  /** `leg_key` of the flight whose drawer is open. */
  leg: string | null;
  /** Seconds to each page on a wall screen; null for a desk. */
  kiosk: number | null;
}

/** Stands for flights without an airline. Codes are upper case, so that no airline's is this. */
export const NO_AIRLINE = "none";

const INSTANT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const LEG_KEY = /^[0-9a-f]{32}$/;
const KIOSK_SECONDS = 20;
/** More than a century, and still an instant to reckon with. */
const MOST_HOURS = 1_000_000;
const DAY_SECONDS = 86_400;

export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const page = query.get("page") as PageName;
  const direction = query.get("direction");
  const hours = Number(query.get("hours"));
  const leg = query.get("leg");
  return {
    page: PAGES.includes(page) ? page : "operations",
    airline: codes(query, "airline", NO_AIRLINE),
    airport: codes(query, "airport"),
    direction: direction === "arrival" || direction === "departure" ? direction : null,
    status: STATUSES.filter((status) => query.getAll("status").includes(status)),
    flight: codes(query, "flight"),
    hours: hours > 0 && hours <= MOST_HOURS ? hours : null,
    from: instant(query.get("from")),
    to: instant(query.get("to")),
    by: oneOf(["hour_of_day", "hour", "day"] as const, query.get("by")),
    group: oneOf(["none", "airline", "airport"] as const, query.get("group")),
    leg: leg && LEG_KEY.test(leg) ? leg : null,
    kiosk: kioskSeconds(query.get("kiosk")),
  };
}

export function viewQuery(view: View): string {
  const query = new URLSearchParams();
  if (view.page !== "operations") query.set("page", view.page);
  for (const name of ["airline", "airport", "status", "flight"] as const) {
    for (const value of view[name]) query.append(name, value);
  }
  for (const name of ["direction", "hours", "from", "to", "leg"] as const) {
    if (view[name] !== null) query.set(name, String(view[name]));
  }
  if (view.by !== "hour_of_day") query.set("by", view.by);
  if (view.group !== "none") query.set("group", view.group);
  if (view.kiosk !== null) query.set("kiosk", String(view.kiosk));
  const theme = new URLSearchParams(location.search).get("theme");
  if (theme) query.set("theme", theme);
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

/** @param word Not a code, and kept as it is. */
function codes(query: URLSearchParams, name: string, word?: string): string[] {
  const texts = query.getAll(name).map((text) => text.trim());
  return [...new Set(texts.map((text) => (text === word ? text : text.toUpperCase())))].filter(Boolean);
}

/** The first of the choices unless another one is named. */
function oneOf<T extends string>(choices: readonly [T, ...T[]], text: string | null): T {
  return choices.find((choice) => choice === text) ?? choices[0];
}

function kioskSeconds(text: string | null): number | null {
  if (text === null) return null;
  const seconds = Number(text);
  return seconds >= 1 && seconds <= DAY_SECONDS ? seconds : KIOSK_SECONDS;
}

/** ISO 8601; a time without an offset is UTC, as for the API, and not the browser's own. */
export function instant(text: string | null): string | null {
  const [whole, time, offset] = INSTANT.exec(text ?? "") ?? [];
  if (!whole) return null;
  const told = `${whole}${time && !offset ? "Z" : ""}`.replace(" ", "T");
  return Number.isNaN(Date.parse(told)) ? null : told;
}

/** The address as state: changing one changes the other. */
export class ViewState {
  current: View = parseView(location.search);
  readonly changed = new Signal<{ view: View; previous: View }>();

  constructor() {
    addEventListener("popstate", () => this.become(parseView(location.search)));
  }

  /** @param replace Leave no step for the back button. */
  update(change: Partial<View>, { replace = false } = {}): void {
    const next = { ...this.current, ...change };
    const query = viewQuery(next);
    if (query !== viewQuery(this.current)) {
      history[replace ? "replaceState" : "pushState"](null, "", query);
    }
    this.become(next);
  }

  add<K extends "airline" | "airport" | "status" | "flight">(name: K, value: View[K][number]): void {
    const values = this.current[name] as string[];
    if (!values.includes(value)) this.update({ [name]: [...values, value] } as Partial<View>);
  }

  remove<K extends "airline" | "airport" | "status" | "flight">(name: K, value: string): void {
    const values = (this.current[name] as string[]).filter((one) => one !== value);
    this.update({ [name]: values } as Partial<View>);
  }

  clear(): void {
    this.update(NO_FILTERS);
  }

  private become(view: View): void {
    const previous = this.current;
    this.current = view;
    this.changed.emit({ view, previous });
  }
}

const NO_FILTERS = {
  airline: [],
  airport: [],
  direction: null,
  status: [],
  flight: [],
  hours: null,
  from: null,
  to: null,
} satisfies Partial<View>;

/** Begin of the time window, in ms of event time. */
export function windowStart(view: View, watermark: number | null): number | null {
  if (view.from) return Date.parse(view.from);
  if (view.hours === null || watermark === null) return null;
  // to the whole minute, so that the same question is not a new one each second
  return Math.floor((watermark - view.hours * 3_600_000) / 60_000) * 60_000;
}

/** The filters as the API takes them; null where none is set. */
export function filterQuery(view: View, watermark: number | null): Query | null {
  const start = windowStart(view, watermark);
  const query: Query = {
    airline: view.airline,
    airport: view.airport,
    direction: view.direction,
    status: view.status,
    flight: view.flight,
    from: start === null ? null : new Date(start).toISOString(),
    to: view.to === null ? null : new Date(view.to).toISOString(),
  };
  const isSet = Object.values(query).some((value) => (Array.isArray(value) ? value.length > 0 : value));
  return isSet ? query : null;
}

/** The same as long as the reader has chosen nothing else, however a window moves with the data. */
export function filterKey(view: View): string {
  return JSON.stringify((Object.keys(NO_FILTERS) as (keyof typeof NO_FILTERS)[]).map((name) => view[name]));
}

export function hasFilters(view: View): boolean {
  return filterQuery(view, 0) !== null;
}

/** The same filters on a live flight, in the browser. */
export function flightFilter(
  view: View,
  watermark: number | null,
  hub: string | null,
): (flight: LiveFlight) => boolean {
  const start = windowStart(view, watermark);
  const end = view.to === null ? null : Date.parse(view.to);
  const airports = view.airport.length > 0 ? view.airport : view.direction && hub ? [hub] : [];
  return (flight) => {
    if (view.airline.length > 0 && !view.airline.includes(flight.airline_iata ?? NO_AIRLINE)) return false;
    if (view.status.length > 0 && !view.status.includes(flight.flight_status)) return false;
    if (view.flight.length > 0 && !view.flight.includes(flight.flight_icao)) return false;
    if (airports.length > 0 && !touches(flight, airports, view.direction)) return false;
    if (start === null && end === null) return true;
    const departs = Date.parse(flight.scheduled_departure_at);
    return (start === null || departs >= start) && (end === null || departs < end);
  };
}

function touches(flight: LiveFlight, airports: string[], direction: Direction | null): boolean {
  const departs = airports.includes(flight.departure_airport_iata);
  const arrives = airports.includes(flight.arrival_airport_iata);
  if (direction === "departure") return departs;
  return direction === "arrival" ? arrives : departs || arrives;
}
