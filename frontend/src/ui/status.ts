/** The phases of a flight: name, sign and colour. The sign says it without the colour. */
import type { FlightStatus } from "../api/types";
import { h } from "./dom";

interface Phase {
  label: string;
  sign: string;
}

export const STATUSES: FlightStatus[] = [
  "scheduled",
  "boarding",
  "departing",
  "en-route",
  "landed",
  "diverted",
  "cancelled",
];

export const PHASES: Record<FlightStatus, Phase> = {
  scheduled: { label: "Scheduled", sign: "○" },
  boarding: { label: "Boarding", sign: "◧" },
  departing: { label: "Departing", sign: "↗" },
  "en-route": { label: "En route", sign: "➤" },
  landed: { label: "Landed", sign: "●" },
  diverted: { label: "Diverted", sign: "↺" },
  cancelled: { label: "Cancelled", sign: "✕" },
};

export function statusBadge(status: FlightStatus): HTMLElement {
  return h(
    "span",
    { class: `status status-${status}` },
    h("span", { class: "status-sign", text: PHASES[status].sign, attrs: { "aria-hidden": true } }),
    PHASES[status].label,
  );
}

/** On time is less than 15 minutes late, as the US DOT counts. */
export function delayClass(minutes: number | null): string {
  if (minutes === null || minutes < 15) return "";
  return minutes < 60 ? "late" : "very-late";
}
