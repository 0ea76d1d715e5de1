/** A trend in the width of a word. Gaps stay gaps. */
import type { TrendPoint } from "../api/types";
import { replaceChildren, svg } from "./dom";

const WIDTH = 100;
const HEIGHT = 24;
const MARGIN = 2;

export function sparkline(): { element: SVGElement; update: (points: TrendPoint[]) => void } {
  const element = svg("svg", {
    class: "sparkline",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": true,
  });
  return { element, update: (points) => draw(element, points) };
}

function draw(element: SVGElement, points: TrendPoint[]): void {
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  if (values.length < 2) {
    replaceChildren(element);
    return;
  }
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const x = (index: number): number => (index / (points.length - 1)) * WIDTH;
  const y = (value: number): number => HEIGHT - MARGIN - ((value - low) / range) * (HEIGHT - 2 * MARGIN);
  let path = "";
  let isDrawing = false;
  points.forEach(({ value }, index) => {
    if (value !== null) path += `${isDrawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isDrawing = value !== null;
  });
  const line = { class: "sparkline-line", d: path, "vector-effect": "non-scaling-stroke" };
  replaceChildren(element, svg("path", line));
}
