/**
 * The board's order and search, kept from one update to the next: all rows are looked at again only
 * where something has changed that decides about them.
 */
import type { LiveFlight, NumberedFlight } from "../api/types";
import type { CsvValue } from "../ui/csv";
import { type BoardColumn, SEARCHED_FIELDS, searchText } from "./columns";

export interface Sort {
  column: BoardColumn | undefined;
  descending: boolean;
}

/** Text with its numbers padded, so that it sorts as people expect: A2 before A12. */
function natural(text: string): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(8, "0"));
}

type Key = number | string | null;

function keyOf(value: CsvValue): Key {
  if (value === null || value === undefined || value === "") return null;
  return typeof value === "number" ? value : natural(String(value));
}

/** Unknown ones come last, whichever way. */
function compareKeys(a: Key, b: Key, descending: boolean): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  const isLess = a < b;
  return isLess === descending ? 1 : -1;
}

export class BoardOrder {
  private rows: NumberedFlight[] = [];
  private of: readonly NumberedFlight[] | null = null;
  private sort: Sort = { column: undefined, descending: false };
  private search = "";
  /** By the flights' numbers. */
  private texts: (string | undefined)[] = [];
  private names: (string | undefined)[] = [];
  private isStale = true;

  /** Flights have changed in these fields; null for come, gone, or all new. */
  note(fields: ReadonlySet<keyof LiveFlight> | null): void {
    const isChanged = (names: readonly (keyof LiveFlight)[]): boolean =>
      fields === null || names.some((name) => fields.has(name));
    if (fields === null) this.names = [];
    if (isChanged(SEARCHED_FIELDS)) {
      this.texts = [];
      if (this.search) this.isStale = true;
    }
    if (isChanged(this.sort.column?.fields ?? [])) this.isStale = true;
  }

  /** Those that match the search, in order. */
  take(all: readonly NumberedFlight[], search: string, sort: Sort): readonly NumberedFlight[] {
    const isOther = all !== this.of || search !== this.search;
    if (!isOther && !this.isStale && sort === this.sort) return this.rows;
    // nearly in order already where only some values have changed, which makes sorting cheap
    const rows = isOther || this.search ? this.found(all, search) : [...this.rows];
    this.of = all;
    this.search = search;
    this.sort = sort;
    this.isStale = false;
    this.rows = this.sorted(rows, sort);
    return this.rows;
  }

  private found(all: readonly NumberedFlight[], search: string): NumberedFlight[] {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [...all];
    return all.filter((flight) => {
      const text = (this.texts[flight.number] ??= searchText(flight));
      return words.every((word) => text.includes(word));
    });
  }

  private sorted(rows: NumberedFlight[], { column, descending }: Sort): NumberedFlight[] {
    if (!column) return rows;
    const keys: Key[] = [];
    for (const flight of rows) keys[flight.number] = keyOf(column.value(flight));
    const name = (flight: NumberedFlight): string =>
      (this.names[flight.number] ??= natural(flight.flight_icao));
    return rows.sort(
      (a, b) =>
        compareKeys(keys[a.number] ?? null, keys[b.number] ?? null, descending) ||
        compareKeys(name(a), name(b), false),
    );
  }
}
