import assert from "node:assert/strict";
import test from "node:test";
import { Chart } from "../src/charts/chart";
import { operationsPage } from "../src/pages/operations";
import { LiveData } from "../src/state/live";
import { Signal } from "../src/state/signal";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument } from "./harness.mjs";

const TILE = { value: 7, n: 7, unit: "minutes", definition: "What it is.", trend: [{ value: 1 }, { value: 2 }] };
const LINE = { n: 0, r: null, slope: null, intercept: null };
const FIGURES = {
  kpis: {
    active_flights: TILE,
    flights_today: TILE,
    d15: TILE,
    a15: TILE,
    mean_departure_delay_minutes: TILE,
    passengers_in_motion: TILE,
    longest_security_wait_minutes: TILE,
  },
  airline_delays: [],
  movements: [],
  passengers_vs_turnaround: { ...LINE, by_aircraft_type: [] },
  turnaround_points: [],
  delay_pairs: { ...LINE, points: [] },
};

function shownPage(t) {
  fakeDocument(t);
  fakeClock(t);
  const aggregates = { figures: FIGURES, state: "ready", problem: "", changed: new Signal(), retry() {}, start() {}, stop() {} };
  const page = operationsPage({ live: new LiveData(), view: new ViewState(), aggregates });
  page.show();
  const texts = (name) => new Set(byClass(page.element, name).map((element) => element.textContent));
  return {
    element: page.element,
    texts,
    lines: () => byClass(page.element, "kpi-trend").filter(({ children: [trend] }) => trend.children.length > 0).length,
    become(change) {
      Object.assign(aggregates, change);
      aggregates.changed.emit();
    },
  };
}

test("where the figures cannot be had, the tiles show none, and say so as the panels do", (t) => {
  const page = shownPage(t);
  assert.deepEqual(page.texts("kpi-value"), new Set(["7.0"]));
  assert.equal(page.lines(), 7);
  page.become({ state: "error", problem: "the warehouse is busy" });
  assert.deepEqual(page.texts("kpi-value"), new Set(["–"]));
  assert.deepEqual(page.texts("kpi-unit"), new Set([""]));
  assert.deepEqual(page.texts("kpi-sample"), new Set(["⚠ no answer"]));
  assert.equal(page.lines(), 0);
  assert.ok([...page.texts("panel-message")].some((text) => text.startsWith("⚠ the warehouse is busy")));
});

test("the tiles have their figures again once there are some", (t) => {
  const page = shownPage(t);
  page.become({ state: "error", problem: "the warehouse is busy" });
  page.become({ state: "ready" });
  assert.deepEqual(page.texts("kpi-value"), new Set(["7.0"]));
  assert.deepEqual(page.texts("kpi-sample"), new Set(["n = 7 flights"]));
  assert.equal(page.lines(), 7);
});

test("why there is no line of turnarounds: too few, or all alike", (t) => {
  t.mock.method(Chart.prototype, "show", () => {});
  const page = shownPage(t);
  const point = { leg_key: "a".repeat(32), aircraft_type: "A320", passenger_count: 100, turnaround_minutes: 40 };
  for (const [n, why] of [
    [2, "too few for a line"],
    [3, "no line: all have the same passengers or the same turnaround"],
  ]) {
    page.become({
      figures: {
        ...FIGURES,
        passengers_vs_turnaround: { ...LINE, n, by_aircraft_type: [] },
        turnaround_points: Array.from({ length: n }, () => point),
      },
    });
    assert.ok(page.texts("panel-note").has(`n = ${n} turnarounds · ${why}`), [...page.texts("panel-note")].join());
  }
});

test("an airline whose every flight was cancelled is in the league", (t) => {
  const page = shownPage(t);
  const cancelled = {
    airline_iata: "AI",
    airline_name: null,
    flights: 5,
    departed: 0,
    cancelled: 5,
    mean_departure_delay_minutes: null,
    median_departure_delay_minutes: null,
    p90_departure_delay_minutes: null,
    d15: 0,
  };
  page.become({ figures: { ...FIGURES, airline_delays: [cancelled] } });
  assert.ok(page.texts("panel-note").has("Departure delay, minutes · n = 0 departed, 5 cancelled"));
  const [league] = byClass(page.element, "league");
  const figures = byClass(league, "number").map((element) => element.textContent);
  assert.deepEqual(figures.slice(-6), ["–", "–", "–", "0.0", "0", "5"]);
});
