/** The tiles at the top: one figure each, with its unit, sample, trend and definition. */
import type { Kpi, Kpis } from "../api/types";
import { h, setText, uniqueId } from "../ui/dom";
import { count, decimal, percentValue, UNKNOWN } from "../ui/format";
import { sparkline } from "../ui/sparkline";

const ORDER: (keyof Kpis)[] = [
  "active_flights",
  "flights_today",
  "d15",
  "a15",
  "mean_departure_delay_minutes",
  "passengers_in_motion",
  "longest_security_wait_minutes",
];

/** Short enough for the tile; the definition says it at length. */
const LABELS: Record<keyof Kpis, string> = {
  active_flights: "Active flights",
  flights_today: "Flights today",
  d15: "Departures on time, D15",
  a15: "Arrivals on time, A15",
  mean_departure_delay_minutes: "Mean departure delay",
  passengers_in_motion: "Passengers in motion",
  longest_security_wait_minutes: "Longest security wait",
};

export interface KpiTiles {
  element: HTMLElement;
  update: (kpis: Kpis) => void;
  /** Shows no figures, and that this is because they could not be had. */
  fail: () => void;
  setBusy: (isBusy: boolean) => void;
}

export function kpiTiles(): KpiTiles {
  const tiles = ORDER.map((name) => ({ name, ...tile(LABELS[name]) }));
  const element = h(
    "section",
    { class: "kpis", attrs: { "aria-label": "Key figures" } },
    ...tiles.map((one) => one.element),
  );
  return {
    element,
    update: (kpis) => tiles.forEach((one) => one.update(kpis[one.name])),
    fail: () => tiles.forEach((one) => one.fail()),
    setBusy: (isBusy) => element.setAttribute("aria-busy", String(isBusy)),
  };
}

interface Tile {
  element: HTMLElement;
  update: (kpi: Kpi) => void;
  fail: () => void;
}

function tile(name: string): Tile {
  const definitionId = uniqueId("definition");
  const value = h("span", { class: "kpi-value", text: UNKNOWN });
  const unit = h("span", { class: "kpi-unit" });
  const sample = h("span", { class: "kpi-sample" });
  const trend = sparkline();
  const definition = h("span", { class: "kpi-definition", attrs: { id: definitionId, role: "tooltip" } });
  const element = h(
    "div",
    { class: "kpi", attrs: { tabindex: 0, role: "group", "aria-label": name, "aria-describedby": definitionId } },
    h("span", { class: "kpi-label", text: name }),
    h("span", { class: "kpi-figure" }, value, unit),
    sample,
    h("span", { class: "kpi-trend" }, trend.element),
    definition,
  );
  element.addEventListener("keydown", (event) => {
    // the definition hides something; Escape uncovers it without moving the focus
    if (event.key === "Escape") element.classList.add("is-dismissed");
  });
  for (const type of ["blur", "pointerleave"]) {
    element.addEventListener(type, () => element.classList.remove("is-dismissed"));
  }

  const update = (kpi: Kpi): void => {
    setText(value, figure(kpi));
    setText(unit, kpi.value === null ? "" : UNITS[kpi.unit]);
    setText(sample, sampleOf(kpi));
    setText(definition, `${kpi.definition} Line: the last 24 h of event time or of the chosen window, by the hour.`);
    trend.update(kpi.trend);
  };
  const fail = (): void => {
    setText(value, UNKNOWN);
    setText(unit, "");
    setText(sample, "⚠ no answer");
    trend.update([]);
  };
  return { element, update, fail };
}

const UNITS: Record<Kpi["unit"], string> = {
  flights: "flights",
  ratio: "%",
  minutes: "min",
  passengers: "pax",
};

function figure({ value, unit }: Kpi): string {
  if (unit === "ratio") return percentValue(value);
  return unit === "minutes" ? decimal(value) : count(value);
}

function sampleOf({ value, n, unit }: Kpi): string {
  if (n === 0 && value === null) return "no flights yet";
  return unit === "flights" ? `n = ${count(n)}` : `n = ${count(n)} flights`;
}
