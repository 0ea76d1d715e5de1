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
/** With more of them in sight, planes would lie over one another: each is a dot then. */
const MOST_PLANES = 4_000;
const DOT_REM = 0.16;

export class MarkLayer {
  readonly canvas = h("canvas", { class: "map-marks", attrs: { "aria-hidden": "true" } });
  private marks: readonly Mark[] = [];
  /** Of the marks in sight: which, and where. */
  private inSight = 0;
  private places = new Uint32Array(0);
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
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
    const stampPixels = Math.ceil(rem() * PLANE_REM * ratio);
    const size = stampPixels / ratio;
    const whole = (place: number): number => Math.round(place * ratio) / ratio; // else it is blurred
    const square = rem() * SQUARE_REM;
    const fills = new Map(STATUSES.map((status) => [status, colors.status(status)]));
    this.place(project, width, height, size);
    const dot = this.inSight > MOST_PLANES ? Math.max(1 / ratio, whole(rem() * DOT_REM)) : 0;
    let filling: FlightStatus | null = null;
    for (let at = 0; at < this.inSight; at += 1) {
      const mark = this.marks[this.places[at] ?? 0] as Mark;
      const [x, y] = [this.xs[at] ?? 0, this.ys[at] ?? 0];
      if (mark.heading !== null && dot === 0) {
        pen.drawImage(this.stamp(mark.heading, colors, stampPixels), whole(x - size / 2), whole(y - size / 2), size, size);
        continue;
      }
      if (mark.status !== filling) {
        filling = mark.status;
        pen.fillStyle = fills.get(filling) ?? colors.text;
      }
      const side = dot || square;
      pen.fillRect(dot ? whole(x - side / 2) : x - side / 2, dot ? whole(y - side / 2) : y - side / 2, side, side);
    }
  }

  private place(project: Projection, width: number, height: number, reach: number): void {
    if (this.places.length < this.marks.length) {
      const room = 2 * this.marks.length;
      this.places = new Uint32Array(room);
      this.xs = new Float32Array(room);
      this.ys = new Float32Array(room);
    }
    let number = 0;
    this.marks.forEach(({ longitude, latitude }, index) => {
      const [x, y] = project(longitude, latitude);
      if (x < -reach || y < -reach || x > width + reach || y > height + reach) return;
      this.places[number] = index;
      this.xs[number] = x;
      this.ys[number] = y;
      number += 1;
    });
    this.inSight = number;
  }

  /** The uppermost mark at a place, in CSS pixels. */
  at(x: number, y: number): Mark | null {
    const reach = (rem() * PLANE_REM) / 2;
    for (let at = this.inSight - 1; at >= 0; at -= 1) {
      const isNear = Math.abs((this.xs[at] ?? 0) - x) <= reach && Math.abs((this.ys[at] ?? 0) - y) <= reach;
      if (isNear) return this.marks[this.places[at] ?? 0] ?? null;
    }
    return null;
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
