/**
 * The live flights, changed in place: with twenty thousand in the air every one changes each
 * second, and a new object for each would cost more than all that is shown of them.
 */
import type { Delta, FlightChanges, LiveFlight, NumberedFlight } from "../api/types";

type Field = keyof LiveFlight;

/** What a delta, or a snapshot, has changed. */
export interface FlightNews {
  /** Flights that have come or gone; with a snapshot, all may have. */
  isOther: boolean;
  /** Columns in which known flights changed. */
  fields: ReadonlySet<Field>;
  /** How many flights there is news of. */
  size: number;
  has: (leg: string) => boolean;
}

/** When a field of each flight last changed, by the flights' numbers. */
class Marks {
  private at = new Float64Array(0);
  /** Alternates, so that a second change can be told from the first. */
  private turns = new Uint8Array(0);

  note(number: number, now: number): void {
    if (number >= this.at.length) this.grow(number + 1);
    this.at[number] = now;
    this.turns[number] = 1 - (this.turns[number] ?? 0);
  }

  forget(number: number): void {
    if (number < this.at.length) this.at[number] = 0;
  }

  last(number: number): { at: number; turn: number } {
    return { at: this.at[number] ?? 0, turn: this.turns[number] ?? 0 };
  }

  private grow(length: number): void {
    const [at, turns] = [this.at, this.turns];
    const room = Math.max(1_024, 2 ** Math.ceil(Math.log2(length)));
    this.at = new Float64Array(room);
    this.turns = new Uint8Array(room);
    this.at.set(at);
    this.turns.set(turns);
  }
}

export class Flights {
  private readonly byNumber: (NumberedFlight | undefined)[] = [];
  private readonly byLeg = new Map<string, NumberedFlight>();
  private readonly marks = new Map<Field, Marks>();
  private all: NumberedFlight[] | null = null;

  get size(): number {
    return this.byLeg.size;
  }

  get(leg: string): NumberedFlight | undefined {
    return this.byLeg.get(leg);
  }

  /** All of them; another array only where flights have come or gone. */
  get list(): readonly NumberedFlight[] {
    this.all ??= [...this.byLeg.values()];
    return this.all;
  }

  /** When a field of a flight last changed (as `performance.now` has it; 0 for never). */
  lastChange(flight: NumberedFlight, field: Field): { at: number; turn: number } {
    return this.marks.get(field)?.last(flight.number) ?? { at: 0, turn: 0 };
  }

  load(flights: readonly NumberedFlight[]): FlightNews {
    this.byNumber.length = 0;
    this.byLeg.clear();
    this.marks.clear();
    for (const flight of flights) this.insert(flight);
    this.all = null;
    return { isOther: true, fields: new Set(), size: flights.length, has: (leg) => this.byLeg.has(leg) };
  }

  apply({ inserts, changes, removes }: Delta): FlightNews {
    const now = performance.now();
    const touched = new Set<number>();
    const fields = new Set<Field>();
    for (const number of removes) this.remove(number);
    for (const flight of inserts) {
      this.insert(flight);
      touched.add(flight.number);
    }
    for (const block of changes) {
      for (const number of block.numbers) touched.add(number);
      for (const field of Object.keys(block.cells) as Field[]) {
        fields.add(field);
        this.setCells(field, block, now);
      }
    }
    const isOther = inserts.length > 0 || removes.length > 0;
    if (isOther) this.all = null;
    const has = (leg: string): boolean => touched.has(this.byLeg.get(leg)?.number ?? -1);
    return { isOther, fields, size: touched.size + removes.length, has };
  }

  private insert(flight: NumberedFlight): void {
    this.byNumber[flight.number] = flight;
    this.byLeg.set(flight.leg_key, flight);
  }

  private remove(number: number): void {
    const flight = this.byNumber[number];
    if (!flight) return;
    this.byNumber[number] = undefined;
    this.byLeg.delete(flight.leg_key);
    for (const marks of this.marks.values()) marks.forget(number);
  }

  /** A block repeats some cells that are as they were; those have not changed. */
  private setCells(field: Field, { numbers, cells }: FlightChanges, now: number): void {
    const values = cells[field] as unknown[];
    let marks = this.marks.get(field);
    if (!marks) this.marks.set(field, (marks = new Marks()));
    for (let place = 0; place < numbers.length; place += 1) {
      const number = numbers[place] as number;
      const flight = this.byNumber[number] as Record<Field, unknown> | undefined;
      if (!flight || flight[field] === values[place]) continue;
      flight[field] = values[place];
      marks.note(number, now);
    }
  }
}
