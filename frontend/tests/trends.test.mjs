import assert from "node:assert/strict";
import test from "node:test";
import { Chart } from "../src/charts/chart";
import { palette } from "../src/charts/palette";
import { trendsPage } from "../src/pages/trends";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument, fakeServer } from "./harness.mjs";

const ROW = {
  at: "2026-01-01T10:00:00Z",
  hour: null,
  group: "6E",
  group_name: "IndiGo",
  flights: 1,
  cancelled: 0,
  departures: 1,
  arrivals: 1,
  movements: 2,
  d15: 1,
  d15_n: 1,
  a15: 1,
  a15_n: 1,
  passengers: 100,
  passengers_n: 1,
};

function shownPage(t, search) {
  fakeDocument(t, search);
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  const view = new ViewState();
  const page = trendsPage({ live, view });
  const charts = t.mock.method(Chart.prototype, "show", () => {});
  page.show();
  return {
    clock,
    live,
    view,
    requests: server.requests,
    notes: () => byClass(page.element, "panel-note").map(({ textContent }) => textContent),
    messages: () => byClass(page.element, "panel-message").map(({ hidden, textContent }) => (hidden ? "" : textContent)),
    /** What is drawn, last of each kind, such as "Delay". */
    drawn(title) {
      const [, build] = charts.mock.calls.map((call) => call.arguments).findLast(([summary]) => summary.startsWith(title));
      return build(palette());
    },
    answerRows: (by, groupBy, rows, watermark = null) =>
      server.requests.at(-1).answer({ by, group_by: groupBy, zone: "Asia/Kolkata", watermark, rows, total: rows.length }),
    cut: byClass(page.element, "trend-cut")[0],
    busy: () => byClass(page.element, "panel-body").filter((body) => body.getAttribute("aria-busy") === "true").length,
    answer: (total) =>
      server.requests.at(-1).answer({ by: "hour", group_by: "airline", zone: "UTC", watermark: null, rows: [ROW], total }),
    load() {
      live.stamp = { watermark: "2026-01-01T12:00:00Z" };
      live.changed.emit({ isSnapshot: true, parts: new Set(), flights: { size: 0 } });
    },
  };
}

test("only as many groups are asked for as are drawn, and the one without a name", (t) => {
  const { requests } = shownPage(t, "?page=trends&by=hour&group=airline");
  assert.equal(requests[0].url.searchParams.get("top"), "7");
});

test("rows that are left out are told of, until they are not", async (t) => {
  const page = shownPage(t, "?page=trends&by=hour&group=airline&from=2020-01-01T00:00:00Z");
  assert.ok(page.cut.hidden);
  await page.answer(61_320);
  assert.ok(!page.cut.hidden);
  assert.match(page.cut.textContent, /1 of 61,320 rows: the newest are missing\. Choose a shorter window/);
  page.view.update({ from: "2026-01-01T00:00:00Z" });
  assert.ok(page.cut.hidden, "of another window nothing is known yet");
  await page.answer(1);
  assert.ok(page.cut.hidden);
});

test("the first snapshot brings the watermark and so another question, later ones do not", async (t) => {
  const page = shownPage(t, "?page=trends&hours=3");
  page.load();
  assert.equal(page.requests.length, 2);
  assert.ok(page.requests[0].isAborted);
  assert.equal(page.requests[1].url.searchParams.get("from"), "2026-01-01T09:00:00.000Z");
  page.load();
  assert.equal(page.requests.length, 2);
  assert.ok(!page.requests[1].isAborted);
  await page.answer(1);
  assert.equal(page.busy(), 0);
  page.load();
  assert.equal(page.busy(), 0);
});

for (const [by, window] of [
  ["hour_of_day", "hours in Asia/Kolkata · last 30 days"],
  ["hour", "UTC · last 48 h"],
  ["day", "UTC · last 60 days"],
]) {
  test(`where no window is set, ${by} says how far back it goes, and only there`, async (t) => {
    const page = shownPage(t, `?page=trends&by=${by}`);
    await page.answerRows(by, "none", [ROW]);
    const ready = page.notes().slice(0, 4);
    for (const note of ready) assert.ok(note.endsWith(` · ${window}`), note);
    for (const change of [{ hours: 3 }, { hours: null, from: "2026-01-01T00:00:00Z" }]) {
      page.view.update(change);
      await page.answerRows(by, "none", [ROW]);
      for (const note of page.notes()) assert.doesNotMatch(note, /last/);
    }
  });
}

test("hour by hour goes back from the end of the window, or of the data where that is earlier", (t) => {
  const page = shownPage(t, "?page=trends&by=hour&to=2025-06-02T12:00:00Z");
  page.load();
  const from = () => page.requests.at(-1).url.searchParams.get("from");
  assert.equal(from(), "2025-05-31T12:00:00.000Z");
  page.view.update({ to: "2025-06-02T12:01:00Z" });
  assert.equal(from(), "2025-05-31T13:00:00.000Z");
  page.view.update({ to: "2026-05-01T00:00:00Z" });
  assert.equal(from(), "2025-12-30T13:00:00.000Z");
  page.view.update({ to: null });
  assert.equal(from(), "2025-12-30T13:00:00.000Z");
});

