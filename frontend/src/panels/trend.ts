/** One measure over time: for all flights, or a line for each of the largest groups. */
import type { TrendRow, TrendsAnswer } from "../api/types";
import { Chart } from "../charts/chart";
import { DASHES, type Palette, SYMBOLS } from "../charts/palette";
import { categoryAxis, grid, legend, tooltip, valueAxis } from "../charts/parts";
import type { Context } from "../state/context";
import { rem } from "../ui/dom";
import { count, decimal, percentValue, UNKNOWN } from "../ui/format";
import { Panel } from "../ui/panel";
import type { Column } from "../ui/table";
import { bucketLabel, bucketOf, type Drawn, drawn } from "./trendBuckets";
import type { TrendKey, TrendMeasure } from "./trendMeasures";

/** With more of them, symbols would lie over one another. */
const MOST_SYMBOLS = 72;
const FORMATS = { count, minutes: decimal, ratio: percentValue };
/** By airport a flight counts at both its ends. */
const WHOSE = { none: "", airline: ", of these airlines", airport: ", at these airports" };

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
    const shown = drawn(answer);
    const lines = answer.group_by === "none" ? measure.lines : [measure.grouped];
    const what = lines.map(({ label }) => label).join(", ");
    const unit = measure.format === "count" ? "" : `, ${measure.unit}`;
    const samples = [...new Set(lines.map(({ sample }) => sample))].map(({ key, label }) => ({
      n: shown.rows.reduce((sum, row) => sum + (row[key] ?? 0), 0),
      label,
    }));
    const sample = samples.map(({ n, label }) => `${count(n)} ${label}`).join(" and ");
    this.panel.setRows(answer.rows, `${what}${unit} · n = ${sample}${WHOSE[answer.group_by]}${note}`);
    if (samples.every(({ n }) => n === 0)) {
      this.panel.setState({ kind: "empty", message: measure.empty });
      return;
    }
    this.panel.setState({ kind: "ready" });
    this.chart.show(`${measure.title} over time: ${what} in ${measure.unit}.`, (colors) =>
      option(colors, answer, shown, measure),
    );
  }
}

function columnsOf(measure: TrendMeasure): Column<TrendRow>[] {
  const lines = [...measure.lines, measure.grouped];
  const values = new Map(lines.map(({ key, label }) => [key, `${label}, ${measure.unit}`]));
  const samples = new Map(lines.map(({ sample }) => [sample.key, `n ${sample.label}`]));
  const column = (format: (value: number | null) => string) => ([key, label]: [TrendKey, string]): Column<TrendRow> => ({
    key,
    label,
    value: (row) => row[key],
    text: (row) => format(row[key]),
    isNumber: true,
  });
  return [
    {
      key: "bucket",
      label: "When",
      value: (row) => row.at ?? row.hour,
      text: (row) => bucketLabel(bucketOf(row), row.hour !== null),
    },
    { key: "group", label: "Group", value: (row) => row.group, text: (row) => row.group ?? UNKNOWN },
    ...[...values].map(column(FORMATS[measure.format])),
    ...[...samples].filter(([key]) => !values.has(key)).map(column(count)),
  ];
}

function option(colors: Palette, answer: TrendsAnswer, { rows, groups, buckets }: Drawn, measure: TrendMeasure): object {
  const scale = measure.format === "ratio" ? 100 : 1;
  const format = FORMATS[measure.format];
  const valuesOf = (of: TrendRow[], key: TrendKey): (number | null)[] => {
    const found = new Map(of.map((row) => [bucketOf(row), row[key]]));
    return buckets.map((bucket) => {
      const value = found.get(bucket) ?? null;
      return value === null ? null : value * scale;
    });
  };
  const series =
    answer.group_by === "none"
      ? measure.lines.map(({ key, label }, index) =>
          seriesOf(colors, label, measure.kind, index, valuesOf(rows, key), measure.lines.length > 1),
        )
      : groups.map((group, index) => {
          const values = valuesOf(rows.filter((row) => row.group === group), measure.grouped.key);
          return seriesOf(colors, group, "line", index, values, false);
        });
  const isHourOfDay = answer.by === "hour_of_day";
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
    xAxis: categoryAxis(colors, buckets.map((bucket) => bucketLabel(bucket, isHourOfDay)), {
      boundaryGap: measure.kind === "bar",
      axisLabel: { color: colors.muted, fontSize: colors.size, hideOverlap: true, interval: isHourOfDay ? 2 : "auto" },
    }),
    yAxis: valueAxis(colors, measure.unit, scale === 100 ? { min: 0, max: 100, interval: 25 } : {}),
    series,
  };
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
    const bars = data.map((value) => (value === 0 ? { value, itemStyle: { borderWidth: 0 } } : value));
    return { name, type: "bar", data: bars, barGap: "10%", barCategoryGap: "35%", itemStyle: isHollow && index > 0 ? hollow : { color } };
  }
  const hasSymbols = data.length <= MOST_SYMBOLS;
  return {
    name,
    type: "line",
    data: hasSymbols ? data : data.map((value, at) => (isAlone(data, at) ? value : { value, symbol: "none" })),
    symbol: SYMBOLS[index % SYMBOLS.length],
    symbolSize: 5,
    showAllSymbol: !hasSymbols || "auto",
    lineStyle: { color, width: 2, type: DASHES[index % DASHES.length] },
    itemStyle: { color },
  };
}

/** Between two gaps there is no line, only its symbol. */
function isAlone(data: (number | null)[], at: number): boolean {
  return (data[at - 1] ?? null) === null && (data[at + 1] ?? null) === null;
}
