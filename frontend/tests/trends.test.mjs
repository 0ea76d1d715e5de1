import assert from "node:assert/strict";
import test from "node:test";
import { trendsPage } from "../src/pages/trends";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument, fakeServer } from "./harness.mjs";

const ROW = { at: "2026-01-01T10:00:00Z", hour: null, group: "6E", group_name: "IndiGo", flights: 1 };

function shownPage(t, search) {
  fakeDocument(t, search);
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  const view = new ViewState();
  const page = trendsPage({ live, view });
  page.show();
  return {
    clock,
    live,
    view,
    requests: server.requests,
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
