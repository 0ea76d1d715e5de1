import assert from "node:assert/strict";
import test from "node:test";
import { filterQuery, flightFilter, parseView, viewQuery } from "../src/state/view";
import { fakeDocument } from "./harness.mjs";

/** What the server is asked for by an address, read where clocks are five and a half hours ahead. */
function fromOf(t, text) {
  const zone = process.env.TZ;
  process.env.TZ = "Asia/Kolkata";
  t.after(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  return filterQuery(parseView(`?from=${encodeURIComponent(text)}`), null)?.from ?? null;
}

for (const [text, expected] of [
  ["2026-03-01T10:00", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01 10:00:30.5", "2026-03-01T10:00:30.500Z"],
  ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01T10:00+05:30", "2026-03-01T04:30:00.000Z"],
  ["2026-03-01", "2026-03-01T00:00:00.000Z"],
  ["1 March 2026", null],
  ["2026-13-01T10:00", null],
]) {
  test(`"${text}" of an address is ${expected ?? "no instant"} everywhere`, (t) => {
    assert.equal(fromOf(t, text), expected);
  });
}

test("an address that is sent on says which offset is meant", (t) => {
  fakeDocument(t);
  const query = new URLSearchParams(viewQuery(parseView("?from=2026-03-01T10:00&to=2026-03-02")));
  assert.equal(query.get("from"), "2026-03-01T10:00Z");
  assert.equal(query.get("to"), "2026-03-02");
});

test("an airline that is called NONE is not no airline", (t) => {
  fakeDocument(t);
  for (const [text, code] of [
    ["none", null],
    ["None", "NONE"],
    ["NONE", "NONE"],
  ]) {
    const view = parseView(`?airline=${text}`);
    const isMeant = flightFilter(view, null, null);
    const meant = [null, "NONE", "6E"].filter((airline_iata) => isMeant({ airline_iata }));
    assert.deepEqual(meant, [code]);
    assert.equal(new URLSearchParams(viewQuery(view)).get("airline"), code ?? "none");
  }
});

for (const [search, hours] of [
  ["?hours=1.5", 1.5],
  ["?hours=1000000", 1_000_000],
  ["?hours=1e300", null],
  ["?hours=Infinity", null],
  ["?hours=-1", null],
]) {
  test(`of ${search} the window is ${hours ?? "none"}`, () => {
    const view = parseView(search);
    assert.equal(view.hours, hours);
    assert.equal(filterQuery(view, Date.parse("2026-01-01T00:00Z")) === null, hours === null);
  });
}

for (const [search, seconds] of [
  ["?kiosk=45", 45],
  ["?kiosk", 20],
  ["?kiosk=soon", 20],
  ["?kiosk=-1", 20],
  ["?kiosk=0.001", 20],
  ["?kiosk=1e9", 20],
]) {
  test(`a wall screen of ${search} shows a page for ${seconds} seconds`, () => {
    assert.equal(parseView(search).kiosk, seconds);
  });
}
