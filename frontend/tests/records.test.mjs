import assert from "node:assert/strict";
import test from "node:test";
import { RawRecords } from "../src/flight/records";
import { byClass, fakeDocument, fakeServer } from "./harness.mjs";

const LEG = "a".repeat(32);
const OTHER_LEG = "b".repeat(32);

/** The records of a leg that has so many by now, the newest first; each is named by its number. */
function openRecords(t, total) {
  fakeDocument(t);
  const server = fakeServer(t);
  const records = new RawRecords();
  records.reset(LEG);
  records.update(total);
  const [head, list, older] = records.element.children;
  const [{ children: [, note] }, newer] = head.children;
  const press = (button) => button.dispatchEvent(new Event("click"));
  return {
    server,
    records,
    older,
    newer,
    note,
    pressOlder: () => press(older),
    pressNewer: () => press(newer),
    listed: () => byClass(list, "record-detail").map(({ textContent }) => Number(textContent)),
    /** Answers the newest request as the server does when there are so many. */
    async answer(now) {
      const { url, answer } = server.requests.at(-1);
      const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name)));
      const all = Array.from({ length: now }, (_, index) => now - index);
      const rows = all.slice(offset, offset + limit).map((number) => ({
        shard_id: "0",
        sequence_number: String(number),
        event_id: String(number),
        arrived_at: "2026-01-01T12:00:00Z",
        payload: "{}",
        origin: "stream",
      }));
      await answer({ rows, total: now, limit, offset });
    },
  };
}

/** From one number down to another. */
function down(from, to) {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}

test("records that come while somebody reads are told of, and nothing is twice or missing", async (t) => {
  const { records, older, newer, note, pressOlder, pressNewer, listed, answer } = openRecords(t, 50);
  assert.equal(note.textContent, "50 records, byte for byte as they came");
  assert.ok(newer.hidden);
  pressOlder();
  await answer(52);
  assert.deepEqual(listed(), down(52, 33));
  assert.ok(newer.hidden);

  records.update(55);
  assert.equal(newer.textContent, "Show 3 newer");
  pressOlder();
  await answer(57);
  assert.deepEqual(listed(), down(52, 15), "two more came than was known, so the page begins with two known ones");
  pressOlder();
  await answer(57);
  assert.deepEqual(listed(), down(52, 1));
  assert.ok(older.hidden);
  assert.match(note.textContent, /^52 of 57 records, newest first/);

  assert.equal(newer.textContent, "Show 5 newer");
  pressNewer();
  await answer(58);
  assert.deepEqual(listed(), down(58, 1));
  assert.ok(newer.hidden);
});

test("where more have come than one answer holds, the list begins anew", async (t) => {
  const { records, pressOlder, pressNewer, listed, answer } = openRecords(t, 30);
  pressOlder();
  await answer(30);
  records.update(900);
  pressNewer();
  await answer(900);
  assert.deepEqual(listed(), down(900, 701));
  pressOlder();
  await answer(900);
  assert.deepEqual(listed(), down(900, 681));
});

test("a failure is told of until it is tried again, by the button that failed", async (t) => {
  const { server, records, older, note, pressOlder, listed, answer } = openRecords(t, 50);
  pressOlder();
  await server.requests[0].fail();
  records.update(51);
  assert.equal(note.textContent, "⚠ The server cannot be reached.");
  assert.equal(older.textContent, "Try again");
  pressOlder();
  await answer(51);
  assert.deepEqual(listed(), down(51, 32));
  assert.equal(older.textContent, "Show more");
});

test("another flight's records have nothing to do with what was asked before", async (t) => {
  const { server, records, older, note, pressOlder, listed } = openRecords(t, 50);
  pressOlder();
  assert.ok(older.disabled);
  records.reset(OTHER_LEG);
  records.update(7);
  assert.ok(server.requests[0].isAborted);
  assert.ok(!older.disabled);
  await server.requests[0].fail();
  assert.equal(note.textContent, "7 records, byte for byte as they came");
  assert.equal(older.textContent, "Show raw records");
  assert.deepEqual(listed(), []);
});
