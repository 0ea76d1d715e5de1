import assert from "node:assert/strict";
import test from "node:test";
import { BoardGrid } from "../src/board/grid";
import { byClass, fakeDocument } from "./harness.mjs";

const ROW = 30;

/** A hundred flights, of which the first twelve are drawn. */
function shownGrid(t) {
  const { document } = fakeDocument(t);
  const opened = [];
  const grid = new BoardGrid({ open: (flight) => opened.push(flight.leg_key), sortBy() {}, changeClass: () => "" });
  const flights = Array.from({ length: 100 }, (_, number) => ({ number, leg_key: `flight ${number}` }));
  const show = (rows) => grid.setRows(rows, null);
  show(flights);
  const [viewport] = byClass(grid.element, "board-viewport");
  const lines = () => byClass(grid.element, "board-row");
  return {
    flights,
    show,
    opened,
    focused: () => document.activeElement.dataset.leg,
    reached: () => lines().filter((line) => line.getAttribute("tabindex") === "0").map(({ dataset }) => dataset.leg),
    focus: (leg) => lines().find(({ dataset }) => dataset.leg === leg).focus(),
    press: (key) => document.activeElement.bubble(Object.assign(new Event("keydown"), { key })),
    scroll(row) {
      viewport.scrollTop = row * ROW;
      viewport.dispatchEvent(new Event("scroll"));
    },
  };
}

test("Tab reaches one row, wherever the board is scrolled", (t) => {
  const { scroll, reached } = shownGrid(t);
  assert.deepEqual(reached(), ["flight 0"]);
  scroll(49.5);
  assert.deepEqual(reached(), ["flight 50"]);
  scroll(0);
  assert.deepEqual(reached(), ["flight 0"]);
});

test("Tab reaches a row after the order has put the one it reached out of sight", (t) => {
  const { flights, show, focus, reached } = shownGrid(t);
  focus("flight 3");
  assert.deepEqual(reached(), ["flight 3"]);
  document.activeElement = null;
  show(flights.toReversed());
  assert.deepEqual(reached(), ["flight 99"]);
});

test("the keyboard stays with its flight as long as that is drawn", (t) => {
  const { flights, show, focus, focused, reached } = shownGrid(t);
  focus("flight 3");
  show(flights.slice(2));
  assert.equal(focused(), "flight 3");
  assert.deepEqual(reached(), ["flight 3"]);
});

test("Enter opens the flight that has the focus", (t) => {
  const { focus, press, opened } = shownGrid(t);
  focus("flight 3");
  press("Enter");
  assert.deepEqual(opened, ["flight 3"]);
});

test("Enter opens the flight that has come to the focused line", (t) => {
  const { scroll, focus, focused, press, opened, reached } = shownGrid(t);
  focus("flight 3");
  scroll(50);
  assert.notEqual(focused(), "flight 3");
  press("Enter");
  assert.deepEqual(opened, [focused()]);
  assert.deepEqual(reached(), [focused()]);
});

test("where the focused flight is gone, the one in its place has the focus", (t) => {
  const { flights, show, focus, focused, press } = shownGrid(t);
  focus("flight 3");
  show(flights.filter(({ number }) => number !== 3));
  assert.equal(focused(), "flight 4");
  press("ArrowDown");
  assert.equal(focused(), "flight 5");
});
