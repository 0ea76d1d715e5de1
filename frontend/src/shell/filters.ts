/** Choosing filters, and the chips that show and remove them; on a wall screen they only show. */
import type { Direction, FlightStatus } from "../api/types";
import type { Context } from "../state/context";
import type { View } from "../state/view";
import { hasFilters, instant } from "../state/view";
import { h, replaceChildren } from "../ui/dom";
import { dateTime } from "../ui/format";
import { PHASES, STATUSES } from "../ui/status";

const WINDOWS: [string, string][] = [
  ["", "All data"],
  ["1", "Last hour"],
  ["3", "Last 3 h"],
  ["6", "Last 6 h"],
  ["12", "Last 12 h"],
  ["24", "Last 24 h"],
  ["custom", "From … to …"],
];

export function filterBar(context: Context): HTMLElement {
  const { view } = context;
  const airline = picker("Airline", (code) => view.add("airline", code));
  const airport = picker("Airport", (code) => view.add("airport", code));
  const status = picker("Status", (name) => view.add("status", name as FlightStatus));
  status.setOptions(STATUSES.map((name) => [name, PHASES[name].label]));
  const direction = select("Direction", [["", "Both directions"], ["arrival", "Arrivals"], ["departure", "Departures"]]);
  direction.addEventListener("change", () => view.update({ direction: (direction.value || null) as Direction | null }));
  const period = timeWindow(context);
  const chips = h("ul", { class: "chips", attrs: { "aria-label": "Filters set" } });

  const showOptions = (): void => {
    const { parts } = context.live;
    if (!parts) return;
    const airlines = parts.airline_delays
      .filter((row) => row.airline_iata !== null)
      .map((row): [string, string] => [row.airline_iata ?? "", `${row.airline_iata}  ${row.airline_name ?? ""}`]);
    airline.setOptions(airlines.sort(([a], [b]) => a.localeCompare(b)));
    const airports = parts.movements.map((row): [string, string] => [
      row.airport_iata,
      `${row.airport_iata}  ${row.city ?? row.airport_name}`,
    ]);
    airport.setOptions(airports.sort(([a], [b]) => a.localeCompare(b)));
  };
  const showView = (): void => {
    direction.value = view.current.direction ?? "";
    renderChips(chips, context);
  };
  context.live.changed.on(({ parts }) => {
    if (parts.has("airline_delays") || parts.has("movements")) showOptions();
  });
  view.changed.on(showView);
  showView();

  return h(
    "section",
    { class: "filters", attrs: { "aria-label": "Filters" } },
    h(
      "div",
      { class: "filter-controls" },
      airline.element,
      airport.element,
      direction,
      status.element,
      period,
    ),
    chips,
  );
}

function select(label: string, options: [string, string][]): HTMLSelectElement {
  return h(
    "select",
    { attrs: { "aria-label": label } },
    ...options.map(([value, text]) => h("option", { text, attrs: { value } })),
  );
}

/** A list from which one after the other is added. */
function picker(
  label: string,
  add: (value: string) => void,
): { element: HTMLSelectElement; setOptions: (options: [string, string][]) => void } {
  const element = select(`Add ${label.toLowerCase()} filter`, [["", label]]);
  let known = "";
  element.addEventListener("change", () => {
    if (element.value) add(element.value);
    element.value = "";
  });
  const setOptions = (options: [string, string][]): void => {
    const key = options.join("|");
    // an open list must not be pulled away under the pointer
    if (key === known || document.activeElement === element) return;
    known = key;
    replaceChildren(
      element,
      h("option", { text: label, attrs: { value: "" } }),
      ...options.map(([value, text]) => h("option", { text, attrs: { value } })),
    );
  };
  return { element, setOptions };
}

