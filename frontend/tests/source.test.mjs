import assert from "node:assert/strict";
import test from "node:test";
import { StreamSource } from "../src/stream/source";
import { fakeClock, fakeEventSources, fakeServer } from "./harness.mjs";

const TOO_MANY = { title: "Not available now", detail: "200 viewers are connected, as many as dashboard.max_viewers allows" };

function openSource(t) {
  const clock = fakeClock(t);
  const server = fakeServer(t);
  const sources = fakeEventSources(t);
  const events = [];
  const source = new StreamSource("http://airside.test/api/v1/stream", (event) => events.push(event));
  source.open();
  return {
    clock,
    source,
    events,
    requests: server.requests,
    sources,
    /** The newest attempt fails, as the browser says of any status but 200. */
    fail: () => sources.at(-1).fail(),
    async failAfterWait() {
      const before = sources.length;
      await clock.tick(4_000);
      assert.equal(sources.length, before + 1, "it is tried again");
      sources.at(-1).fail();
    },
    get refusal() {
      return events.findLast(({ type }) => type === "state").refusal;
    },
  };
}

test("after two failures in a row the server is asked why, and the page goes on trying", async (t) => {
  const page = openSource(t);
  page.fail();
  assert.equal(page.requests.length, 0);
  await page.failAfterWait();
  assert.equal(page.requests.length, 1);
  await page.requests[0].answer(TOO_MANY, 503);
  assert.equal(page.refusal, TOO_MANY.detail);
  await page.failAfterWait();
  assert.equal(page.refusal, TOO_MANY.detail, "it stands until the server says something else");
});

test("a viewer who is not signed in is told so", async (t) => {
  const page = openSource(t);
  page.fail();
  await page.failAfterWait();
  await page.requests[0].answer({ title: "Token needed" }, 401);
  assert.match(page.refusal, /^Not signed in/);
});

test("a server that comes back with another token is asked too, however often it was out of reach", async (t) => {
  const page = openSource(t);
  page.fail();
  for (let time = 0; time < 3; time += 1) {
    await page.failAfterWait();
    await page.requests.at(-1).fail();
    assert.equal(page.refusal, null);
  }
  await page.failAfterWait();
  await page.requests.at(-1).answer({ title: "Token needed" }, 401);
  assert.match(page.refusal, /^Not signed in/);
});

test("a connection that stood is lost without a question, and a new one takes the refusal back", async (t) => {
  const page = openSource(t);
  page.sources[0].send("hello", { seq: 1 });
  page.fail();
  await page.failAfterWait();
  assert.equal(page.requests.length, 0);
  await page.failAfterWait();
  await page.requests[0].answer(TOO_MANY, 503);
  await page.clock.tick(4_000);
  page.sources.at(-1).send("hello", { seq: 2 });
  assert.equal(page.source.state, "live");
  assert.equal(page.refusal, null);
});

test("an answer that comes after the connection stands no longer counts", async (t) => {
  const page = openSource(t);
  page.fail();
  await page.failAfterWait();
  await page.clock.tick(4_000);
  page.sources.at(-1).send("hello", { seq: 2 });
  assert.ok(page.requests[0].isAborted);
  assert.equal(page.refusal, null);
  assert.equal(page.source.state, "live");
});

test("a page that joins later is told what the server said", async (t) => {
  const page = openSource(t);
  page.fail();
  await page.failAfterWait();
  await page.requests[0].answer(TOO_MANY, 503);
  const told = [];
  page.source.replay((event) => told.push(event));
  assert.deepEqual(told, [{ type: "state", state: "lost", refusal: TOO_MANY.detail }]);
});

test("silence shows within three seconds, and heartbeats are no silence", async (t) => {
  const page = openSource(t);
  page.sources[0].send("hello", { seq: 1 });
  for (let beat = 0; beat < 5; beat += 1) {
    await page.clock.tick(2_000);
    page.sources[0].send("heartbeat", { seq: 1 });
    assert.equal(page.source.state, "live");
  }
  await page.clock.tick(3_000);
  assert.equal(page.source.state, "lost");
});
