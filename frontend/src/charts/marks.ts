/**
 * Thousands of aircraft on a canvas of their own, over the map.
 *
 * They move every second and the map below does not: as a series of the chart, each second would
 * cost a quarter of one. Pictures of the plane in every direction are drawn once and stamped.
 */
import type { FlightStatus } from "../api/types";
import { h, rem } from "../ui/dom";
import { STATUSES } from "../ui/status";
import type { Palette } from "./palette";

export interface Mark {
  name: string;
  longitude: number;
  latitude: number;
  status: FlightStatus;
  /** Degrees clockwise from north; null draws a small square. */
  heading: number | null;
}

/** Degrees → CSS pixels of the map. */
export type Projection = (longitude: number, latitude: number) => [number, number];

/** Nose up, in a box of 24 by 24. */
const PLANE = new Path2D(
  "M12 1.5c.9 0 1.5 1.2 1.5 2.6v5.2l8.5 5v2.2l-8.5-2.7v4.9l2.4 1.8v1.7L12 21.1l-3.9 1.1v-1.7l2.4-1.8v-4.9L2 16.5v-2.2l8.5-5V4.1c0-1.4.6-2.6 1.5-2.6z",
);
const BOX = 24;
const PLANE_REM = 0.95;
const SQUARE_REM = 0.35;
const DIRECTIONS = 72;

export class MarkLayer {
  readonly canvas = h("canvas", { class: "map-marks", attrs: { "aria-hidden": "true" } });
  private marks: readonly Mark[] = [];
  private placed: { x: number; y: number; mark: Mark }[] = [];
  private stamps = new Map<number, HTMLCanvasElement>();
  private stampKey = "";

  setMarks(marks: readonly Mark[]): void {
    this.marks = marks;
  }

  draw(project: Projection, colors: Palette): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = devicePixelRatio;
    if (this.canvas.width !== Math.round(width * ratio)) this.canvas.width = Math.round(width * ratio);
    if (this.canvas.height !== Math.round(height * ratio)) this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.renewStamps(colors, ratio);
    this.placed = [];
    const stampPixels = Math.ceil(rem() * PLANE_REM * ratio);
    const size = stampPixels / ratio;
    const whole = (place: number): number => Math.round(place * ratio) / ratio; // else it is blurred
    const square = rem() * SQUARE_REM;
    const fills = new Map(STATUSES.map((status) => [status, colors.status(status)]));
    for (const mark of this.marks) {
      const [x, y] = project(mark.longitude, mark.latitude);
      if (x < -size || y < -size || x > width + size || y > height + size) continue;
      this.placed.push({ x, y, mark });
      if (mark.heading === null) {
        pen.fillStyle = fills.get(mark.status) ?? colors.text;
        pen.fillRect(x - square / 2, y - square / 2, square, square);
      } else {
        pen.drawImage(this.stamp(mark.heading, colors, stampPixels), whole(x - size / 2), whole(y - size / 2), size, size);
      }
    }
  }

  /** The uppermost mark at a place, in CSS pixels. */
  at(x: number, y: number): Mark | null {
    const reach = (rem() * PLANE_REM) / 2;
    const found = this.placed.findLast((one) => Math.abs(one.x - x) <= reach && Math.abs(one.y - y) <= reach);
    return found?.mark ?? null;
  }

  private renewStamps(colors: Palette, ratio: number): void {
    const key = [colors.status("en-route"), colors.sea, rem(), ratio].join(" ");
    if (key === this.stampKey) return;
    this.stampKey = key;
    this.stamps.clear();
  }

  private stamp(heading: number, colors: Palette, pixels: number): HTMLCanvasElement {
    const direction = ((Math.round((heading / 360) * DIRECTIONS) % DIRECTIONS) + DIRECTIONS) % DIRECTIONS;
    let stamp = this.stamps.get(direction);
    if (!stamp) {
      stamp = h("canvas", { attrs: { width: pixels, height: pixels } });
      const pen = stamp.getContext("2d");
      if (pen) {
        pen.scale(pixels / BOX, pixels / BOX);
        pen.translate(BOX / 2, BOX / 2);
        pen.rotate((direction / DIRECTIONS) * 2 * Math.PI);
        pen.translate(-BOX / 2, -BOX / 2);
        // a thin edge, so that planes over one another and over coasts stay apart
        pen.strokeStyle = colors.sea;
        pen.lineWidth = 1.5;
        pen.stroke(PLANE);
        pen.fillStyle = colors.status("en-route");
        // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas is no array
        pen.fill(PLANE);
      }
      this.stamps.set(direction, stamp);
    }
    return stamp;
  }
}
