import assert from "node:assert/strict";
import test from "node:test";
import { MapChart } from "../src/charts/map";
import { palette } from "../src/charts/palette";
import { AircraftMapPanel } from "../src/panels/aircraftMap";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument } from "./harness.mjs";

const DELHI = { airport_iata: "DEL", latitude: 0, longitude: 77 };
const MUMBAI = { airport_iata: "BOM", latitude: 0, longitude: 72 };

/** Four aircraft, so many degrees north of the equator. */
function aircraft(...latitudes) {
  return latitudes.map((latitude, index) => ({
    leg_key: String(index),
    flight_status: "en-route",
    heading: 0,
    latitude,
    longitude: 77,
  }));
}

function openMap(t, latitudes) {
  fakeDocument(t);
  const clock = fakeClock(t);
  const shows = t.mock.method(MapChart.prototype, "show", () => {});
  const homes = t.mock.method(MapChart.prototype, "home");
  t.mock.method(MapChart.prototype, "describe", () => {});
  const live = { parts: { airport: DELHI, movements: [] }, stamp: null, flights: { list: aircraft(...latitudes) } };
  const map = new AircraftMapPanel({ live, view: new ViewState() });
  map.update();
  const [plus, , home] = byClass(map.panel.element, "map-controls")[0].children;
  return {
    live,
    plus: () => plus.dispatchEvent(new Event("click")),
    home: () => home.dispatchEvent(new Event("click")),
    homes: () => homes.mock.callCount(),
    /** Centre and reach of what was drawn last. */
    focus() {
      const { geo } = shows.mock.calls.at(-1).arguments[1](palette());
      const [[west, north], [, south]] = geo.boundingCoords;
      return { longitude: west + (north - south) / 2, reach: Math.round((north - south) / 2) };
    },
    async fly(seconds, ...positions) {
      live.flights = { list: aircraft(...positions) };
      for (let second = 0; second < seconds; second += 1) {
        map.update();
        await clock.tick(1_000);
      }
    },
  };
}

test("the map's reach follows its aircraft, at a modest pace and not for every mile", async (t) => {
  const { focus, fly } = openMap(t, [1, 2, 5, 10]);
  assert.deepEqual(focus(), { longitude: 77, reach: 11 });
  await fly(29, 1, 2, 5, 30);
  assert.equal(focus().reach, 11);
  await fly(3, 1, 2, 5, 30);
  assert.equal(focus().reach, 33);
  await fly(60, 1, 2, 5, 26);
  assert.equal(focus().reach, 33);
  await fly(60, 1, 2, 5, 10);
  assert.equal(focus().reach, 11);
});

test("a map that somebody has zoomed lies still until it is sent home", async (t) => {
  const { plus, home, focus, fly } = openMap(t, [1, 2, 5, 10]);
  plus();
  await fly(90, 1, 2, 5, 30);
  assert.equal(focus().reach, 11);
  home();
  assert.equal(focus().reach, 33);
  await fly(60, 1, 2, 5, 10);
  assert.equal(focus().reach, 11);
});

test("another airport is another centre, also of a map that was zoomed", async (t) => {
  const { live, plus, homes, focus, fly } = openMap(t, [1, 2, 5, 10]);
  plus();
  const before = homes();
  live.parts.airport = MUMBAI;
  await fly(2, 1, 2, 5, 10);
  assert.deepEqual(focus(), { longitude: 72, reach: 11 });
  assert.equal(homes(), before + 1);
});
