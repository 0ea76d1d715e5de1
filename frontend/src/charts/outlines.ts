/** The outlines of countries, for a flat map. */
import type { FeatureCollection, Position } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

export async function loadOutlines(): Promise<FeatureCollection> {
  const path = document.documentElement.dataset["outlines"] ?? "";
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`the outlines of countries are missing (${response.status})`);
  const topology = (await response.json()) as Topology<{ countries: GeometryCollection }>;
  const countries = feature(topology, topology.objects.countries);
  for (const { geometry } of countries.features) {
    if (geometry.type === "Polygon") geometry.coordinates = geometry.coordinates.map(unwrap);
    else if (geometry.type === "MultiPolygon") {
      geometry.coordinates = geometry.coordinates.map((rings) => rings.map(unwrap));
    }
  }
  return countries;
}

/**
 * The rings lie on a globe: where one crosses the date line, longitude jumps from 180 to -180, and
 * a flat map would draw a band through the whole world. Unwrapped, it goes on beyond 180.
 */
function unwrap(ring: Position[]): Position[] {
  let turns = 0;
  let last: number | null = null;
  const unwrapped = ring.map(([longitude = 0, latitude = 0]): Position => {
    if (last !== null && Math.abs(longitude - last) > 180) turns += longitude < last ? 1 : -1;
    last = longitude;
    return [longitude + 360 * turns, latitude];
  });
  // a ring round the pole does not close on a flat map; it goes by way of the map's edge
  const [first, end] = [unwrapped[0], unwrapped.at(-1)];
  if (turns !== 0 && first && end) unwrapped.push([end[0] ?? 0, -90], [first[0] ?? 0, -90]);
  return unwrapped;
}
