import assert from "node:assert/strict";
import test from "node:test";
import { getJson, isAbort } from "../src/api/client";
import { fakeClock, fakeServer, settled } from "./harness.mjs";

/** A question whose end, whichever it is, can be looked at. */
function ask(t, signal) {
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const asked = { clock, end: null };
  getJson("status", {}, signal).then(
    (answer) => Object.assign(asked, { end: answer }),
    (error) => Object.assign(asked, { end: error }),
  );
  return Object.assign(asked, { request: server.requests[0] });
}

test("a server that does not answer is not waited for without end", async (t) => {
  const asked = ask(t);
  await asked.clock.tick(74_999);
  assert.equal(asked.end, null);
  await asked.clock.tick(1);
  assert.equal(asked.end?.message, "The server does not answer.");
  assert.ok(asked.request.isAborted);
});

test("nor is one whose answer does not end", async (t) => {
  const asked = ask(t);
  await asked.request.begin();
  await asked.clock.tick(75_000);
  assert.equal(asked.end?.message, "The server does not answer.");
});

test("what was answered in time stays, and is not given up later", async (t) => {
  const asked = ask(t, new AbortController().signal);
  await asked.clock.tick(60_000);
  await asked.request.answer({ ok: true });
  await asked.clock.tick(60_000);
  assert.deepEqual(asked.end, { ok: true });
  assert.ok(!asked.request.isAborted);
});

test("who asked may give up, before the answer or within it", async (t) => {
  for (const isBegun of [false, true]) {
    await t.test(isBegun ? "within" : "before", async (part) => {
      const caller = new AbortController();
      const asked = ask(part, caller.signal);
      if (isBegun) await asked.request.begin();
      caller.abort();
      await settled();
      assert.ok(asked.request.isAborted);
      assert.ok(isAbort(asked.end));
    });
  }
});

test("who has given up already asks for nothing that counts", async (t) => {
  const asked = ask(t, AbortSignal.abort());
  await settled();
  assert.ok(isAbort(asked.end));
});

test("a server out of reach is told from one that does not answer", async (t) => {
  const asked = ask(t);
  await asked.request.fail();
  assert.equal(asked.end.message, "The server cannot be reached.");
});
