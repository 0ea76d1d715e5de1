import assert from "node:assert/strict";
import test from "node:test";
import { banners } from "../src/shell/banners";
import { header } from "../src/shell/header";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument } from "./harness.mjs";

const REFUSAL = "200 viewers are connected, as many as dashboard.max_viewers allows";

function shownPage(t) {
  fakeDocument(t);
  fakeClock(t);
  const live = new LiveData();
  const context = { live, view: new ViewState() };
  return {
    live,
    indicator: byClass(header(context), "connection")[0],
    notices: banners(context),
    become: (state, refusal = null) => live.receive({ type: "state", state, refusal }),
  };
}

test("a refused page shows what the server says, until it is let in", (t) => {
  const { indicator, notices, become } = shownPage(t);
  become("lost");
  assert.match(notices.textContent, /The connection to the server is lost; trying again\./);
  assert.equal(indicator.textContent, "Connection lost");
  become("lost", REFUSAL);
  assert.ok(notices.textContent.endsWith(`No connection to the server; trying again. The server says: ${REFUSAL}`));
  assert.equal(indicator.textContent, "No connection");
  assert.equal(indicator.getAttribute("title"), REFUSAL);
  become("live");
  assert.equal(notices.textContent, "");
  assert.equal(indicator.textContent, "Live");
  assert.equal(indicator.getAttribute("title"), null);
});

test("a retry that changes nothing is not told of", (t) => {
  const { live, become } = shownPage(t);
  let told = 0;
  live.connectionChanged.on(() => (told += 1));
  for (let attempt = 0; attempt < 3; attempt += 1) become("lost");
  assert.equal(told, 1);
});
