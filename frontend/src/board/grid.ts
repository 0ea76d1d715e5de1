/**
 * A grid of thousands of rows of which only those in sight exist. Rows keep their place by index;
 * the keyboard moves one tab stop through all of them.
 */
import type { NumberedFlight } from "../api/types";
import { h, rem, setAttributes, setText, uniqueId } from "../ui/dom";
import { type BoardColumn, fittingColumns } from "./columns";

/** rem; the style sheet's `.board-row` has the same. */
const ROW_HEIGHT = 1.9;
const SPARE_ROWS = 6;

export interface GridOptions {
  open: (flight: NumberedFlight) => void;
  sortBy: (column: BoardColumn) => void;
  /** "" where the cell has not just changed. */
  changeClass: (flight: NumberedFlight, column: BoardColumn) => string;
}

export class BoardGrid {
  readonly element: HTMLElement;
  private readonly head = h("div", { class: "board-head", attrs: { role: "row", "aria-rowindex": 1 } });
  private readonly body = h("div", { class: "board-body", attrs: { role: "rowgroup" } });
  private readonly viewport: HTMLElement;
  private readonly pool: HTMLElement[] = [];
  private columns: BoardColumn[] = [];
  private rows: readonly NumberedFlight[] = [];
  private sort = { key: "", descending: false };
  private now: number | null = null;
  /** The flight that the keyboard is on, or was last. */
  private current: string | null = null;
  private selected: string | null = null;
  private readonly idPrefix = uniqueId("row");

  constructor(private readonly options: GridOptions) {
    this.viewport = h(
      "div",
      { class: "board-viewport", on: { scroll: () => this.render() } },
      h("div", { class: "board-top", attrs: { role: "rowgroup" } }, this.head),
      this.body,
    );
    this.element = h(
      "div",
      { class: "board-grid", attrs: { role: "grid", "aria-label": "Active flights" } },
      this.viewport,
    );
    this.body.addEventListener("focusin", (event) => this.onFocus(event));
    this.body.addEventListener("keydown", (event) => this.onKey(event));
    this.body.addEventListener("click", (event) => this.onClick(event));
    new ResizeObserver(() => this.fit()).observe(this.viewport);
  }

  setRows(rows: readonly NumberedFlight[], now: number | null): void {
    this.rows = rows;
    this.now = now;
    this.body.style.height = `${rows.length * this.rowHeight()}px`;
    setAttributes(this.element, { "aria-rowcount": rows.length + 1 });
    this.render();
  }

  setSort(key: string, descending: boolean): void {
    this.sort = { key, descending };
    this.renderHead();
  }

  select(leg: string | null): void {
    this.selected = leg;
    this.render();
  }

  /** Puts the keyboard on a flight's row; false where it is not among the rows. */
  focusRow(leg: string): boolean {
    const index = this.rows.findIndex((row) => row.leg_key === leg);
    if (index < 0) return false;
    this.moveTo(index);
    return true;
  }

  private rowHeight(): number {
    return Math.round(ROW_HEIGHT * rem());
  }

  private fit(): void {
    const columns = fittingColumns(this.viewport.clientWidth / rem() - 0.8);
    if (columns.length !== this.columns.length) {
      this.columns = columns;
      this.element.style.setProperty(
        "--board-columns",
        columns.map(({ width }) => `minmax(${width}rem, ${width}fr)`).join(" "),
      );
      for (const line of this.pool.splice(0)) line.remove();
      setAttributes(this.element, { "aria-colcount": columns.length });
      this.renderHead();
    }
    this.setRows(this.rows, this.now);
  }

