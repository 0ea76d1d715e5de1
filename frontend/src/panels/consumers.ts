/** How each consumer of the stream keeps up: now in figures, the last minutes as lines. */
import type { Pipeline } from "../api/types";
import { Chart } from "../charts/chart";
import { DASHES, type Palette } from "../charts/palette";
import { categoryAxis, grid, legend, tooltip, valueAxis } from "../charts/parts";
import { rem } from "../ui/dom";
import { clock, count, decimal, duration } from "../ui/format";
import { Panel } from "../ui/panel";

export const CONSUMERS = [
  { key: "bronze", label: "Archive (bronze)" },
  { key: "silver", label: "Transform (silver)" },
] as const;

export interface Sample {
  at: number;
  pipeline: Pipeline;
}

const KEPT_MS = 600_000;

/** What the pipeline said in the last ten minutes, or since the page was opened. */
export class PipelineHistory {
  readonly samples: Sample[] = [];

  add(at: number, pipeline: Pipeline): void {
    this.samples.push({ at, pipeline });
    while ((this.samples[0]?.at ?? at) < at - KEPT_MS) this.samples.shift();
  }
}

interface Measure {
  title: string;
  name: string;
  unit: string;
  value: (pipeline: Pipeline, consumer: "bronze" | "silver") => number;
  note: (pipeline: Pipeline, consumer: "bronze" | "silver") => string;
}

const MEASURES: Measure[] = [
  {
    title: "Throughput per consumer",
    name: "throughput",
    unit: "records/s",
    value: (pipeline, consumer) => pipeline.consumers[consumer].records_per_second,
    note: (pipeline, consumer) => {
      const { records_per_second: speed, total_records: total } = pipeline.consumers[consumer];
      return `${decimal(speed)} records/s (mean of 10 s), ${count(total)} in all`;
    },
  },
  {
    title: "Lag per consumer",
    name: "lag",
    unit: "records",
    value: (pipeline, consumer) => pipeline.consumers[consumer].lag_records,
    note: (pipeline, consumer) => {
      const { lag_records: lag, iterator_age_seconds: age } = pipeline.consumers[consumer];
      return `${count(lag)} records behind, the oldest waits ${duration(age)}`;
    },
  },
];

export class ConsumerPanel {
  readonly panel: Panel<Sample>;
  private readonly chart = new Chart("chart-consumer");

  constructor(private readonly measure: Measure) {
    this.panel = new Panel({
      title: measure.title,
      name: measure.name,
      columns: [
        { key: "at", label: "When, UTC", value: (row) => new Date(row.at).toISOString(), text: (row) => clock(row.at, { seconds: true }) },
        ...CONSUMERS.map(({ key, label }) => ({
          key,
          label: `${label}, ${measure.unit}`,
          value: (row: Sample) => measure.value(row.pipeline, key),
          text: (row: Sample) => count(measure.value(row.pipeline, key)),
          isNumber: true,
        })),
      ],
      content: this.chart.element,
    });
  }

  update({ samples }: PipelineHistory): void {
    const last = samples.at(-1);
    if (!last) {
      this.panel.setState({ kind: "empty", message: "Nothing known of the consumers yet." });
      return;
    }
    const note = CONSUMERS.map(({ key, label }) => `${label}: ${this.measure.note(last.pipeline, key)}`).join(" · ");
    this.panel.setRows(samples.toReversed(), note);
    this.panel.setState({ kind: "ready" });
    this.chart.show(`${this.measure.title}. ${note}.`, (colors) => option(colors, samples, this.measure));
  }
}

export function consumerPanels(): ConsumerPanel[] {
  return MEASURES.map((measure) => new ConsumerPanel(measure));
}

function option(colors: Palette, samples: readonly Sample[], measure: Measure): object {
  return {
    grid: grid({ left: rem() * 3.6 }),
    legend: legend(colors),
    tooltip: tooltip(colors, "axis", (parameters: { axisValueLabel: string; seriesName: string; value: number }[]) => [
      `${parameters[0]?.axisValueLabel ?? ""} UTC`,
      ...parameters.map((one) => `${one.seriesName}: ${count(one.value)} ${measure.unit}`),
    ]),
    xAxis: categoryAxis(colors, samples.map(({ at }) => clock(at, { seconds: true })), { boundaryGap: false }),
    yAxis: valueAxis(colors, measure.unit, { min: 0, minInterval: 1 }),
    series: CONSUMERS.map(({ key, label }, index) => ({
      name: label,
      type: "line",
      symbol: "none",
      data: samples.map(({ pipeline }) => measure.value(pipeline, key)),
      lineStyle: { color: colors.series[index], width: 2, type: DASHES[index] },
      itemStyle: { color: colors.series[index] },
    })),
  };
}
