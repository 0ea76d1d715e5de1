/** The style sheet's colours and sizes, for the canvas. */
import type { FlightStatus } from "../api/types";
import { rem } from "../ui/dom";

export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  raised: string;
  land: string;
  sea: string;
  series: string[];
  font: string;
  /** Size of the axes' text, px. */
  size: number;
  status: (status: FlightStatus) => string;
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: color("text"),
    muted: color("muted"),
    line: color("line"),
    surface: color("surface"),
    raised: color("raised"),
    land: color("land"),
    sea: color("sea"),
    series: [1, 2, 3, 4, 5, 6, 7].map((number) => color(`series-${number}`)),
    font: style.fontFamily,
    size: Math.round(rem() * 0.8),
    status: (status) => color(`status-${status}`),
  };
}

/** Told apart without colour too. */
export const SYMBOLS = ["circle", "triangle", "rect", "diamond", "emptyCircle", "emptyTriangle", "emptyRect"];
export const DASHES: ("solid" | "dashed" | "dotted" | number[])[] = [
  "solid",
  "dashed",
  "dotted",
  [8, 3, 2, 3],
  [12, 4],
  [2, 5],
  [6, 2, 2, 2, 2, 2],
];