test("n is what the drawn values rest on, up to now", async (t) => {
  const page = shownPage(t, "?page=trends&by=hour");
  const rows = [
    { ...ROW, group: null, flights: 9, departures: 4, arrivals: 3, movements: 7, d15_n: 5, a15_n: 6, passengers_n: 2 },
    { ...ROW, group: null, at: "2026-01-01T13:00:00Z", flights: 50, d15_n: 1 },
  ];
  await page.answerRows("hour", "none", rows, "2026-01-01T12:00:00Z");
  const [delay, punctuality, movements, passengers, security] = page.notes();
  assert.match(delay, /n = 4 departures and 3 arrivals · /);
  assert.match(punctuality, /n = 5 flights departed or cancelled and 6 landed, cancelled or diverted · /);
  assert.match(movements, /n = 4 departures and 3 arrivals · /);
  assert.match(passengers, /n = 2 flights with known passengers · /);
  assert.equal(security, "", "there is nothing to draw");
  assert.deepEqual(page.messages().slice(3, 5), ["", "No wait at security is known of this selection yet."]);
});

test("n of groups is of those that are drawn, and each end of a flight is one of its airport's", async (t) => {
  const page = shownPage(t, "?page=trends&by=hour&group=airport");
  const groups = ["A", "B", "C", "D", "E", "F", "G"].map((group, index) => ({ ...ROW, group, flights: 9 - index }));
  await page.answerRows("hour", "airport", [...groups, { ...ROW, group: null, flights: 99 }]);
  const [delay, punctuality, movements, passengers] = page.notes();
  assert.match(delay, /n = 6 departures, at these airports · /);
  assert.match(punctuality, /n = 6 flights departed or cancelled, at these airports · /);
  assert.match(movements, /n = 12 movements, at these airports · /);
  assert.match(passengers, /n = 6 flights with known passengers, at these airports · /);
});

test("hours and days of which nothing is known keep their places, and lines break there", async (t) => {
  const page = shownPage(t, "?page=trends&by=hour");
  const at = (hour) => ({ ...ROW, group: null, at: `2026-01-01T${hour}:00:00Z` });
  await page.answerRows("hour", "none", [at("07"), at("08"), at("11"), at("23")], "2026-01-01T12:00:00Z");
  const { xAxis, series } = page.drawn("Punctuality");
  assert.deepEqual(xAxis.data.map((label) => label.slice(-5)), ["07:00", "08:00", "09:00", "10:00", "11:00"]);
  assert.deepEqual(series[0].data, [100, 100, null, null, 100]);

  page.view.update({ by: "day" });
  await page.answerRows("day", "none", [{ ...at("00") }, { ...ROW, group: null, at: "2026-01-03T00:00:00Z" }]);
  assert.deepEqual(page.drawn("Passengers").xAxis.data, ["01 Jan", "02 Jan", "03 Jan"]);
  assert.deepEqual(page.drawn("Passengers").series[0].data, [100, null, 100]);

  page.view.update({ by: "hour_of_day" });
  await page.answerRows("hour_of_day", "none", [{ ...ROW, group: null, at: null, hour: 5 }]);
  assert.equal(page.drawn("Delay").xAxis.data.length, 24);
  assert.equal(page.drawn("Movements").series[0].data[5], 1);
  assert.equal(page.drawn("Movements").series[0].data[4], null);
});

test("a value alone between two gaps is seen, also where there are too many for symbols", async (t) => {
  const page = shownPage(t, "?page=trends&by=day&from=2025-01-01");
  const at = (day) => ({ ...ROW, group: null, at: `${day}T00:00:00Z` });
  await page.answerRows("day", "none", [at("2025-01-01"), at("2025-01-03"), at("2025-01-04"), at("2025-12-31")]);
  const { data } = page.drawn("Punctuality").series[0];
  assert.equal(data.length, 365);
  assert.equal(data[0], 100);
  assert.deepEqual(data[2], { value: 100, symbol: "none" });
  assert.equal(data[364], 100);
});

test("an hour in which flights were only to arrive, and were cancelled or diverted, is drawn and counted", async (t) => {
  const page = shownPage(t, "?page=trends&by=hour");
  const none = { departures: 0, arrivals: 0, movements: 0, d15: null, d15_n: 0, a15: null, a15_n: 0 };
  const at = (hour, row) => ({ ...ROW, group: null, at: `2026-01-01T${hour}:00:00Z`, ...row });
  const rows = [
    at("09", {}),
    at("10", { ...none, flights: 0, a15: 0, a15_n: 2 }),
    at("11", { ...none, flights: 3 }),
  ];
  await page.answerRows("hour", "none", rows, "2026-01-01T12:00:00Z");
  assert.deepEqual(page.drawn("Punctuality").series[1].data, [100, 0, null]);
  assert.match(page.notes()[1], /and 3 landed, cancelled or diverted · /);
});
