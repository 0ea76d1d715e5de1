import assert from "node:assert/strict";
import test from "node:test";
import { filterBar } from "../src/shell/filters";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument } from "./harness.mjs";

function shownBar(t, search) {
  fakeDocument(t, search);
  fakeClock(t);
  const bar = filterBar({ live: new LiveData(), view: new ViewState() });
  return { chips: byClass(bar, "chips")[0], buttons: ["chip", "clear"].flatMap((name) => byClass(bar, name)).length };
}

test("a desk's chips can be removed, one by one or all", (t) => {
  assert.equal(shownBar(t, "?airline=6E&direction=departure").buttons, 3);
});

test("a wall screen says by what it is filtered, with nothing to press", (t) => {
  const { chips, buttons } = shownBar(t, "?kiosk&airline=6E&direction=departure");
  assert.equal(buttons, 0);
  assert.ok(!chips.hidden);
  assert.deepEqual(chips.children.map(({ textContent }) => textContent), ["Airline 6E", "Direction departures"]);
});

test("a wall screen that is not filtered has no line for it", (t) => {
  assert.ok(shownBar(t, "?kiosk").chips.hidden);
});
