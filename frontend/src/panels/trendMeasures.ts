/** What the trends show, and what each figure rests on. */
import type { TrendRow } from "../api/types";

export type TrendKey = {
  [K in keyof TrendRow]: TrendRow[K] extends number | null ? K : never;
}[keyof TrendRow];

interface Line {
  key: TrendKey;
  label: string;
  /** What the value rests on, and what those are. */
  sample: { key: TrendKey; label: string };
}

export interface TrendMeasure {
  title: string;
  name: string;
  unit: string;
  format: "count" | "minutes" | "ratio";
  kind: "line" | "bar";
  /** Drawn over all flights. */
  lines: Line[];
  /** Drawn for each group. */
  grouped: Line;
  /** Said where no value rests on anything. */
  empty: string;
}

const DEPARTURES = { key: "departures", label: "departures" } as const;
const ARRIVALS = { key: "arrivals", label: "arrivals" } as const;
const MOVEMENTS = { key: "movements", label: "movements" } as const;
const D15 = { key: "d15_n", label: "flights departed or cancelled" } as const;
const A15 = { key: "a15_n", label: "landed, cancelled or diverted" } as const;
const PASSENGERS = { key: "passengers_n", label: "flights with known passengers" } as const;
const SECURITY = { key: "security_n", label: "flights with a wait" } as const;
const TURNAROUNDS = { key: "turnaround_n", label: "turnarounds" } as const;

const NOTHING_MOVED = "No flight of this selection has departed or landed yet.";

export const TREND_MEASURES: TrendMeasure[] = [
  {
    title: "Delay",
    name: "trend-delay",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [
      { key: "mean_departure_delay_minutes", label: "Mean departure delay", sample: DEPARTURES },
      { key: "mean_arrival_delay_minutes", label: "Mean arrival delay", sample: ARRIVALS },
    ],
    grouped: { key: "mean_departure_delay_minutes", label: "Mean departure delay", sample: DEPARTURES },
    empty: NOTHING_MOVED,
  },
  {
    title: "Punctuality",
    name: "trend-punctuality",
    unit: "%",
    format: "ratio",
    kind: "line",
    lines: [
      { key: "d15", label: "D15 departures", sample: D15 },
      { key: "a15", label: "A15 arrivals", sample: A15 },
    ],
    grouped: { key: "d15", label: "D15 departures", sample: D15 },
    empty: "No flight of this selection has departed, landed or been cancelled yet.",
  },
  {
    title: "Movements",
    name: "trend-movements",
    unit: "movements",
    format: "count",
    kind: "bar",
    lines: [
      { key: "departures", label: "Departures", sample: DEPARTURES },
      { key: "arrivals", label: "Arrivals", sample: ARRIVALS },
    ],
    grouped: { key: "movements", label: "Movements", sample: MOVEMENTS },
    empty: NOTHING_MOVED,
  },
  {
    title: "Passengers",
    name: "trend-passengers",
    unit: "pax",
    format: "count",
    kind: "bar",
    lines: [{ key: "passengers", label: "Passengers", sample: PASSENGERS }],
    grouped: { key: "passengers", label: "Passengers", sample: PASSENGERS },
    empty: "No flight of this selection has moved with its passengers known yet.",
  },
  {
    title: "Security wait",
    name: "trend-security",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [
      { key: "mean_security_wait_minutes", label: "Mean", sample: SECURITY },
      { key: "longest_security_wait_minutes", label: "Longest", sample: SECURITY },
    ],
    grouped: { key: "mean_security_wait_minutes", label: "Mean wait", sample: SECURITY },
    empty: "No wait at security is known of this selection yet.",
  },
  {
    title: "Turnaround",
    name: "trend-turnaround",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [{ key: "mean_turnaround_minutes", label: "Mean turnaround", sample: TURNAROUNDS }],
    grouped: { key: "mean_turnaround_minutes", label: "Mean turnaround", sample: TURNAROUNDS },
    empty: "No turnaround is known of this selection yet.",
  },
];
