import assert from "node:assert/strict";
import test from "node:test";
import { filterBar } from "../src/shell/filters";
import { LiveData } from "../src/state/live";
import { filterQuery, ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument } from "./harness.mjs";

function shownBar(t, search) {
  fakeDocument(t, search);
  fakeClock(t);
  const bar = filterBar({ live: new LiveData(), view: new ViewState() });
  return { chips: byClass(bar, "chips")[0], buttons: ["chip", "clear"].flatMap((name) => byClass(bar, name)).length };
}

test("a year of six digits, which a browser lets one type, is no begin of a window", (t) => {
  fakeDocument(t, "?from=2026-01-01");
  fakeClock(t);
  const view = new ViewState();
  const [custom] = byClass(filterBar({ live: new LiveData(), view }), "custom-window");
  const inputs = custom.children.filter((child) => child.getAttribute("type") === "datetime-local");
  assert.deepEqual(inputs.map((input) => input.getAttribute("max")), ["9999-12-31T23:59", "9999-12-31T23:59"]);
  const [from] = inputs;
  const type = (text) => {
    from.value = text;
    from.dispatchEvent(new Event("change"));
    return filterQuery(view.current, null)?.from;
  };
  assert.equal(type("2026-01-02T03:04"), "2026-01-02T03:04:00.000Z");
  assert.equal(type("202610-01-02T03:04"), undefined);
});

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
