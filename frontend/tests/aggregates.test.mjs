import assert from "node:assert/strict";
import test from "node:test";
import { Aggregates } from "../src/state/aggregates";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { fakeClock, fakeDocument, fakeServer, settled } from "./harness.mjs";

const ROUTES = 5;

/** Figures under filters; `move` is what a refresh of gold does to the page. */
function filteredPage(t, search) {
  const { document } = fakeDocument(t, search);
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  const view = new ViewState();
  const aggregates = new Aggregates(live, view);
  aggregates.start();
  const states = [];
  aggregates.changed.on(() => states.push(aggregates.state));
  return {
    clock,
    view,
    aggregates,
    states,
    /** One for each time that the figures were asked for. */
    get asked() {
      return server.to("kpis");
    },
    get aborted() {
      return server.requests.filter((request) => request.isAborted).length;
    },
    become(hidden) {
      document.hidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    move(watermark) {
      live.stamp = { watermark };
      live.changed.emit({ isSnapshot: false, parts: new Set(["kpis"]), flights: { size: 0 } });
    },
    async answer(name) {
      for (const request of server.requests.slice(-ROUTES)) await request.answer({ kpis: name, rows: [], points: [] });
    },
    async fail() {
      for (const request of server.requests.slice(-ROUTES)) await request.fail();
    },
  };
}

test("slow answers are shown: a refresh waits for them", async (t) => {
  const page = filteredPage(t, "?airline=6E");
  page.move("2026-01-01T10:00:00Z");
  for (let second = 1; second <= 5; second += 1) {
    await page.clock.tick(1_000);
    page.move(`2026-01-01T10:00:0${second}Z`);
  }
  assert.equal(page.asked.length, 1);
  await page.answer("first");
  assert.equal(page.aggregates.figures.kpis, "first");
  assert.equal(page.asked.length, 2, "the data has changed meanwhile");
  assert.equal(page.aborted, 0);
  assert.deepEqual(page.states, ["loading", "ready"]);
});

test("a window that moves with the data is refreshed as seldom as others, and without loading", async (t) => {
  const page = filteredPage(t, "?hours=3");
  page.move("2026-01-01T10:00:00Z");
  await page.answer("first");
  // a replay at sixty times the speed: each second is a minute
  for (let minute = 1; minute <= 6; minute += 1) {
    await page.clock.tick(1_000);
    page.move(`2026-01-01T10:0${minute}:00Z`);
    await page.answer(`minute ${minute}`);
  }
  assert.equal(page.asked.length, 4, "after 0, 1, 3 and 5 seconds");
  assert.equal(page.asked.at(-1).url.searchParams.get("from"), "2026-01-01T07:04:00.000Z");
  assert.equal(page.states.filter((state) => state === "loading").length, 1);
});

test("a window that moves with the data does not give up slow answers", async (t) => {
  const page = filteredPage(t, "?hours=3");
  page.move("2026-01-01T10:00:00Z");
  await page.clock.tick(1_000);
  page.move("2026-01-01T10:01:00Z");
  await page.answer("first");
  assert.equal(page.aggregates.figures.kpis, "first");
  assert.equal(page.aborted, 0);
});

test("another selection gives up what was asked for the one before", async (t) => {
  const page = filteredPage(t, "?airline=6E");
  page.move("2026-01-01T10:00:00Z");
  page.view.update({ airline: ["AI"] });
  assert.equal(page.aborted, ROUTES);
  assert.deepEqual(page.asked.at(-1).url.searchParams.getAll("airline"), ["AI"]);
  await page.answer("other");
  assert.equal(page.aggregates.figures.kpis, "other");
});

test("a failed answer is followed by the next refresh", async (t) => {
  const page = filteredPage(t, "?airline=6E");
  page.move("2026-01-01T10:00:00Z");
  page.move("2026-01-01T10:00:01Z");
  await page.fail();
  assert.equal(page.aggregates.state, "error");
  assert.equal(page.asked.length, 2);
  page.aggregates.retry();
  await settled();
  assert.equal(page.asked.length, 2, "it is being asked already");
  await page.answer("second");
  assert.equal(page.aggregates.state, "ready");
});

for (const [where, leave, comeBack] of [
  ["another page", ({ aggregates }) => aggregates.stop(), ({ aggregates }) => aggregates.start()],
  ["another tab", ({ become }) => become(true), ({ become }) => become(false)],
]) {
  test(`who looks at ${where} has nothing asked, and figures of now at the return`, async (t) => {
    const page = filteredPage(t, "?airline=6E");
    page.move("2026-01-01T10:00:00Z");
    await page.answer("first");
    leave(page);
    for (let second = 1; second <= 5; second += 1) {
      await page.clock.tick(1_000);
      page.move(`2026-01-01T10:00:0${second}Z`);
    }
    assert.equal(page.asked.length, 1);
    comeBack(page);
    assert.equal(page.asked.length, 2, "at once");
    assert.equal(page.aggregates.state, "loading", "the first are of long ago");
    await page.answer("second");
    assert.equal(page.aggregates.state, "ready");
    assert.equal(page.aggregates.figures.kpis, "second");
    page.move("2026-01-01T10:00:06Z");
    await page.clock.tick(2_000);
    assert.equal(page.asked.length, 3, "and goes on");
  });

  test(`who goes to ${where} gives up what is asked, and a refresh that is due`, async (t) => {
    const page = filteredPage(t, "?airline=6E");
    page.move("2026-01-01T10:00:00Z");
    page.move("2026-01-01T10:00:01Z");
    leave(page);
    assert.equal(page.aborted, ROUTES);
    await page.clock.tick(10_000);
    assert.equal(page.asked.length, 1);
    comeBack(page);
    assert.equal(page.asked.length, 2);
  });

  test(`filters chosen while ${where} is open are asked for at the return`, async (t) => {
    const page = filteredPage(t, "?airline=6E");
    page.move("2026-01-01T10:00:00Z");
    await page.answer("first");
    leave(page);
    page.view.update({ airline: ["AI"] });
    assert.equal(page.asked.length, 1);
    comeBack(page);
    assert.equal(page.asked.length, 2);
    assert.deepEqual(page.asked.at(-1).url.searchParams.getAll("airline"), ["AI"]);
  });
}

test("a tab that comes to be seen while another page is open asks nothing", async (t) => {
  const page = filteredPage(t, "?airline=6E");
  page.move("2026-01-01T10:00:00Z");
  await page.answer("first");
  page.aggregates.stop();
  page.become(true);
  page.become(false);
  assert.equal(page.asked.length, 1);
});
