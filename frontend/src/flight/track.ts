/** Altitude and speed along the flight. */
import type { LegEvent } from "../api/types";
import { Chart } from "../charts/chart";
import type { Palette } from "../charts/palette";
import { grid, legend, tooltip, valueAxis } from "../charts/parts";
import { h, rem } from "../ui/dom";
import { clock, count, dateTime } from "../ui/format";
import { Panel } from "../ui/panel";

export class Track {
  private readonly chart = new Chart("chart-track");
  private readonly panel = new Panel<LegEvent>({
    title: "Altitude and speed",
    name: "track",
    columns: [
      { key: "event_at", label: "When, UTC", value: (row) => row.event_at, text: (row) => dateTime(row.event_at) },
      { key: "altitude_ft", label: "Altitude, ft", value: (row) => row.altitude_ft, text: (row) => count(row.altitude_ft), isNumber: true },
      { key: "ground_speed_kts", label: "Speed, kts", value: (row) => row.ground_speed_kts, isNumber: true },
      { key: "heading", label: "Heading, °", value: (row) => row.heading, isNumber: true },
      { key: "latitude", label: "Latitude", value: (row) => row.latitude, isNumber: true },
      { key: "longitude", label: "Longitude", value: (row) => row.longitude, isNumber: true },
    ],
    content: this.chart.element,
  });
  readonly element = h("div", { class: "drawer-section" }, this.panel.element);

  update(events: LegEvent[]): void {
    const placed = events.filter((event) => event.altitude_ft !== null || event.ground_speed_kts !== null);
    this.element.hidden = placed.length < 2;
    if (placed.length < 2) return;
    this.panel.setRows(placed, `n = ${count(placed.length)} reports`);
    this.panel.setState({ kind: "ready" });
    this.chart.show(`Altitude and ground speed over ${placed.length} reports.`, (colors) => option(colors, placed));
  }
}

function option(colors: Palette, events: LegEvent[]): object {
  const line = (name: string, key: "altitude_ft" | "ground_speed_kts", index: number): object => ({
    name,
    type: "line",
    yAxisIndex: index,
    symbol: "none",
    data: events.map((event) => [Date.parse(event.event_at), event[key]]),
    lineStyle: { color: colors.series[index], width: 2, type: index === 0 ? "solid" : "dashed" },
    itemStyle: { color: colors.series[index] },
  });
  return {
    grid: grid({ left: rem() * 3.4, right: rem() * 2.6 }),
    legend: legend(colors, { left: "center", right: "auto" }),
    tooltip: tooltip(colors, "axis", (parameters: { seriesName: string; value: [number, number | null] }[]) => [
      `${clock(parameters[0]?.value[0] ?? 0, { seconds: true })} UTC`,
      ...parameters.map(({ seriesName, value }) => `${seriesName}: ${count(value[1])}`),
    ]),
    xAxis: {
      type: "time",
      axisLabel: { color: colors.muted, fontSize: colors.size, hideOverlap: true, formatter: (ms: number) => clock(ms) },
      axisLine: { lineStyle: { color: colors.line } },
      axisTick: { show: false },
    },
    yAxis: [
      valueAxis(colors, "ft"),
      valueAxis(colors, "kts", { splitLine: { show: false }, nameTextStyle: { color: colors.muted, align: "right" } }),
    ],
    series: [line("Altitude, ft", "altitude_ft", 0), line("Speed, kts", "ground_speed_kts", 1)],
  };
}