  private renderHead(): void {
    const focused = this.head.querySelector<HTMLElement>("button:focus")?.dataset["key"];
    this.head.replaceChildren(...this.columns.map((column) => this.headCell(column)));
    if (focused) this.head.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  private headCell(column: BoardColumn): HTMLElement {
    const isSorted = this.sort.key === column.key;
    const order = this.sort.descending ? "descending" : "ascending";
    return h(
      "div",
      {
        class: column.isNumber ? "board-cell number" : "board-cell",
        attrs: { role: "columnheader", "aria-sort": isSorted ? order : "none" },
      },
      h("button", {
        class: "sort",
        text: column.label,
        attrs: { type: "button", title: column.hint, "aria-label": column.hint ? `${column.label}: ${column.hint}` : null, "data-key": column.key },
        on: { click: () => this.options.sortBy(column) },
      }),
    );
  }

  /** Draws the rows in sight anew. */
  render(): void {
    const height = this.rowHeight();
    const first = Math.max(0, Math.floor(this.viewport.scrollTop / height) - SPARE_ROWS);
    const fitting = Math.ceil(this.viewport.clientHeight / height) + 2 * SPARE_ROWS;
    const last = Math.min(this.rows.length, first + fitting);
    const focused = this.focusedLeg();
    while (this.pool.length > last - first) this.pool.pop()?.remove();
    for (let index = first; index < last; index += 1) {
      const flight = this.rows[index];
      if (flight) this.renderRow(this.line(index - first), flight, index, height);
    }
    if (focused !== null) this.keepFocus(focused);
    this.placeTabStop();
  }

  /** Tab reaches one of the rows that are drawn. */
  private placeTabStop(): void {
    const top = Math.ceil(this.viewport.scrollTop / this.rowHeight());
    const stop = this.lineOf(this.current) ?? this.lineOf(this.rows[top]?.leg_key ?? null) ?? this.pool[0];
    for (const line of this.pool) setAttributes(line, { tabindex: line === stop ? 0 : -1 });
  }

  private lineOf(leg: string | null): HTMLElement | undefined {
    return this.pool.find((line) => line.dataset["leg"] === leg);
  }

  private line(slot: number): HTMLElement {
    let line = this.pool[slot];
    if (!line) {
      const cells = this.columns.map((column) =>
        h("div", { class: column.isNumber ? "board-cell number" : "board-cell", attrs: { role: "gridcell" } }),
      );
      line = h("div", { class: "board-row", attrs: { role: "row", id: `${this.idPrefix}-${slot}`, tabindex: -1 } }, ...cells);
      this.pool[slot] = line;
      this.body.append(line);
    }
    return line;
  }

  private renderRow(line: HTMLElement, flight: NumberedFlight, index: number, height: number): void {
    const isOther = line.dataset["leg"] !== flight.leg_key;
    line.dataset["leg"] = flight.leg_key;
    line.style.transform = `translateY(${index * height}px)`;
    setAttributes(line, {
      "aria-rowindex": index + 2,
      "aria-selected": flight.leg_key === this.selected,
    });
    line.classList.toggle("is-odd", index % 2 === 1);
    this.columns.forEach((column, position) => {
      const cell = line.children[position];
      if (!cell) return;
      setText(cell, column.text(flight, this.now));
      const change = this.options.changeClass(flight, column);
      const name = ["board-cell", column.isNumber && "number", column.className?.(flight), change]
        .filter(Boolean)
        .join(" ");
      // another flight in the row is no change of the cell
      if (isOther) cell.classList.remove("changed", "changed-again");
      if (cell.className !== name) cell.className = name;
    });
  }

  private focusedLeg(): string | null {
    const active = document.activeElement;
    return active instanceof HTMLElement && this.body.contains(active) ? this.current : null;
  }

  /** The focused flight may now be drawn by another element, or be out of sight. */
  private keepFocus(leg: string): void {
    const line = this.lineOf(leg);
    const active = document.activeElement as HTMLElement | null;
    if (line && line !== active) line.focus({ preventScroll: true });
    // the line that has the focus shows another flight now, and the keys are meant for what is seen
    else if (!line && active && this.body.contains(active)) this.current = active.dataset["leg"] ?? null;
  }

  private onFocus(event: FocusEvent): void {
    const line = (event.target as Element).closest<HTMLElement>(".board-row");
    this.current = line?.dataset["leg"] ?? null;
    this.placeTabStop();
  }

  private onClick(event: MouseEvent): void {
    const line = (event.target as Element).closest<HTMLElement>(".board-row");
    const flight = this.rows.find((row) => row.leg_key === line?.dataset["leg"]);
    if (!flight) return;
    this.current = flight.leg_key;
    this.options.open(flight);
  }

  private onKey(event: KeyboardEvent): void {
    const index = this.rows.findIndex((row) => row.leg_key === this.current);
    const flight = this.rows[index];
    if (!flight) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.options.open(flight);
      return;
    }
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / this.rowHeight()) - 2);
    const target = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: this.rows.length - 1,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.moveTo(Math.min(this.rows.length - 1, Math.max(0, target)));
  }

  private moveTo(index: number): void {
    const flight = this.rows[index];
    if (!flight) return;
    this.current = flight.leg_key;
    const height = this.rowHeight();
    const top = index * height;
    const { scrollTop, clientHeight } = this.viewport;
    const inSight = clientHeight - this.head.offsetHeight;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + height > scrollTop + inSight) this.viewport.scrollTop = top + height - inSight;
    this.render();
    this.lineOf(flight.leg_key)?.focus({ preventScroll: true });
  }
}
