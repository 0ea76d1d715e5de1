/** One measure over time: for all flights, or a line for each of the largest groups. */
import type { TrendRow, TrendsAnswer } from "../api/types";
import { Chart } from "../charts/chart";
import { DASHES, type Palette, SYMBOLS } from "../charts/palette";
import { categoryAxis, grid, legend, tooltip, valueAxis } from "../charts/parts";
import type { Context } from "../state/context";
import { rem } from "../ui/dom";
import { count, day, decimal, parseInstant, percentValue, UNKNOWN } from "../ui/format";
import { Panel } from "../ui/panel";
import type { Column } from "../ui/table";

type Key = {
  [K in keyof TrendRow]: TrendRow[K] extends number | null ? K : never;
}[keyof TrendRow];

export interface TrendMeasure {
  title: string;
  name: string;
  unit: string;
  format: "count" | "minutes" | "ratio";
  kind: "line" | "bar";
  /** Drawn over all flights. */
  lines: { key: Key; label: string }[];
  /** Drawn for each group. */
  grouped: { key: Key; label: string };
  /** What the value rests on, and what those are. */
  sample: { keys: Key[]; label: string };
}

export const TREND_MEASURES: TrendMeasure[] = [
  {
    title: "Delay",
    name: "trend-delay",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [
      { key: "mean_departure_delay_minutes", label: "Mean departure delay" },
      { key: "mean_arrival_delay_minutes", label: "Mean arrival delay" },
    ],
    grouped: { key: "mean_departure_delay_minutes", label: "Mean departure delay" },
    sample: { keys: ["departures", "arrivals"], label: "movements" },
  },
  {
    title: "Punctuality",
    name: "trend-punctuality",
    unit: "%",
    format: "ratio",
    kind: "line",
    lines: [
      { key: "d15", label: "D15 departures" },
      { key: "a15", label: "A15 arrivals" },
    ],
    grouped: { key: "d15", label: "D15 departures" },
    sample: { keys: ["flights"], label: "flights" },
  },
  {
    title: "Movements",
    name: "trend-movements",
    unit: "movements",
    format: "count",
    kind: "bar",
    lines: [
      { key: "departures", label: "Departures" },
      { key: "arrivals", label: "Arrivals" },
    ],
    grouped: { key: "movements", label: "Movements" },
    sample: { keys: ["flights"], label: "flights" },
  },
  {
    title: "Passengers",
    name: "trend-passengers",
    unit: "pax",
    format: "count",
    kind: "bar",
    lines: [{ key: "passengers", label: "Passengers" }],
    grouped: { key: "passengers", label: "Passengers" },
    sample: { keys: ["flights"], label: "flights" },
  },
  {
    title: "Security wait",
    name: "trend-security",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [
      { key: "mean_security_wait_minutes", label: "Mean" },
      { key: "longest_security_wait_minutes", label: "Longest" },
    ],
    grouped: { key: "mean_security_wait_minutes", label: "Mean wait" },
    sample: { keys: ["security_n"], label: "flights with a wait" },
  },
  {
    title: "Turnaround",
    name: "trend-turnaround",
    unit: "min",
    format: "minutes",
    kind: "line",
    lines: [{ key: "mean_turnaround_minutes", label: "Mean turnaround" }],
    grouped: { key: "mean_turnaround_minutes", label: "Mean turnaround" },
    sample: { keys: ["turnaround_n"], label: "turnarounds" },
  },
];

/** As many as can be told apart. */
export const GROUPS_DRAWN = 6;
const FORMATS = { count, minutes: decimal, ratio: percentValue };

export class TrendPanel {
  readonly panel: Panel<TrendRow>;
  private readonly chart: Chart;
  private answer: TrendsAnswer | null = null;

  constructor(
    context: Context,
    private readonly measure: TrendMeasure,
  ) {
    this.chart = new Chart("chart-trend", ({ seriesName }) => {
      const by = this.answer?.group_by;
      if (by === "airline" || by === "airport") context.view.add(by, seriesName);
    });
    this.panel = new Panel({
      title: measure.title,
      name: measure.name,
      columns: columnsOf(measure),
      content: this.chart.element,
    });
  }

  update(answer: TrendsAnswer, note: string): void {
    this.answer = answer;
    const { measure } = this;
    const sample = answer.rows.reduce((sum, row) => sum + sampleOf(measure, row), 0);
    const what = answer.group_by === "none" ? measure.lines.map(({ label }) => label).join(", ") : measure.grouped.label;
    const unit = measure.format === "count" ? "" : `, ${measure.unit}`;
    this.panel.setRows(answer.rows, `${what}${unit} · n = ${count(sample)} ${measure.sample.label}${note}`);
    if (sample === 0) {
      this.panel.setState({ kind: "empty", message: `No ${measure.sample.label} in this selection yet.` });
      return;
    }
    this.panel.setState({ kind: "ready" });
    this.chart.show(`${measure.title} over time: ${what} in ${measure.unit}.`, (colors) =>
      option(colors, answer, measure),
    );
  }
}

function sampleOf({ sample }: TrendMeasure, row: TrendRow): number {
  return sample.keys.reduce((sum, key) => sum + (row[key] ?? 0), 0);
}

