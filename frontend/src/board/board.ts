/** Live status of all active flights: the board with search, sort and pause. */
import type { NumberedFlight } from "../api/types";
import type { Context } from "../state/context";
import { passingFlights, shownFlights, watermarkOf } from "../state/context";
import { filterKey } from "../state/view";
import { saveCsv, toCsv } from "../ui/csv";
import { h, replaceChildren, setAttributes, setText, uniqueId } from "../ui/dom";
import { count } from "../ui/format";
import { changeClass } from "./changes";
import { type BoardColumn, COLUMNS } from "./columns";
import { BoardGrid } from "./grid";
import { BoardOrder, type Sort } from "./order";

/** What a paused board shows: everything as it was then. */
interface Held {
  flights: readonly NumberedFlight[];
  watermark: number | null;
}

export class Board {
  readonly element: HTMLElement;
  private readonly grid: BoardGrid;
  private readonly order = new BoardOrder();
  private readonly note = h("p", { class: "panel-note" });
  private readonly message = h("div", { class: "panel-message" });
  private readonly search = h("input", {
    class: "search",
    attrs: { type: "search", placeholder: "Search flights", "aria-label": "Search the board", autocomplete: "off" },
    on: { input: () => this.render() },
  });
  private readonly pauseButton = h("button", {
    class: "small",
    text: "Pause",
    attrs: { type: "button", "aria-pressed": false },
    on: { click: () => this.pause(!this.held) },
  });
  private sort: Sort = {
    column: COLUMNS.find(({ key }) => key === "scheduled_departure_at"),
    descending: false,
  };
  private held: Held | null = null;
  private missed = 0;
  /** The flight whose drawer was opened here, or came open with the page. */
  private opened: string | null;
  /** All that pass the filters. */
  private rows: readonly NumberedFlight[] = [];
  private sorted: readonly NumberedFlight[] = [];

  constructor(private readonly context: Context) {
    this.grid = new BoardGrid({
      open: (flight) => {
        this.opened = flight.leg_key;
        context.view.update({ leg: flight.leg_key });
      },
      sortBy: (column) => this.sortBy(column),
      changeClass: (flight, column) => (this.held ? "" : changeClass(context.live.flights, flight, column)),
    });
    this.grid.setSort(this.sort.column?.key ?? "", false);
    const titleId = uniqueId("board");
    this.message.hidden = true;
    this.element = h(
      "section",
      { class: "panel panel-board", attrs: { "aria-labelledby": titleId, "data-panel": "board", id: "board" } },
      h(
        "header",
        { class: "panel-head" },
        h("div", { class: "panel-title" }, h("h2", { text: "Active flights", attrs: { id: titleId } }), this.note),
        h(
          "div",
          { class: "panel-tools" },
          this.search,
          this.pauseButton,
          h("button", {
            class: "small",
            text: "CSV",
            attrs: { type: "button", "aria-label": "Save as CSV: Active flights" },
            on: { click: () => this.saveCsv() },
          }),
        ),
      ),
      h("div", { class: "panel-body" }, this.grid.element, this.message),
    );
    context.live.changed.on(({ flights, isSnapshot }) => {
      this.order.note(flights.isOther ? null : flights.fields);
      if (this.held) this.notePause(isSnapshot ? this.rows.length : flights.size);
    });
    context.view.changed.on(({ view, previous }) => {
      this.grid.select(view.leg);
      if (previous.leg && !view.leg) this.returnFocus();
      if (this.held && filterKey(view) !== filterKey(previous)) this.render();
    });
    this.opened = context.view.current.leg;
    this.grid.select(this.opened);
  }

  /** On new data and on new filters. */
  update(): void {
    if (!this.held) this.render();
  }

  /** Marks that are over go, even where nothing new comes. */
  tick(): void {
    if (!this.held) this.grid.render();
  }

  private render(): void {
    const { context, held } = this;
    this.rows = held ? passingFlights(context, held.flights, held.watermark) : shownFlights(context);
    this.sorted = this.order.take(this.rows, this.search.value, this.sort);
    this.grid.setRows(this.sorted, held ? held.watermark : watermarkOf(context));
    this.renderNote(this.sorted.length);
    this.renderMessage(this.sorted.length);
  }

  private get total(): number {
    return this.held?.flights.length ?? this.context.live.flights.size;
  }

  private renderNote(found: number): void {
    const { total } = this;
    const part = found === total ? `n = ${count(total)} active flights` : `${count(found)} of ${count(total)} active flights`;
    const paused = this.held ? ` · paused, ${count(this.missed)} changes held back` : "";
    setText(this.note, `${part} · times in UTC, ~ estimated${paused}`);
  }

  private renderMessage(found: number): void {
    this.message.hidden = found > 0;
    if (found > 0) return;
    const { total } = this;
    const isSearching = this.search.value.trim() !== "";
    const text =
      total === 0
        ? "No flight is active: none is boarding, under way, just landed, or due within 3 hours."
        : `None of the ${count(total)} active flights matches the ${isSearching ? "search" : "filters"}.`;
    replaceChildren(
      this.message,
      h("p", { text }),
      total > 0 &&
        h("button", {
          text: isSearching ? "Clear the search" : "Clear the filters",
          attrs: { type: "button" },
          on: { click: () => this.clear(isSearching) },
        }),
    );
  }

  private clear(isSearching: boolean): void {
    if (!isSearching) this.context.view.clear();
    this.search.value = "";
    this.search.focus();
    this.render();
  }

  private returnFocus(): void {
    if (this.opened) this.grid.focusRow(this.opened);
    this.opened = null;
  }

  private sortBy(column: BoardColumn): void {
    const descending = this.sort.column?.key === column.key && !this.sort.descending;
    this.sort = { column, descending };
    this.grid.setSort(column.key, descending);
    this.render();
  }

  private pause(isPaused: boolean): void {
    const { context } = this;
    this.missed = 0;
    // flights change in place, so what stands still is a copy
    const copied = (): NumberedFlight[] => context.live.flights.list.map((flight) => ({ ...flight }));
    this.held = isPaused ? { flights: copied(), watermark: watermarkOf(context) } : null;
    // what it keeps by the flights' numbers is of those that were shown
    this.order.note(null);
    setText(this.pauseButton, isPaused ? "Resume" : "Pause");
    setAttributes(this.pauseButton, { "aria-pressed": isPaused });
    this.render();
  }

  private notePause(changes: number): void {
    this.missed += changes;
    this.renderNote(this.sorted.length);
  }

  private saveCsv(): void {
    const { number: _, ...first } = this.rows[0] ?? { number: 0, leg_key: "" };
    const fields = Object.keys(first) as (keyof NumberedFlight)[];
    const lines = this.sorted.map((flight) => fields.map((field) => flight[field]));
    saveCsv("live-flights", toCsv(fields, lines));
  }
}
