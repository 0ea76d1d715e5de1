import assert from "node:assert/strict";
import test from "node:test";
import { Board } from "../src/board/board";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument, fakeServer, settled } from "./harness.mjs";

const STAMP = { seq: 1, epoch: "first", at: "2026-01-01T12:00:00Z", watermark: "2026-01-01T12:00:00Z", newest_arrived_at: null, committed_at: null };

/** Of airline `6E` the even ones, of `AI` the odd. */
function flightOf(number, hour = 10) {
  return {
    number,
    leg_key: String(number).repeat(32),
    flight_icao: `F${number}`,
    airline_iata: number % 2 === 0 ? "6E" : "AI",
    airline_name: null,
    tail_number: null,
    aircraft_type: null,
    departure_airport_iata: "DEL",
    arrival_airport_iata: "BOM",
    departure_gate: "A1",
    arrival_gate: null,
    flight_status: "scheduled",
    scheduled_departure_at: `2026-01-01T${hour}:0${number}:00Z`,
  };
}

/** A board of flights 0 to 5. */
async function shownBoard(t) {
  const { document } = fakeDocument(t);
  fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  const view = new ViewState();
  const board = new Board({ live, view });
  // as the page does it
  live.changed.on(({ flights, isSnapshot }) => (isSnapshot || flights.size > 0) && board.update());
  view.changed.on(({ view: now, previous }) => now.leg === previous.leg && board.update());
  const send = (name, message) => live.receive({ type: "message", name, data: JSON.stringify(message) });
  send("hello", STAMP);
  const flights = [0, 1, 2, 3, 4, 5].map((number) => flightOf(number));
  await server.requests[0].answer({ ...STAMP, version: "1", live: { active: 6, by_status: {}, flights } });
  let seq = 1;
  const [pause, csv] = byClass(board.element, "small");
  const [search] = byClass(board.element, "search");
  const click = (button) => button.dispatchEvent(new Event("click"));
  const file = async () => {
    let saved;
    t.mock.method(URL, "createObjectURL", (blob) => {
      saved = blob;
      return "blob:board";
    });
    click(csv);
    await settled();
    return (await saved.text()).trim().split("\r\n").map((row) => row.split(","));
  };
  return {
    document,
    view,
    pause: () => click(pause),
    search(text) {
      search.value = text;
      search.dispatchEvent(new Event("input"));
    },
    clear() {
      const [message] = byClass(board.element, "panel-message");
      click(message.children.find(({ textContent }) => textContent.startsWith("Clear")));
    },
    delta(change) {
      seq += 1;
      send("delta", { ...STAMP, seq, removes: [], inserts: [], changes: [], ...change });
    },
    lines: () => byClass(board.element, "board-row"),
    shown: () => byClass(board.element, "board-row").map(({ dataset }) => Number(dataset.leg[0])),
    note: () => byClass(board.element, "panel-note")[0].textContent,
    file,
    async saved() {
      const [head, ...rows] = await file();
      return rows.map((row) => row[head.indexOf("flight_icao")]);
    },
  };
}

test("a held board's note tells of the rows that are shown, after news too", async (t) => {
  const { pause, search, delta, note, shown } = await shownBoard(t);
  pause();
  search("6e");
  assert.deepEqual(shown(), [0, 2, 4]);
  assert.match(note(), /^3 of 6 active flights .* 0 changes held back$/);
  delta({ inserts: [flightOf(6)] });
  assert.deepEqual(shown(), [0, 2, 4]);
  assert.match(note(), /^3 of 6 active flights .* 1 changes held back$/);
});

test("filters apply to the flights that are held, on the board and in its file", async (t) => {
  const { pause, view, delta, shown, saved } = await shownBoard(t);
  pause();
  delta({ inserts: [flightOf(6)], removes: [2], changes: [{ numbers: [4], cells: { airline_iata: ["AI"] } }] });
  view.add("airline", "6E");
  assert.deepEqual(shown(), [0, 2, 4]);
  assert.deepEqual(await saved(), ["F0", "F2", "F4"]);
  view.clear();
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5]);
  pause();
  assert.deepEqual(shown(), [0, 1, 3, 4, 5, 6]);
});

test("the board's file has the rows that the search finds, and all once it is cleared", async (t) => {
  const { search, delta, shown, saved } = await shownBoard(t);
  search("6e");
  assert.deepEqual(shown(), [0, 2, 4]);
  assert.deepEqual(await saved(), ["F0", "F2", "F4"]);
  delta({ inserts: [flightOf(6)], changes: [{ numbers: [2], cells: { airline_iata: ["AI"] } }] });
  assert.deepEqual(await saved(), ["F0", "F4", "F6"]);
  search("");
  assert.deepEqual(await saved(), ["F0", "F1", "F2", "F3", "F4", "F5", "F6"]);
});

test("where the search finds nothing, the board's file has its header alone", async (t) => {
  const { search, file } = await shownBoard(t);
  search("nowhere");
  const [head, ...rows] = await file();
  assert.deepEqual(rows, []);
  assert.ok(head.includes("flight_icao"));
});

test("a window of hours stands still with the board that is held", async (t) => {
  const { pause, view, delta, shown } = await shownBoard(t);
  pause();
  delta({ watermark: "2026-01-01T18:00:00Z" });
  view.update({ hours: 2 });
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5]);
});

test("clearing the filters brings a held board's rows back", async (t) => {
  const { pause, view, shown, clear } = await shownBoard(t);
  view.add("airline", "XX");
  assert.deepEqual(shown(), []);
  pause();
  clear();
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5]);
});

test("a board that goes on is searched as it is then", async (t) => {
  const { pause, search, delta, shown } = await shownBoard(t);
  pause();
  delta({ changes: [{ numbers: [4], cells: { departure_gate: ["Q77"] } }] });
  search("q77");
  assert.deepEqual(shown(), []);
  pause();
  assert.deepEqual(shown(), [4]);
});

test("a flight that was closed gives the keyboard back to its row, where it was opened there", async (t) => {
  const { document, view, lines } = await shownBoard(t);
  const row = lines()[2];
  row.focus();
  row.bubble(new Event("click"));
  assert.equal(view.current.leg, row.dataset.leg);
  document.activeElement = null;
  view.update({ leg: null });
  assert.equal(document.activeElement, row);
});

test("with another flight opened elsewhere meanwhile, the keyboard goes back to the row that came first", async (t) => {
  const { document, view, lines } = await shownBoard(t);
  const [, row, other] = lines();
  row.bubble(new Event("click"));
  view.update({ leg: other.dataset.leg });
  view.update({ leg: null });
  assert.equal(document.activeElement, row);
});

test("a flight that was opened elsewhere leaves the board alone", async (t) => {
  const { document, view, lines } = await shownBoard(t);
  lines()[2].bubble(new Event("click"));
  view.update({ leg: null });
  document.activeElement = null;
  view.update({ leg: lines()[2].dataset.leg });
  view.update({ leg: null });
  assert.equal(document.activeElement, null);
});
