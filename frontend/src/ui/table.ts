/** A table of plain values, sortable, updated in place so that focus and scroll stay. */
import type { CsvValue } from "./csv";
import { h, setAttributes, setText } from "./dom";

export interface Column<Row> {
  /** Name in the CSV file; the API's own name of the field where it has one. */
  key: string;
  label: string;
  value: (row: Row) => CsvValue;
  /** As people read it; the value itself by default. */
  text?: (row: Row) => string;
  isNumber?: boolean;
  /** What choosing the cell does; null where it does nothing. */
  choose?: (row: Row) => (() => void) | null;
  /** What choosing it does, in words: "Filter by this airline". */
  chooseLabel?: string;
  className?: (row: Row) => string;
}

/** More rows than anybody reads; the CSV file has them all. */
const SHOWN_ROWS = 300;
/** Made once: it is asked tens of thousands of times a second. */
const collator = new Intl.Collator("en", { numeric: true });

export class DataTable<Row> {
  readonly element: HTMLElement;
  private readonly body = h("tbody");
  private readonly more = h("p", { class: "table-more" });
  private readonly headers: HTMLTableCellElement[];
  private rows: readonly Row[] = [];
  private shown: Row[] = [];
  private sort: { column: number; descending: boolean } | null = null;

  constructor(
    caption: string,
    readonly columns: readonly Column<Row>[],
  ) {
    this.headers = columns.map((column, index) => this.header(column, index));
    this.more.hidden = true;
    this.element = h(
      "div",
      { class: "table-scroll", attrs: { tabindex: 0, role: "region", "aria-label": `${caption}, table` } },
      h(
        "table",
        { class: "data-table" },
        h("caption", { class: "visually-hidden", text: caption }),
        h("thead", {}, h("tr", {}, ...this.headers)),
        this.body,
      ),
      this.more,
    );
  }

  setRows(rows: readonly Row[]): void {
    this.rows = rows;
    this.render();
  }

  /** All rows in the order shown, for the CSV file. */
  sorted(): readonly Row[] {
    if (!this.sort) return this.rows;
    const { column, descending } = this.sort;
    const value = this.columns[column]?.value;
    if (!value) return this.rows;
    return [...this.rows].sort((a, b) => compare(value(a), value(b), descending));
  }

  private header(column: Column<Row>, index: number): HTMLTableCellElement {
    const button = h("button", {
      class: "sort",
      text: column.label,
      attrs: { type: "button" },
      on: { click: () => this.sortBy(index) },
    });
    const attrs = { scope: "col", "aria-sort": "none" };
    return h("th", { class: column.isNumber ? "number" : "", attrs }, button);
  }

  private sortBy(column: number): void {
    const isSame = this.sort?.column === column;
    const firstDescending = this.columns[column]?.isNumber ?? false;
    this.sort = { column, descending: isSame ? !this.sort?.descending : firstDescending };
    this.headers.forEach((header, index) => {
      const order = this.sort?.descending ? "descending" : "ascending";
      setAttributes(header, { "aria-sort": index === column ? order : "none" });
    });
    this.render();
  }

  private render(): void {
    this.shown = this.sorted().slice(0, SHOWN_ROWS);
    while (this.body.rows.length > this.shown.length) this.body.deleteRow(-1);
    this.shown.forEach((row, index) => this.renderRow(row, index));
    const left = this.rows.length - this.shown.length;
    this.more.hidden = left <= 0;
    setText(this.more, `The first ${SHOWN_ROWS} of ${this.rows.length} rows. The CSV file has all.`);
  }

  private renderRow(row: Row, index: number): void {
    const line = this.body.rows[index] ?? this.addRow(index);
    this.columns.forEach((column, position) => {
      const cell = line.cells[position];
      if (!cell) return;
      const text = column.text?.(row) ?? plain(column.value(row));
      const extra = column.className?.(row) ?? "";
      cell.className = [column.isNumber ? "number" : "", extra].join(" ").trim();
      if (column.choose?.(row)) this.renderChoice(cell, column, text, index);
      else setText(cell, text);
    });
  }

  private addRow(index: number): HTMLTableRowElement {
    const line = this.body.insertRow(index);
    for (const _ of this.columns) line.insertCell();
    return line;
  }

  private renderChoice(cell: HTMLElement, column: Column<Row>, text: string, index: number): void {
    let button = cell.querySelector("button");
    if (!button) {
      button = h("button", { class: "link", attrs: { type: "button", title: column.chooseLabel } });
      button.addEventListener("click", () => {
        const row = this.shown[index];
        if (row !== undefined) column.choose?.(row)?.();
      });
      cell.replaceChildren(button);
    }
    setText(button, text);
  }
}

function plain(value: CsvValue): string {
  return value === null || value === undefined || value === "" ? "–" : String(value);
}

/** What is not known comes last, whichever way. */
export function compare(a: CsvValue, b: CsvValue, descending: boolean): number {
  if (isUnknown(a) || isUnknown(b)) return Number(isUnknown(a)) - Number(isUnknown(b));
  if (a === b) return 0;
  const order =
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  return descending ? -order : order;
}

function isUnknown(value: CsvValue): boolean {
  return value === null || value === undefined || value === "";
}
