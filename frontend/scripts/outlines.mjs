/** Country outlines for the map: Natural Earth 1:50m (public domain) from `world-atlas`, lighter. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { presimplify, quantile, simplify } from "topojson-simplify";

const require = createRequire(import.meta.url);

/** Share of the outline's points that is kept; chosen by eye at the zoom of one region. */
const KEPT = 0.4;
/** Decimal places of a degree: 0.01° is about a kilometre. */
const STEP = 0.01;

/**
 * @returns {object} A TopoJSON topology with one object, `countries`, whose arcs are
 *   delta-encoded on a grid of STEP degrees.
 */
export function countryOutlines() {
  const source = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json"), "utf8"));
  const weighted = presimplify({ ...source, objects: { countries: source.objects.countries } });
  const light = simplify(weighted, quantile(weighted, 1 - KEPT));
  return {
    type: "Topology",
    transform: { scale: [STEP, STEP], translate: [0, 0] },
    objects: { countries: withoutProperties(light.objects.countries) },
    arcs: light.arcs.map(onGrid),
  };
}

function withoutProperties(collection) {
  const geometries = collection.geometries.map(({ type, arcs, properties }) => ({
    type,
    arcs,
    properties: { name: properties.name },
  }));
  return { type: "GeometryCollection", geometries };
}

function onGrid(arc) {
  let [lastX, lastY] = [0, 0];
  const deltas = [];
  for (const [longitude, latitude] of arc) {
    const [x, y] = [Math.round(longitude / STEP), Math.round(latitude / STEP)];
    if (deltas.length > 1 && x === lastX && y === lastY) continue;
    deltas.push([x - lastX, y - lastY]);
    [lastX, lastY] = [x, y];
  }
  return deltas;
}
