/** A card with one view of the data: chart or table, its sample, its CSV file, and its states. */
import { type CsvValue, saveCsv, toCsv } from "./csv";
import { h, replaceChildren, setAttributes, setText, uniqueId } from "./dom";
import { type Column, DataTable } from "./table";

export interface PanelOptions<Row> {
  title: string;
  /** Names the CSV file and the grid area. */
  name: string;
  columns: readonly Column<Row>[];
  /** The graphical view; without one the panel is a table. */
  content?: HTMLElement;
  /** Controls of the panel's own, before "Table" and "CSV". */
  controls?: HTMLElement[];
}

export type PanelState =
  | { kind: "ready" }
  | { kind: "loading" }
  | { kind: "empty"; message: string }
  | { kind: "error"; message: string; retry?: () => void };

export class Panel<Row> {
  readonly element: HTMLElement;
  private readonly note = h("p", { class: "panel-note" });
  private readonly body: HTMLElement;
  private readonly message = h("div", { class: "panel-message" });
  private readonly table: DataTable<Row>;
  private readonly toggle: HTMLButtonElement;
  private readonly save: HTMLButtonElement;
  private rows: readonly Row[] = [];
  private isTable = false;

  constructor(private readonly options: PanelOptions<Row>) {
    const titleId = uniqueId("panel");
    this.table = new DataTable(options.title, options.columns);
    this.isTable = options.content === undefined;
    this.table.element.hidden = !this.isTable;
    this.toggle = h("button", {
      class: "small",
      text: "Table",
      attrs: { type: "button", "aria-pressed": false, "aria-label": `Show as table: ${options.title}` },
      on: { click: () => this.showTable(!this.isTable) },
    });
    this.toggle.hidden = this.isTable;
    this.save = h("button", {
      class: "small",
      text: "CSV",
      attrs: { type: "button", "aria-label": `Save as CSV: ${options.title}` },
      on: { click: () => this.saveCsv() },
    });
    this.message.hidden = true;
    this.body = h("div", { class: "panel-body" }, options.content, this.table.element, this.message);
    this.element = h(
      "section",
      { class: `panel panel-${options.name}`, attrs: { "aria-labelledby": titleId, "data-panel": options.name } },
      h(
        "header",
        { class: "panel-head" },
        h("div", { class: "panel-title" }, h("h2", { text: options.title, attrs: { id: titleId } }), this.note),
        h("div", { class: "panel-tools" }, ...(options.controls ?? []), this.toggle, this.save),
      ),
      this.body,
    );
  }

  /** The rows behind the picture, and their sample: `n = 1,204 flights`. */
  setRows(rows: readonly Row[], note: string): void {
    this.rows = rows;
    setText(this.note, note);
    if (this.isTable) this.table.setRows(rows);
  }

  setState(state: PanelState): void {
    const hasMessage = state.kind === "empty" || state.kind === "error";
    this.message.hidden = !hasMessage;
    this.body.classList.toggle("is-covered", hasMessage);
    setAttributes(this.body, { "aria-busy": state.kind === "loading" });
    this.toggle.disabled = hasMessage;
    this.save.disabled = hasMessage;
    if (!hasMessage) return;
    if (state.kind === "empty") setText(this.note, "");
    const retry = state.kind === "error" ? state.retry : undefined;
    replaceChildren(
      this.message,
      h("p", { text: state.kind === "error" ? `⚠ ${state.message}` : state.message }),
      retry && h("button", { text: "Try again", attrs: { type: "button" }, on: { click: retry } }),
    );
  }

  private showTable(isTable: boolean): void {
    this.isTable = isTable;
    setAttributes(this.toggle, { "aria-pressed": isTable });
    this.table.element.hidden = !isTable;
    if (this.options.content) this.options.content.hidden = isTable;
    if (isTable) this.table.setRows(this.rows);
  }

  private saveCsv(): void {
    const { columns, name } = this.options;
    if (!this.isTable) this.table.setRows(this.rows);
    const lines = this.table.sorted().map((row): CsvValue[] => columns.map(({ value }) => value(row)));
    saveCsv(name, toCsv(columns.map(({ key }) => key), lines));
  }
}
