import assert from "node:assert/strict";
import test from "node:test";
import { FlightDrawer } from "../src/flight/drawer";
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
