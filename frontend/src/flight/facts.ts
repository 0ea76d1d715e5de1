/** What is known of a leg: its times with their delays, its attributes, its flags. */
import type { AirportInfo, LegAnswer } from "../api/types";
import { h } from "../ui/dom";
import { clock, count, dateTime, day, minutes, parseInstant, signedMinutes, UNKNOWN } from "../ui/format";
import { delayClass } from "../ui/status";

export function times({ leg, departure_airport: from, arrival_airport: to }: LegAnswer): HTMLElement {
  const rows: [string, string, string | null, string | null][] = [
    ["Scheduled", "", leg.scheduled_departure_at, leg.scheduled_arrival_at],
    ["Estimated", "", leg.estimated_departure_at, leg.estimated_arrival_at],
    ["Actual", "strong", leg.actual_departure_at, leg.actual_arrival_at],
  ];
  return h(
    "table",
    { class: "times" },
    h("caption", { class: "visually-hidden", text: "Times, UTC and local" }),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td"),
        h("th", { text: `Departure ${leg.departure_airport_iata}`, attrs: { scope: "col" } }),
        h("th", { text: `Arrival ${leg.arrival_airport_iata}`, attrs: { scope: "col" } }),
      ),
    ),
    h(
      "tbody",
      {},
      ...rows.map(([name, className, departure, arrival]) =>
        h(
          "tr",
          { class: className },
          h("th", { text: name, attrs: { scope: "row" } }),
          instantCell(departure, from),
          instantCell(arrival, to),
        ),
      ),
      h(
        "tr",
        {},
        h("th", { text: "Delay", attrs: { scope: "row" } }),
        delayCell(leg.departure_delay_minutes),
        delayCell(leg.arrival_delay_minutes),
      ),
      h(
        "tr",
        {},
        h("th", { text: "Gate", attrs: { scope: "row" } }),
        h("td", { text: leg.departure_gate ?? UNKNOWN }),
        h("td", { text: leg.arrival_gate ?? UNKNOWN }),
      ),
    ),
  );
}

function instantCell(instant: string | null, airport: AirportInfo | null): HTMLElement {
  const ms = parseInstant(instant);
  if (ms === null) return h("td", { text: UNKNOWN });
  const zone = airport?.timezone;
  return h(
    "td",
    {},
    h("span", { text: `${day(ms)} ${clock(ms)} UTC` }),
    zone ? h("span", { class: "local-time", text: `${clock(ms, { zone })} local` }) : null,
  );
}

function delayCell(delay: number | null): HTMLElement {
  const late = delayClass(delay);
  const sign = late ? "▲ " : "";
  return h("td", { class: late, text: delay === null ? UNKNOWN : `${sign}${signedMinutes(delay)} min` });
}

export function facts({ leg, turnaround }: LegAnswer): HTMLElement {
  const position =
    leg.latitude === null || leg.longitude === null
      ? UNKNOWN
      : `${leg.latitude.toFixed(3)}, ${leg.longitude.toFixed(3)}`;
  const pairs: [string, string][] = [
    ["Tail", leg.tail_number ?? UNKNOWN],
    ["Type", leg.aircraft_type ?? UNKNOWN],
    ["Passengers", count(leg.passenger_count)],
    ["Bags", count(leg.baggage_count)],
    ["Security wait", wholeMinutes(leg.security_wait_time_minutes)],
    ["Taxi", wholeMinutes(leg.taxi_time_minutes)],
    ["Runway", leg.runway_in_use ?? UNKNOWN],
    ["Weather", leg.weather_conditions ?? UNKNOWN],
    ["Position", position],
    ["Altitude", leg.altitude_ft === null ? UNKNOWN : `${count(leg.altitude_ft)} ft`],
    ["Speed", leg.ground_speed_kts === null ? UNKNOWN : `${count(leg.ground_speed_kts)} kts`],
    ["Heading", leg.heading === null ? UNKNOWN : `${leg.heading}°`],
    ["Turnaround after", turnaround ? minutes(turnaround.turnaround_minutes) : UNKNOWN],
    ["Last event", `${dateTime(leg.last_event_at)} UTC`],
    ["Events", count(leg.events)],
  ];
  return h(
    "dl",
    { class: "facts" },
    ...pairs.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))),
  );
}

function wholeMinutes(value: number | null): string {
  return value === null ? UNKNOWN : `${value} min`;
}

/** Old events are removed, and their flags with them; how many there were is still known. */
export function flags({ leg, quality_flags: found, total_events: kept }: LegAnswer): HTMLElement {
  const entries = Object.entries(found);
  const isPart = kept < leg.events;
  return h(
    "p",
    { class: "flags" },
    h("b", { text: "Quality flags " }),
    entries.length === 0
      ? isPart && kept === 0 ? "not kept" : "none"
      : h(
          "span",
          { class: "flag-list" },
          ...entries.map(([flag, events]) => h("span", { class: "flag", text: `${flag} × ${count(events)}` })),
        ),
    isPart &&
      h("span", {
        class: "panel-note",
        text: ` Flags and timeline cover only the ${count(kept)} of ${count(leg.events)} events whose rows are still kept.`,
      }),
  );
}
