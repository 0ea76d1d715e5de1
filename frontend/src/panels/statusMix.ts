/** Live status by phase: a ring, and its legend as buttons that filter. */
import type { FlightStatus } from "../api/types";
import { Chart } from "../charts/chart";
import type { Palette } from "../charts/palette";
import { tooltip } from "../charts/parts";
import type { Context } from "../state/context";
import { shownFlights } from "../state/context";
import { h, rem, replaceChildren } from "../ui/dom";
import { count, percent } from "../ui/format";
import { Panel } from "../ui/panel";
import { PHASES, STATUSES, statusBadge } from "../ui/status";

interface Slice {
  status: FlightStatus;
  flights: number;
  share: number;
}

export class StatusMixPanel {
  readonly panel: Panel<Slice>;
  private readonly chart: Chart;
  private readonly legend = h("ul", { class: "mix-legend" });
  private shown = "";

  constructor(private readonly context: Context) {
    const choose = (status: FlightStatus) => () => context.view.add("status", status);
    this.chart = new Chart("chart-mix", ({ data }) => {
      const status = (data as { status?: FlightStatus }).status;
      if (status) choose(status)();
    });
    this.panel = new Panel({
      title: "Live status by phase",
      name: "status-mix",
      columns: [
        {
          key: "flight_status",
          label: "Status",
          value: (row) => row.status,
          text: (row) => PHASES[row.status].label,
          choose: (row) => choose(row.status),
          chooseLabel: "Filter by this status",
        },
        { key: "flights", label: "Flights", value: (row) => row.flights, isNumber: true },
        { key: "share", label: "Share, %", value: (row) => row.share, text: (row) => percent(row.share), isNumber: true },
      ],
      content: h("div", { class: "mix-view" }, this.chart.element, this.legend),
    });
  }

  update(): void {
    const flights = shownFlights(this.context);
    const counts = new Map<FlightStatus, number>();
    for (const { flight_status: status } of flights) counts.set(status, (counts.get(status) ?? 0) + 1);
    const slices = STATUSES.map((status) => {
      const number = counts.get(status) ?? 0;
      return { status, flights: number, share: number / Math.max(1, flights.length) };
    }).filter((slice) => slice.flights > 0);
    this.panel.setRows(slices, `n = ${count(flights.length)} active flights`);
    if (flights.length === 0) {
      this.panel.setState({ kind: "empty", message: "No flight is active here just now." });
      this.shown = "";
      return;
    }
    this.panel.setState({ kind: "ready" });
    const summary = slices.map(({ status, flights: n }) => `${PHASES[status].label} ${n}`).join(", ");
    if (summary === this.shown) return;
    this.shown = summary;
    this.chart.show(`Active flights by phase: ${summary}.`, (colors) => option(colors, slices));
    this.renderLegend(slices);
  }

  private renderLegend(slices: Slice[]): void {
    const focused = this.legend.querySelector<HTMLElement>("button:focus")?.dataset["status"];
    replaceChildren(
      this.legend,
      ...slices.map(({ status, flights, share }) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              class: "mix-row",
              attrs: { type: "button", "data-status": status, title: "Filter by this status" },
              on: { click: () => this.context.view.add("status", status) },
            },
            statusBadge(status),
            h("span", { class: "mix-count", text: count(flights) }),
            h("span", { class: "mix-share", text: percent(share) }),
          ),
        ),
      ),
    );
    if (focused) this.legend.querySelector<HTMLElement>(`[data-status="${focused}"]`)?.focus();
  }
}

function option(colors: Palette, slices: Slice[]): object {
  const total = slices.reduce((sum, { flights }) => sum + flights, 0);
  return {
    tooltip: tooltip(colors, "item", (parameters: { name: string; value: number; percent: number }) => [
      parameters.name,
      `${count(parameters.value)} flights, ${parameters.percent.toFixed(1)} %`,
    ]),
    series: [
      {
        type: "pie",
        radius: ["62%", "92%"],
        cursor: "pointer",
        label: {
          show: true,
          position: "center",
          formatter: `{total|${count(total)}}\n{unit|active}`,
          rich: {
            total: { fontSize: rem() * 1.9, fontWeight: 600, color: colors.text, lineHeight: rem() * 2.1 },
            unit: { fontSize: colors.size, color: colors.muted },
          },
        },
        labelLine: { show: false },
        emphasis: { scaleSize: 3, label: { show: true } },
        itemStyle: { borderColor: colors.surface, borderWidth: 2 },
        data: slices.map(({ status, flights }) => ({
          name: PHASES[status].label,
          value: flights,
          status,
          itemStyle: { color: colors.status(status) },
        })),
      },
    ],
  };
}
