import assert from "node:assert/strict";
import test from "node:test";
import { poll } from "../src/state/poll";
import { fakeClock, fakeDocument, settled } from "./harness.mjs";

/** A poll whose answers the test gives. */
function openPoll(t) {
  const { document } = fakeDocument(t);
  const clock = fakeClock(t);
  const asked = [];
  const shown = [];
  const polling = poll({
    everyMs: 30_000,
    ask: (signal) =>
      new Promise((resolve, reject) => {
        asked.push({ signal, resolve, reject });
      }),
    answer: (answer) => shown.push(answer),
    fail: (message) => shown.push(`⚠ ${message}`),
  });
  polling.start();
  return {
    clock,
    polling,
    asked,
    shown,
    become(hidden) {
      document.hidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    async answer(text) {
      asked.at(-1).resolve(text);
      await settled();
    },
  };
}

test("asking again lets the open question be answered, and follows it with one more", async (t) => {
  const { polling, asked, shown, answer, clock } = openPoll(t);
  polling.again();
  await clock.tick(2_000);
  polling.again();
  assert.equal(asked.length, 1);
  assert.ok(!asked[0].signal.aborted);
  await answer("first");
  assert.equal(asked.length, 2);
  await answer("second");
  assert.deepEqual(shown, ["first", "second"]);
  assert.equal(asked.length, 2);
});

test("asking again asks at once where no question is open", async (t) => {
  const { polling, asked, answer, clock } = openPoll(t);
  await answer("first");
  polling.again();
  assert.equal(asked.length, 2);
  await answer("second");
  await clock.tick(29_999);
  assert.equal(asked.length, 2);
  await clock.tick(1);
  assert.equal(asked.length, 3);
});

test("another question gives up the open one, and what was to follow it", async (t) => {
  const { polling, asked, shown, answer } = openPoll(t);
  polling.again();
  polling.now();
  assert.ok(asked[0].signal.aborted);
  await answer("other");
  assert.deepEqual(shown, ["other"]);
  assert.equal(asked.length, 2);
});

test("nothing is asked after the end", async (t) => {
  const { polling, asked, shown, answer, clock } = openPoll(t);
  polling.again();
  polling.stop();
  asked[0].reject(asked[0].signal.reason);
  await clock.tick(60_000);
  assert.equal(asked.length, 1);
  polling.start();
  await answer("first");
  assert.deepEqual(shown, ["first"]);
});

test("who comes back to the tab need not wait", async (t) => {
  const { polling, asked, become, answer, clock } = openPoll(t);
  become(true);
  become(false);
  assert.equal(asked.length, 1);
  await answer("first");
  become(true);
  await clock.tick(300_000);
  assert.equal(asked.length, 1);
  become(false);
  assert.equal(asked.length, 2);
  await answer("second");
  polling.stop();
  become(true);
  become(false);
  assert.equal(asked.length, 2);
});
