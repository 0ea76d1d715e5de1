/** Which airlines have the most significant delays: a league with mean, median and P90 as marks. */
import type { AirlineDelay } from "../api/types";
import type { Context } from "../state/context";
import { h, replaceChildren, setText, svg } from "../ui/dom";
import { count, decimal, percentValue, signedMinutes } from "../ui/format";
import { Panel } from "../ui/panel";
import { type Column, compare } from "../ui/table";

type Measure = "mean" | "median" | "p90" | "d15" | "departed" | "cancelled";

const MEASURES: Record<Measure, { label: string; value: (row: AirlineDelay) => number | null }> = {
  mean: { label: "Mean", value: (row) => row.mean_departure_delay_minutes },
  median: { label: "Median", value: (row) => row.median_departure_delay_minutes },
  p90: { label: "P90", value: (row) => row.p90_departure_delay_minutes },
  d15: { label: "D15 %", value: (row) => row.d15 },
  departed: { label: "Dep.", value: (row) => row.departed },
  cancelled: { label: "Canc.", value: (row) => row.cancelled },
};

export function nameOf(row: AirlineDelay): string {
  return row.airline_name ?? row.airline_iata ?? "No airline given";
}

function columns(context: Context): Column<AirlineDelay>[] {
  const number = (key: keyof AirlineDelay, label: string, text: (value: number | null) => string): Column<AirlineDelay> => ({
    key,
    label,
    value: (row) => row[key],
    text: (row) => text(row[key] as number | null),
    isNumber: true,
  });
  return [
    {
      key: "airline_iata",
      label: "Airline",
      value: (row) => row.airline_iata,
      text: (row) => row.airline_iata ?? "–",
      choose: ({ airline_iata }) => (airline_iata ? () => context.view.add("airline", airline_iata) : null),
      chooseLabel: "Filter by this airline",
    },
    { key: "airline_name", label: "Name", value: (row) => row.airline_name },
    number("flights", "Flights", count),
    number("departed", "Departed", count),
    number("mean_departure_delay_minutes", "Mean dep. delay, min", decimal),
    number("median_departure_delay_minutes", "Median, min", decimal),
    number("p90_departure_delay_minutes", "P90, min", decimal),
    number("d15", "D15, %", percentValue),
    number("landed", "Landed", count),
    number("mean_arrival_delay_minutes", "Mean arr. delay, min", decimal),
    number("median_arrival_delay_minutes", "Median arr., min", decimal),
    number("p90_arrival_delay_minutes", "P90 arr., min", decimal),
    number("a15", "A15, %", percentValue),
    number("cancelled", "Cancelled", count),
    number("diverted", "Diverted", count),
  ];
}

export class AirlineDelaysPanel {
  readonly panel: Panel<AirlineDelay>;
  private readonly list = h("tbody");
  private readonly headers = new Map<Measure, HTMLElement>();
  private rows: AirlineDelay[] = [];
  private sort: { measure: Measure; descending: boolean } = { measure: "mean", descending: true };