function timeWindow({ view, live }: Context): HTMLElement {
  const period = select("Time window, by scheduled departure", WINDOWS);
  const from = instantInput("From, UTC");
  const to = instantInput("To, UTC");
  const custom = h("span", { class: "custom-window" }, from, h("span", { text: "to" }), to, h("span", { text: "UTC" }));

  const show = ({ hours, from: begin, to: end }: View): void => {
    const isCustom = begin !== null || end !== null;
    period.value = isCustom ? "custom" : hours === null ? "" : String(hours);
    custom.hidden = period.value !== "custom";
    if (document.activeElement !== from) from.value = begin ? localValue(begin) : "";
    if (document.activeElement !== to) to.value = end ? localValue(end) : "";
  };
  period.addEventListener("change", () => {
    if (period.value === "custom") {
      const end = live.stamp?.watermark ?? new Date().toISOString();
      const begin = new Date(Date.parse(end) - 6 * 3_600_000).toISOString();
      view.update({ hours: null, from: minute(begin), to: null });
    } else {
      view.update({ hours: Number(period.value) || null, from: null, to: null });
    }
  });
  for (const [name, input] of [["from", from], ["to", to]] as const) {
    input.addEventListener("change", () => view.update({ hours: null, [name]: instant(input.value) }));
  }
  view.changed.on((change) => show(change.view));
  show(view.current);
  return h("span", { class: "time-window" }, period, custom);
}

/** Without an end a browser lets one type years of six digits. */
function instantInput(label: string): HTMLInputElement {
  return h("input", {
    attrs: { type: "datetime-local", max: "9999-12-31T23:59", "aria-label": label, title: label },
  });
}

function minute(time: string): string {
  return `${time.slice(0, 16)}:00Z`;
}

function localValue(time: string): string {
  return new Date(time).toISOString().slice(0, 16);
}

function renderChips(list: HTMLElement, { view }: Context): void {
  const { current } = view;
  const chips: [string, string, () => void][] = [];
  for (const code of current.airline) chips.push(["Airline", code, () => view.remove("airline", code)]);
  for (const code of current.airport) chips.push(["Airport", code, () => view.remove("airport", code)]);
  if (current.direction) {
    const text = current.direction === "arrival" ? "arrivals" : "departures";
    chips.push(["Direction", text, () => view.update({ direction: null })]);
  }
  for (const status of current.status) {
    chips.push(["Status", PHASES[status].label.toLowerCase(), () => view.remove("status", status)]);
  }
  for (const flight of current.flight) {
    chips.push(["Flight", flight, () => view.remove("flight", flight)]);
  }
  if (current.hours !== null) chips.push(["Departing", `last ${current.hours} h`, () => view.update({ hours: null })]);
  if (current.from) {
    chips.push(["From", `${dateTime(current.from, { seconds: false })} UTC`, () => view.update({ from: null })]);
  }
  if (current.to) chips.push(["To", `${dateTime(current.to, { seconds: false })} UTC`, () => view.update({ to: null })]);

  const hadFocus = list.contains(document.activeElement);
  const isWall = current.kiosk !== null;
  replaceChildren(
    list,
    ...chips.map(([name, value, remove]) => h("li", {}, isWall ? fixedChip(name, value) : chip(name, value, remove))),
    !isWall &&
      hasFilters(current) &&
      h("li", {}, h("button", { class: "clear", text: "Clear all", attrs: { type: "button" }, on: { click: () => view.clear() } })),
  );
  list.hidden = chips.length === 0;
  if (hadFocus) {
    const next = list.querySelector<HTMLElement>("button") ?? document.querySelector<HTMLElement>(".filter-controls select");
    next?.focus();
  }
}

function chip(name: string, value: string, remove: () => void): HTMLElement {
  return h(
    "button",
    {
      class: "chip",
      attrs: { type: "button", title: "Remove this filter" },
      on: { click: remove },
    },
    h("span", { class: "chip-name", text: name }),
    " ",
    h("b", { text: value }),
    h("span", { class: "visually-hidden", text: ", remove this filter" }),
    h("span", { text: "✕", attrs: { "aria-hidden": true } }),
  );
}

function fixedChip(name: string, value: string): HTMLElement {
  return h("span", { class: "fixed-chip" }, `${name} `, h("b", { text: value }));
}