function columnsOf(measure: TrendMeasure): Column<TrendRow>[] {
  const keys = new Map(measure.lines.map(({ key, label }) => [key, label]));
  keys.set(measure.grouped.key, measure.grouped.label);
  const values = [...keys].map(([key, label]): Column<TrendRow> => ({
    key,
    label: `${label}, ${measure.unit}`,
    value: (row) => row[key],
    text: (row) => FORMATS[measure.format](row[key]),
    isNumber: true,
  }));
  const samples = measure.sample.keys
    .filter((key) => !keys.has(key))
    .map((key): Column<TrendRow> => ({
      key,
      label: `n ${key === "security_n" || key === "turnaround_n" ? "" : key}`.trim(),
      value: (row) => row[key],
      text: (row) => count(row[key]),
      isNumber: true,
    }));
  return [
    { key: "bucket", label: "When", value: (row) => row.at ?? row.hour, text: bucketLabel },
    { key: "group", label: "Group", value: (row) => row.group, text: (row) => row.group ?? UNKNOWN },
    ...values,
    ...samples,
  ];
}

export function bucketLabel(row: TrendRow): string {
  if (row.hour !== null) return `${String(row.hour).padStart(2, "0")}:00`;
  const ms = parseInstant(row.at);
  if (ms === null) return UNKNOWN;
  const time = new Date(ms).toISOString().slice(11, 16);
  return row.at?.endsWith("T00:00:00Z") ? day(ms) : `${day(ms)} ${time}`;
}

function keyOf(row: TrendRow): string {
  return row.at ?? String(row.hour);
}

function option(colors: Palette, answer: TrendsAnswer, measure: TrendMeasure): object {
  // nothing has moved yet in the hours to come: they are no zeros
  const { watermark } = answer;
  const rowsSoFar = answer.rows.filter((row) => row.at === null || watermark === null || row.at <= watermark);
  const buckets = [...new Map(rowsSoFar.map((row) => [keyOf(row), bucketLabel(row)]))];
  const scale = measure.format === "ratio" ? 100 : 1;
  const format = FORMATS[measure.format];
  const valuesOf = (rows: TrendRow[], key: Key): (number | null)[] => {
    const found = new Map(rows.filter(hasBegun).map((row) => [keyOf(row), row[key]]));
    return buckets.map(([bucket]) => {
      const value = found.get(bucket);
      return value === null || value === undefined ? null : value * scale;
    });
  };
  const series =
    answer.group_by === "none"
      ? measure.lines.map(({ key, label }, index) =>
          seriesOf(colors, label, measure.kind, index, valuesOf(rowsSoFar, key), measure.lines.length > 1),
        )
      : largestGroups(rowsSoFar).map((group, index) => {
          const rows = rowsSoFar.filter((row) => row.group === group);
          return seriesOf(colors, group, "line", index, valuesOf(rows, measure.grouped.key), false);
        });
  return {
    grid: grid({ left: rem() * 3.4 }),
    legend: series.length > 1 ? legend(colors) : { show: false },
    tooltip: tooltip(colors, "axis", (parameters: { axisValueLabel: string; seriesName: string; value: number | null }[]) => [
      parameters[0]?.axisValueLabel ?? "",
      ...parameters.map(({ seriesName, value }) => {
        const text = value === null || value === undefined ? UNKNOWN : format(value / scale);
        return `${seriesName}: ${text} ${measure.unit}`;
      }),
    ]),
    xAxis: categoryAxis(colors, buckets.map(([, label]) => label), {
      boundaryGap: measure.kind === "bar",
      axisLabel: { color: colors.muted, fontSize: colors.size, hideOverlap: true, interval: answer.by === "hour_of_day" ? 2 : "auto" },
    }),
    yAxis: valueAxis(colors, measure.unit, scale === 100 ? { min: 0, max: 100, interval: 25 } : {}),
    series,
  };
}

/** Where none of the flights has moved or been cancelled, there is nothing to say yet, not zero. */
function hasBegun(row: TrendRow): boolean {
  return row.movements > 0 || row.cancelled > 0;
}

function largestGroups(rows: TrendRow[]): string[] {
  const flights = new Map<string, number>();
  for (const { group, flights: number } of rows) {
    if (group !== null) flights.set(group, (flights.get(group) ?? 0) + number);
  }
  return [...flights]
    .sort(([, a], [, b]) => b - a)
    .slice(0, GROUPS_DRAWN)
    .map(([group]) => group);
}

function seriesOf(
  colors: Palette,
  name: string,
  kind: "line" | "bar",
  index: number,
  data: (number | null)[],
  isHollow: boolean,
): object {
  const color = colors.series[index % colors.series.length];
  if (kind === "bar") {
    const hollow = { color: colors.surface, borderColor: color, borderWidth: 2 };
    const drawn = data.map((value) => (value === 0 ? { value, itemStyle: { borderWidth: 0 } } : value));
    return { name, type: "bar", data: drawn, barGap: "10%", barCategoryGap: "35%", itemStyle: isHollow && index > 0 ? hollow : { color } };
  }
  return {
    name,
    type: "line",
    data,
    symbol: SYMBOLS[index % SYMBOLS.length],
    symbolSize: 5,
    showSymbol: data.length <= 72,
    lineStyle: { color, width: 2, type: DASHES[index % DASHES.length] },
    itemStyle: { color },
  };
}
