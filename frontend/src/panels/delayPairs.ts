/** Departure against arrival delay: what is lost on the ground, and what is made good in the air. */
import type { DelayPairs, DelayPoint } from "../api/types";
import { Chart } from "../charts/chart";
import type { Palette } from "../charts/palette";
import { bottomValueAxis, grid, legend, tooltip, valueAxis } from "../charts/parts";
import type { Context } from "../state/context";
import { coefficient, count, signedMinutes } from "../ui/format";
import { Panel } from "../ui/panel";

export class DelayPairsPanel {
  readonly panel: Panel<DelayPoint>;
  private readonly chart: Chart;

  constructor(context: Context) {
    this.chart = new Chart("chart-pairs", ({ data }) => {
      const leg = (data as { leg?: string }).leg;
      if (leg) context.view.update({ leg });
    });
    this.panel = new Panel({
      title: "Departure against arrival delay",
      name: "delay-pairs",
      columns: [
        {
          key: "leg_key",
          label: "Flight leg",
          value: (row) => row.leg_key,
          text: (row) => `${row.leg_key.slice(0, 8)}…`,
          choose:
            ({ leg_key }) =>
            () =>
              context.view.update({ leg: leg_key }),
          chooseLabel: "Open this flight",
        },
        { key: "airline_iata", label: "Airline", value: (row) => row.airline_iata },
        {
          key: "departure_delay_minutes",
          label: "Departure delay, min",
          value: (row) => row.departure_delay_minutes,
          text: (row) => signedMinutes(row.departure_delay_minutes),
          isNumber: true,
        },
        {
          key: "arrival_delay_minutes",
          label: "Arrival delay, min",
          value: (row) => row.arrival_delay_minutes,
          text: (row) => signedMinutes(row.arrival_delay_minutes),
          isNumber: true,
        },
      ],
      content: this.chart.element,
    });
  }

  update(pairs: DelayPairs): void {
    const sampled = pairs.points.length < pairs.n ? ` (${count(pairs.points.length)} drawn)` : "";
    const line = pairs.r === null ? "" : `r = ${coefficient(pairs.r)} · slope ${coefficient(pairs.slope)} · `;
    const note = `${line}n = ${count(pairs.n)} landed flights${sampled}`;
    this.panel.setRows(pairs.points, note);
    if (pairs.points.length === 0) {
      this.panel.setState({ kind: "empty", message: "No flight has both departed and landed yet." });
      return;
    }
    this.panel.setState({ kind: "ready" });
    this.chart.show(`Arrival delay against departure delay, minutes. ${note}.`, (colors) => option(colors, pairs));
  }
}

function option(colors: Palette, { points, slope, intercept }: DelayPairs): object {
  const departures = points.map((point) => point.departure_delay_minutes);
  const all = departures.concat(points.map((point) => point.arrival_delay_minutes));
  const ends = [Math.min(...departures), Math.max(...departures)];
  const square = [Math.min(...all), Math.max(...all)];
  const straight = (name: string, data: number[][], color: string, type: "solid" | "dashed"): object => ({
    name,
    type: "line",
    data,
    symbol: "none",
    silent: true,
    lineStyle: { color, width: type === "solid" ? 2 : 1.5, type },
    itemStyle: { color },
    z: 5,
  });
  const lines = [straight("no time won or lost", square.map((x) => [x, x]), colors.muted, "dashed")];
  if (slope !== null && intercept !== null) {
    lines.push(straight("least-squares line", ends.map((x) => [x, intercept + slope * x]), colors.text, "solid"));
  }
  return {
    grid: grid({ bottom: "15%" }),
    legend: legend(colors, { data: lines.map((one) => (one as { name: string }).name) }),
    tooltip: tooltip(colors, "item", (parameters: { value: [number, number]; data: { airline?: string } }) => [
      parameters.data.airline ?? "Flight",
      `departure ${signedMinutes(parameters.value[0])} min`,
      `arrival ${signedMinutes(parameters.value[1])} min`,
    ]),
    xAxis: bottomValueAxis(colors, "departure delay, min", { scale: true }),
    yAxis: valueAxis(colors, "arrival delay, min", { scale: true }),
    series: [
      {
        name: "flights",
        type: "scatter",
        symbolSize: 5,
        cursor: "pointer",
        itemStyle: { color: colors.series[0], opacity: 0.5 },
        data: points.map((point) => ({
          value: [point.departure_delay_minutes, point.arrival_delay_minutes],
          leg: point.leg_key,
          airline: point.airline_iata,
        })),
      },
      ...lines,
    ],
  };
}