  constructor(private readonly context: Context) {
    const heads = (Object.keys(MEASURES) as Measure[]).map((measure) => this.header(measure));
    const league = h(
      "div",
      { class: "league-scroll", attrs: { tabindex: 0, role: "region", "aria-label": "Delays by airline, league" } },
      h(
        "table",
        { class: "league" },
        h("caption", { class: "visually-hidden", text: "Departure delay by airline, minutes" }),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { text: "Airline", attrs: { scope: "col" } }),
            h("th", { class: "league-scale", attrs: { scope: "col" } }, h("span", { class: "visually-hidden", text: "Drawn" })),
            ...heads,
          ),
        ),
        this.list,
      ),
    );
    this.panel = new Panel({
      title: "Delays by airline",
      name: "airline-delays",
      columns: columns(context),
      content: h("div", { class: "league-view" }, legendOfMarks(), league),
    });
  }

  update(rows: AirlineDelay[]): void {
    this.rows = rows;
    const departed = rows.reduce((sum, row) => sum + row.departed, 0);
    const cancelled = rows.reduce((sum, row) => sum + row.cancelled, 0);
    this.panel.setRows(
      rows,
      `Departure delay, minutes · n = ${count(departed)} departed, ${count(cancelled)} cancelled`,
    );
    if (departed + cancelled === 0) {
      this.panel.setState({
        kind: "empty",
        message: "No flight has departed or been cancelled yet, so there is no delay to show.",
      });
      return;
    }
    this.panel.setState({ kind: "ready" });
    this.render();
  }

  private header(measure: Measure): HTMLElement {
    const header = h(
      "th",
      { class: classOf(measure), attrs: { scope: "col", "aria-sort": measure === "mean" ? "descending" : "none" } },
      h("button", {
        class: "sort",
        text: MEASURES[measure].label,
        attrs: { type: "button" },
        on: { click: () => this.sortBy(measure) },
      }),
    );
    this.headers.set(measure, header);
    return header;
  }

  private sortBy(measure: Measure): void {
    const isSame = this.sort.measure === measure;
    this.sort = { measure, descending: isSame ? !this.sort.descending : measure !== "d15" };
    for (const [name, header] of this.headers) {
      const order = this.sort.descending ? "descending" : "ascending";
      header.setAttribute("aria-sort", name === measure ? order : "none");
    }
    this.render();
  }

  private render(): void {
    const { value } = MEASURES[this.sort.measure];
    const rows = this.rows
      .filter((row) => row.departed + row.cancelled > 0)
      .sort((a, b) => compare(value(a), value(b), this.sort.descending));
    const scale = scaleOf(rows);
    while (this.list.rows.length > rows.length) this.list.deleteRow(-1);
    rows.forEach((row, index) => this.renderRow(row, index, scale));
  }

  private renderRow(row: AirlineDelay, index: number, scale: Scale): void {
    const line = this.list.rows[index] ?? this.addRow(index);
    const [name, bar, ...figures] = line.cells;
    if (!name || !bar) return;
    const button = name.querySelector("button");
    if (button) {
      button.disabled = row.airline_iata === null;
      button.dataset["airline"] = row.airline_iata ?? "";
      button.title = `${nameOf(row)}: filter by this airline`;
      replaceChildren(
        button,
        h("b", { text: row.airline_iata ?? "–" }),
        h("span", { text: nameOf(row) }),
      );
    }
    replaceChildren(bar, marks(row, scale));
    const texts = [
      signedDecimal(row.mean_departure_delay_minutes),
      signedDecimal(row.median_departure_delay_minutes),
      signedMinutes(row.p90_departure_delay_minutes),
      percentValue(row.d15),
      count(row.departed),
      count(row.cancelled),
    ];
    figures.forEach((cell, position) => setText(cell, texts[position] ?? ""));
  }

  private addRow(index: number): HTMLTableRowElement {
    const line = this.list.insertRow(index);
    const button = h("button", { class: "league-name", attrs: { type: "button" } });
    button.addEventListener("click", () => {
      const airline = button.dataset["airline"];
      if (airline) this.context.view.add("airline", airline);
    });
    line.append(h("th", { attrs: { scope: "row" } }, button));
    line.insertCell().className = "league-scale";
    for (const measure of Object.keys(MEASURES)) line.insertCell().className = classOf(measure);
    return line;
  }
}

/** Counts are narrower than minutes. */
function classOf(measure: string): string {
  return measure === "departed" || measure === "cancelled" ? "number count" : "number";
}

function legendOfMarks(): HTMLElement {
  return h(
    "p",
    { class: "league-key" },
    h("span", { class: "key-mean", text: "mean" }),
    h("span", { class: "key-median", text: "median" }),
    h("span", { class: "key-p90", text: "to the 90th percentile" }),
  );
}

interface Scale {
  low: number;
  high: number;
}

function scaleOf(rows: AirlineDelay[]): Scale {
  const values = rows.flatMap((row) =>
    [MEASURES.mean.value(row), MEASURES.median.value(row), MEASURES.p90.value(row)].filter((value) => value !== null),
  );
  return { low: Math.min(0, ...values), high: Math.max(15, ...values) };
}

/** A bar for the mean, a stroke for the median, a whisker to the 90th percentile. */
function marks(row: AirlineDelay, { low, high }: Scale): SVGElement {
  const x = (minutes: number): number => ((minutes - low) / (high - low)) * 100;
  const mean = MEASURES.mean.value(row);
  const median = MEASURES.median.value(row);
  const p90 = MEASURES.p90.value(row);
  const zero = x(0);
  return svg(
    "svg",
    { class: "marks", "aria-hidden": true, preserveAspectRatio: "none", viewBox: "0 0 100 16" },
    p90 !== null && svg("line", { class: "mark-p90", x1: zero, x2: x(p90), y1: 8, y2: 8 }),
    p90 !== null && svg("line", { class: "mark-p90", x1: x(p90), x2: x(p90), y1: 4, y2: 12 }),
    mean !== null &&
      svg("rect", { class: "mark-mean", x: Math.min(zero, x(mean)), width: Math.abs(x(mean) - zero), y: 4, height: 8 }),
    median !== null && svg("line", { class: "mark-median", x1: x(median), x2: x(median), y1: 2, y2: 14 }),
    svg("line", { class: "mark-zero", x1: zero, x2: zero, y1: 0, y2: 16 }),
  );
}

function signedDecimal(value: number | null): string {
  return value !== null && value > 0 ? `+${decimal(value)}` : decimal(value);
}
