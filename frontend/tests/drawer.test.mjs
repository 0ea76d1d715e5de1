import assert from "node:assert/strict";
import test from "node:test";
import { FlightDrawer } from "../src/flight/drawer";
import { facts, flags } from "../src/flight/facts";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { fakeClock, fakeDocument, fakeServer } from "./harness.mjs";

const LEG = "a".repeat(32);
const OTHER_LEG = "b".repeat(32);

test("events of the open flight do not give up the answer that is awaited, another flight does", async (t) => {
  fakeDocument(t, `?leg=${LEG}`);
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  const view = new ViewState();
  const drawer = new FlightDrawer({ live, view });
  assert.ok(!drawer.element.hidden);
  for (let second = 1; second <= 6; second += 1) {
    live.changed.emit({ isSnapshot: false, parts: new Set(), flights: { has: (leg) => leg === LEG } });
    await clock.tick(1_000);
  }
  assert.equal(server.to(`legs/${LEG}`).length, 1);
  assert.ok(!server.requests[0].isAborted);
  view.update({ leg: OTHER_LEG });
  assert.ok(server.requests[0].isAborted);
  assert.equal(server.to(`legs/${OTHER_LEG}`).length, 1);
});

const ANSWER = {
  leg: { leg_key: LEG, events: 40, latitude: null, longitude: null, altitude_ft: null, ground_speed_kts: null, heading: null },
  turnaround: null,
};

for (const [kept, found, note] of [
  [40, { bad_heading: 2 }, ""],
  [41, { bad_heading: 2 }, ""],
  [12, { bad_heading: 2 }, "Flags and timeline cover only the 12 of 40 events whose rows are still kept."],
  [0, {}, "Flags and timeline cover only the 0 of 40 events whose rows are still kept."],
]) {
  test(`where ${kept} of 40 events are kept, the flight still has had 40`, (t) => {
    fakeDocument(t);
    const answer = { ...ANSWER, quality_flags: found, total_events: kept };
    assert.match(facts(answer).textContent, /Events40$/);
    const { textContent } = flags(answer);
    assert.equal(textContent.endsWith(note), true, textContent);
    assert.equal(textContent.includes("still kept"), note !== "");
    assert.equal(textContent.includes("none"), false);
  });
}
