import assert from "node:assert/strict";
import test from "node:test";
import { LiveData } from "../src/state/live";
import { fakeClock, fakeServer } from "./harness.mjs";

function stamp(seq, epoch = "first") {
  return { seq, epoch, at: "2026-01-01T12:00:00Z", watermark: "2026-01-01T12:00:00Z", newest_arrived_at: null, committed_at: null };
}

function snapshot(seq, epoch) {
  return { ...stamp(seq, epoch), version: "1", live: { active: 0, by_status: {}, flights: [] }, notices: [`as of ${seq}`] };
}

function delta(seq, epoch) {
  return { ...stamp(seq, epoch), removes: [], inserts: [], changes: [], notices: [`as of ${seq}`] };
}

/** A page that has got as far as `seq` 5. */
async function loadedPage(t) {
  const page = newPage(t);
  page.send("hello", stamp(5));
  await page.snapshots[0].answer(snapshot(5));
  return page;
}

function newPage(t) {
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const live = new LiveData();
  return {
    clock,
    live,
    snapshots: server.requests,
    send: (name, message) => live.receive({ type: "message", name, data: JSON.stringify(message) }),
  };
}

test("deltas are applied in turn, and what was applied is not applied again", async (t) => {
  const { live, send, snapshots } = await loadedPage(t);
  const shown = [];
  live.changed.on(() => shown.push(live.parts.notices[0]));
  for (const seq of [6, 6, 5, 7]) send("delta", delta(seq));
  assert.deepEqual(shown, ["as of 6", "as of 7"]);
  assert.equal(snapshots.length, 1);
});

test("a heartbeat at the page's own seq asks for nothing", async (t) => {
  const { live, send, snapshots } = await loadedPage(t);
  send("heartbeat", stamp(5));
  send("heartbeat", { ...stamp(4), watermark: "2026-01-01T12:00:09Z" });
  assert.equal(snapshots.length, 1);
  assert.equal(live.stamp.watermark, "2026-01-01T12:00:09Z");
  send("delta", delta(6));
  assert.deepEqual(live.parts.notices, ["as of 6"]);
});

test("a heartbeat that tells of a delta that has not come leads to a snapshot, once", async (t) => {
  const page = await loadedPage(t);
  page.send("heartbeat", stamp(6));
  page.send("heartbeat", stamp(6));
  assert.equal(page.live.stamp.seq, 5);
  assert.equal(page.snapshots.length, 2);
  await page.snapshots[1].answer(snapshot(6));
  page.send("heartbeat", stamp(6));
  assert.deepEqual(page.live.parts.notices, ["as of 6"]);
  assert.equal(page.snapshots.length, 2);
});

test("deltas that come while a snapshot is awaited are applied to it", async (t) => {
  const page = newPage(t);
  page.send("hello", stamp(5));
  for (const seq of [6, 7]) page.send("delta", delta(seq));
  page.send("heartbeat", stamp(7));
  await page.snapshots[0].answer(snapshot(6));
  assert.deepEqual(page.live.parts.notices, ["as of 7"]);
  assert.equal(page.live.stamp.seq, 7);
  assert.equal(page.snapshots.length, 1);
});

test("what is missing behind an awaited snapshot leads to another", async (t) => {
  const page = newPage(t);
  page.send("hello", stamp(5));
  page.send("resync", stamp(8));
  assert.equal(page.snapshots.length, 1);
  await page.snapshots[0].answer(snapshot(6));
  assert.deepEqual(page.live.parts.notices, ["as of 6"]);
  assert.equal(page.snapshots.length, 2);
  await page.snapshots[1].answer(snapshot(8));
  assert.equal(page.live.stamp.seq, 8);
  assert.equal(page.snapshots.length, 2);
});

test("after a restart one snapshot is awaited, however many messages come before it", async (t) => {
  const page = await loadedPage(t);
  page.send("hello", stamp(1, "second"));
  for (const seq of [2, 3]) {
    page.send("delta", delta(seq, "second"));
    page.send("heartbeat", stamp(seq, "second"));
  }
  assert.equal(page.snapshots.length, 2);
  assert.equal(page.live.stamp.epoch, "first");
  await page.snapshots[1].answer(snapshot(2, "second"));
  assert.deepEqual(page.live.parts.notices, ["as of 3"]);
  assert.equal(page.live.stamp.epoch, "second");
});

test("a second restart gives up the snapshot of the first", async (t) => {
  const page = await loadedPage(t);
  page.send("hello", stamp(1, "second"));
  page.send("hello", stamp(1, "third"));
  assert.equal(page.snapshots.length, 3);
  assert.ok(page.snapshots[1].isAborted);
  await page.snapshots[2].answer(snapshot(1, "third"));
  await page.clock.tick(60_000);
  assert.equal(page.live.stamp.epoch, "third");
  assert.equal(page.live.connection.problem, null);
  assert.equal(page.snapshots.length, 3);
});

test("a snapshot that fails is asked for again, with the reason shown meanwhile", async (t) => {
  const page = newPage(t);
  page.send("hello", stamp(5));
  await page.snapshots[0].answer({ detail: "the data has not been read yet" }, 503);
  assert.equal(page.live.connection.problem, "the data has not been read yet");
  page.send("heartbeat", stamp(5));
  assert.equal(page.snapshots.length, 1);
  await page.clock.tick(1_500);
  await page.snapshots[1].answer(snapshot(5));
  assert.equal(page.live.connection.problem, null);
});

test("a hello that the worker has kept for a page that comes back moves nothing", async (t) => {
  const page = await loadedPage(t);
  page.send("delta", delta(6));
  page.send("hello", { ...stamp(5), watermark: "2026-01-01T08:00:00Z" });
  assert.equal(page.live.stamp.seq, 6);
  assert.equal(page.live.stamp.watermark, "2026-01-01T12:00:00Z");
  assert.equal(page.snapshots.length, 1);
});

test("a connection that comes back asks for a snapshot of its own, not for the one that hangs", async (t) => {
  const page = newPage(t);
  page.send("hello", stamp(5));
  page.send("hello", stamp(7));
  assert.equal(page.snapshots.length, 2);
  assert.ok(page.snapshots[0].isAborted);
  await page.snapshots[1].answer(snapshot(7));
  assert.equal(page.live.stamp.seq, 7);
  assert.equal(page.live.connection.problem, null);
});

test("a snapshot that never comes is given up, said, and asked for again", async (t) => {
  const page = newPage(t);
  page.send("hello", stamp(5));
  await page.clock.tick(75_000);
  assert.equal(page.live.connection.problem, "The server does not answer.");
  await page.clock.tick(1_500);
  await page.snapshots[1].answer(snapshot(5));
  assert.equal(page.live.connection.problem, null);
});
