/** How passenger volume goes with turnaround time: the points, their line, and each type's line. */
import type { PassengersVsTurnaround, TurnaroundLine, TurnaroundPoint } from "../api/types";
import { Chart } from "../charts/chart";
import type { Palette } from "../charts/palette";
import { SYMBOLS } from "../charts/palette";
import { bottomValueAxis, grid, tooltip, valueAxis } from "../charts/parts";
import type { Context } from "../state/context";
import { h } from "../ui/dom";
import { coefficient, count, decimal } from "../ui/format";
import { Panel } from "../ui/panel";
import { DataTable } from "../ui/table";

type TypeLine = TurnaroundLine & { aircraft_type: string | null };

/** As many types as can be told apart; the rest are drawn together. */
const NAMED_TYPES = 5;
const FEWEST_FOR_A_LINE = 3;
const OTHERS = "others";
/** As the chart's SYMBOLS, in text: the table of types is the chart's legend. */
const SIGNS = ["●", "▲", "■", "◆", "○"];

export class TurnaroundPanel {
  readonly panel: Panel<TurnaroundPoint>;
  private readonly chart: Chart;
  private readonly types: DataTable<TypeLine>;
  private named: string[] = [];

  constructor(context: Context) {
    this.chart = new Chart("chart-turnaround", ({ data }) => {
      const leg = (data as { leg?: string }).leg;
      if (leg) context.view.update({ leg });
    });
    this.types = new DataTable<TypeLine>("Line by aircraft type", [
      {
        key: "aircraft_type",
        label: "Type",
        value: (row) => row.aircraft_type,
        text: (row) => `${SIGNS[this.named.indexOf(row.aircraft_type ?? "")] ?? "△"} ${row.aircraft_type ?? "unknown"}`,
        className: (row) => {
          const place = this.named.indexOf(row.aircraft_type ?? "");
          return place < 0 ? "" : `series-${place + 1}`;
        },
      },
      { key: "n", label: "n", value: (row) => row.n, text: (row) => count(row.n), isNumber: true },
      { key: "r", label: "r", value: (row) => row.r, text: (row) => coefficient(row.r), isNumber: true },
      {
        key: "slope",
        label: "min/pax",
        value: (row) => row.slope,
        text: (row) => coefficient(row.slope, 3),
        isNumber: true,
      },
    ]);
    this.panel = new Panel({
      title: "Passengers against turnaround",
      name: "turnaround",
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
        { key: "aircraft_type", label: "Type", value: (row) => row.aircraft_type },
        { key: "passenger_count", label: "Passengers", value: (row) => row.passenger_count, isNumber: true },
        {
          key: "turnaround_minutes",
          label: "Turnaround, min",
          value: (row) => row.turnaround_minutes,
          text: (row) => decimal(row.turnaround_minutes),
          isNumber: true,
        },
      ],
      content: h("div", { class: "turnaround-view" }, this.chart.element, this.types.element),
    });
  }

  update(line: PassengersVsTurnaround, points: TurnaroundPoint[]): void {
    const sampled = points.length < line.n ? ` (${count(points.length)} drawn)` : "";
    const note =
      line.r === null
        ? `n = ${count(line.n)} turnarounds${sampled} · ${whyNoLine(line)}`
        : `r = ${coefficient(line.r)} · slope ${coefficient(line.slope, 3)} min per passenger · ` +
          `n = ${count(line.n)} turnarounds${sampled}`;
    this.panel.setRows(points, note);
    this.named = namedTypes(line);
    this.types.setRows(line.by_aircraft_type);
    if (points.length === 0) {
      this.panel.setState({ kind: "empty", message: "No aircraft has turned round with its passengers known yet." });
      return;
    }
    this.panel.setState({ kind: "ready" });
    const summary = `Turnaround in minutes against passengers, ${note}.`;
    this.chart.show(summary, (colors) => option(colors, line, points));
  }
}

/** As the server fits one: to three pairs or more, that differ both ways. */
function whyNoLine({ n }: PassengersVsTurnaround): string {
  return n < FEWEST_FOR_A_LINE ? "too few for a line" : "no line: all have the same passengers or the same turnaround";
}

/** Those with the most pairs come first. */
function namedTypes(line: PassengersVsTurnaround): string[] {
  return line.by_aircraft_type
    .map((type) => type.aircraft_type)
    .filter((type) => type !== null)
    .slice(0, NAMED_TYPES);
}

function option(colors: Palette, line: PassengersVsTurnaround, points: TurnaroundPoint[]): object {
  const named = namedTypes(line);
  const groups = [...named, OTHERS].map((name, index) => ({
    name,
    type: "scatter",
    symbol: SYMBOLS[index],
    symbolSize: 5,
    itemStyle: { color: name === OTHERS ? colors.muted : colors.series[index], opacity: 0.6 },
    cursor: "pointer",
    data: points
      .filter(({ aircraft_type: type }) => (type && named.includes(type) ? type : OTHERS) === name)
      .map((point) => ({ value: [point.passenger_count, point.turnaround_minutes], leg: point.leg_key })),
  }));
  return {
    grid: grid({ bottom: "15%" }),
    tooltip: tooltip(colors, "item", (parameters: { seriesName: string; value: [number, number] }) => [
      parameters.seriesName,
      `${parameters.value[0]} passengers`,
      `${decimal(parameters.value[1])} min turnaround`,
    ]),
    xAxis: bottomValueAxis(colors, "passengers", { scale: true }),
    yAxis: valueAxis(colors, "min", { scale: true }),
    series: [...groups, ...fitted(colors, line, points)],
  };
}

function fitted(colors: Palette, { slope, intercept }: PassengersVsTurnaround, points: TurnaroundPoint[]): object[] {
  if (slope === null || intercept === null) return [];
  const passengers = points.map((point) => point.passenger_count);
  const ends = [Math.min(...passengers), Math.max(...passengers)];
  return [
    {
      name: "line",
      type: "line",
      data: ends.map((x) => [x, intercept + slope * x]),
      symbol: "none",
      silent: true,
      lineStyle: { color: colors.text, width: 2 },
      z: 5,
    },
  ];
}
