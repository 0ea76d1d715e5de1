import assert from "node:assert/strict";
import test from "node:test";
import { Chart } from "../src/charts/chart";
import { once } from "../src/charts/loading";
import { MapChart } from "../src/charts/map";
import { byClass, fakeClock, fakeDocument, fakeServer, settled } from "./harness.mjs";

/** A chart in sight whose engine comes, or does not, when the test says so. */
function seenChart(t) {
  const { document, show } = fakeDocument(t);
  const clock = fakeClock(t);
  const asked = [];
  const options = [];
  class LateChart extends Chart {
    load() {
      return new Promise((resolve, reject) => {
        asked.push({ resolve, reject });
      });
    }
  }
  const chart = new LateChart("chart-late");
  const draw = () => chart.show("Two bars.", () => ({ series: [] }));
  draw();
  show();
  return {
    document,
    clock,
    asked,
    options,
    chart,
    draw,
    message: () => byClass(chart.element, "panel-message")[0],
    press: () => byClass(chart.element, "panel-message")[0].children[1].dispatchEvent(new Event("click")),
    async fail() {
      asked.at(-1).reject(new TypeError("Failed to fetch dynamically imported module"));
      await settled();
    },
    async load() {
      const instance = { on() {}, setOption: (option) => options.push(option) };
      asked.at(-1).resolve({ init: () => instance });
      await settled();
    },
  };
}

test("a chart that could not be loaded says so, and is drawn as soon as it can be", async (t) => {
  const { clock, asked, options, chart, draw, message, fail, load } = seenChart(t);
  assert.equal(chart.element.getAttribute("aria-label"), "Two bars.");
  await fail();
  assert.equal(message().textContent, "⚠ This chart could not be loaded.Try again");
  assert.equal(chart.element.getAttribute("role"), null, "an image would hide what is in it");
  await clock.tick(9_999);
  draw();
  assert.equal(asked.length, 1, "the data of each second does not ask for it each second");
  await clock.tick(1);
  assert.equal(asked.length, 2);
  await load();
  assert.equal(message(), undefined);
  assert.equal(options.length, 1);
  assert.equal(chart.element.getAttribute("aria-label"), "Two bars.");
});

test("a chart that is hidden when its engine has come waits until it is shown", async (t) => {
  const { asked, options, chart, draw, load } = seenChart(t);
  chart.element.clientWidth = 0;
  await load();
  draw();
  assert.equal(options.length, 0);
  assert.equal(asked.length, 1);
  chart.element.clientWidth = 400;
  draw();
  await load();
  assert.equal(options.length, 1);
});

test("who tries again does not wait, and is offered another page where that fails too", async (t) => {
  const { asked, message, press, fail } = seenChart(t);
  const reloads = t.mock.method(location, "reload");
  await fail();
  press();
  assert.equal(asked.length, 2);
  await fail();
  assert.equal(message().textContent, "⚠ This chart could not be loaded.Reload the page");
  assert.equal(reloads.mock.callCount(), 0, "a desk is not reloaded under its reader");
  press();
  assert.equal(reloads.mock.callCount(), 1);
});

test("a wall screen that stays without charts is loaded anew, as soon as the server answers", async (t) => {
  const { document, clock, fail } = seenChart(t);
  const server = fakeServer(t);
  const reloads = t.mock.method(location, "reload");
  document.documentElement.setAttribute("data-kiosk", "");
  await fail();
  await clock.tick(10_000);
  assert.equal(server.requests.length, 0);
  await fail();
  await server.requests[0].answer({}, 503);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    assert.equal(server.requests.length, 1);
    await clock.tick(10_000);
    await fail();
  }
  assert.equal(reloads.mock.callCount(), 0);
  await server.requests[1].answer({});
  assert.equal(reloads.mock.callCount(), 1);
});

test("what could not be loaded is loaded for whoever asks next, and then for all", async () => {
  const answers = [Promise.reject(new Error("no")), Promise.resolve("engine")];
  const load = once(() => answers.shift());
  await Promise.all([assert.rejects(load()), assert.rejects(load())]);
  assert.equal(await load(), "engine");
  assert.equal(await load(), "engine");
});

test("the map asks for its outlines again", async (t) => {
  fakeDocument(t);
  const server = fakeServer(t);
  const map = new MapChart("chart-map", {});
  const first = assert.rejects(map.load(), /outlines of countries are missing/);
  await server.requests[0].answer({}, 503);
  await first;
  const second = map.load();
  await server.requests[1].answer({ type: "Topology", arcs: [], objects: { countries: { type: "GeometryCollection", geometries: [] } } });
  assert.ok((await second).init);
});
