/** Arrivals and departures by airport. */
import type { AirportMovements } from "../api/types";
import { Chart } from "../charts/chart";
import type { Palette } from "../charts/palette";
import { categoryAxis, grid, legend, tooltip, valueAxis } from "../charts/parts";
import type { Context } from "../state/context";
import { count, decimal } from "../ui/format";
import { Panel } from "../ui/panel";
import type { Column } from "../ui/table";

/** As many as stay readable; the table has all. */
const DRAWN = 16;

export class MovementsPanel {
  readonly panel: Panel<AirportMovements>;
  private readonly chart: Chart;

  constructor(context: Context) {
    const number = (key: keyof AirportMovements, label: string, text = count): Column<AirportMovements> => ({
      key,
      label,
      value: (row) => row[key],
      text: (row) => text(row[key] as number | null),
      isNumber: true,
    });
    this.chart = new Chart("chart-movements", ({ name }) => context.view.add("airport", name));
    this.panel = new Panel({
      title: "Arrivals and departures by airport",
      name: "movements",
      columns: [
        {
          key: "airport_iata",
          label: "Airport",
          value: (row) => row.airport_iata,
          choose:
            ({ airport_iata }) =>
            () =>
              context.view.add("airport", airport_iata),
          chooseLabel: "Filter by this airport",
        },
        { key: "airport_name", label: "Name", value: (row) => row.airport_name },
        { key: "country", label: "Country", value: (row) => row.country },
        number("movements", "Movements"),
        number("departures", "Departures"),
        number("arrivals", "Arrivals"),
        number("mean_departure_delay_minutes", "Mean dep. delay, min", decimal),
        number("mean_arrival_delay_minutes", "Mean arr. delay, min", decimal),
        number("departed_passengers", "Pax out"),
        number("arrived_passengers", "Pax in"),
        number("cancelled_departures", "Cancelled out"),
        number("cancelled_arrivals", "Cancelled in"),
        number("diverted_arrivals", "Diverted in"),
      ],
      content: this.chart.element,
    });
  }

  update(rows: AirportMovements[]): void {
    const moved = rows.filter((row) => row.movements > 0);
    const total = moved.reduce((sum, row) => sum + row.movements, 0);
    const drawn = moved.slice(0, DRAWN);
    const part = moved.length > DRAWN ? ` · the ${DRAWN} busiest of ${moved.length} airports` : "";
    this.panel.setRows(rows, `Movements so far · n = ${count(total)}${part}`);
    if (total === 0) {
      this.panel.setState({ kind: "empty", message: "No arrival or departure has happened here yet." });
      return;
    }
    this.panel.setState({ kind: "ready" });
    const busiest = drawn
      .slice(0, 3)
      .map((row) => `${row.airport_iata} ${row.departures} departures and ${row.arrivals} arrivals`);
    const summary = `Movements by airport; the busiest: ${busiest.join(", ")}.`;
    this.chart.show(summary, (colors) => option(colors, drawn));
  }
}

function option(colors: Palette, rows: AirportMovements[]): object {
  const bar = (name: string, key: "departures" | "arrivals", color: string | undefined, extra: object): object => ({
    name,
    type: "bar",
    barGap: "10%",
    barCategoryGap: "35%",
    cursor: "pointer",
    // nothing is drawn for none, not the border of nothing either
    data: rows.map((row) => ({ value: row[key], ...(row[key] === 0 && { itemStyle: { borderWidth: 0 } }) })),
    itemStyle: { color, ...extra },
  });
  const names = new Map(rows.map((row) => [row.airport_iata, row.airport_name]));
  return {
    grid: grid(),
    legend: legend(colors),
    tooltip: tooltip(colors, "axis", (parameters: { name: string; seriesName: string; value: number }[]) => {
      const code = parameters[0]?.name ?? "";
      return [`${code} ${names.get(code) ?? ""}`, ...parameters.map((one) => `${one.seriesName}: ${count(one.value)}`)];
    }),
    xAxis: categoryAxis(colors, rows.map((row) => row.airport_iata)),
    yAxis: valueAxis(colors, "movements", { minInterval: 1 }),
    series: [
      bar("Departures", "departures", colors.series[0], {}),
      // hollow, so that the two are told apart without colour
      bar("Arrivals", "arrivals", colors.surface, { borderColor: colors.series[1], borderWidth: 2 }),
    ],
  };
}
