/** What the pages show, kept up to date: a snapshot, and the stream's deltas on top of it. */
import { getJson, messageOf } from "../api/client";
import type { Delta, Parts, Snapshot, Stamp, StreamMessages } from "../api/types";
import type { ConnectionState, SourceEvent } from "../stream/source";
import { type FlightNews, Flights } from "./flights";
import { Signal } from "./signal";

export interface LiveChange {
  /** Everything is new. */
  isSnapshot: boolean;
  parts: ReadonlySet<keyof Parts>;
  flights: FlightNews;
}

export interface Connection {
  state: ConnectionState;
  attempt: number;
  /** Why there is no snapshot, where that is so. */
  problem: string | null;
}

const SNAPSHOT_RETRY_MS = 1_500;

export class LiveData {
  parts: Parts | null = null;
  stamp: Stamp | null = null;
  version = "";
  readonly flights = new Flights();
  connection: Connection = { state: "connecting", attempt: 0, problem: null };
  /** This browser's clock less the server's, in ms. */
  clockOffset = 0;

  readonly changed = new Signal<LiveChange>();
  readonly connectionChanged = new Signal<Connection>();
  /** On every message, so about once a second. */
  readonly beat = new Signal<Stamp>();

  private waiting: Delta[] | null = null;
  private generation = 0;

  receive(event: SourceEvent): void {
    if (event.type === "state") {
      this.setConnection({ state: event.state, attempt: event.attempt });
      return;
    }
    const message = JSON.parse(event.data) as StreamMessages[keyof StreamMessages];
    this.receiveMessage(event.name as keyof StreamMessages, message);
  }

  private receiveMessage(name: keyof StreamMessages, message: StreamMessages[keyof StreamMessages]): void {
    if (name === "bye") return;
    const stamp = message as Stamp;
    const isOtherServer = this.stamp !== null && this.stamp.epoch !== stamp.epoch;
    if (name === "hello" || name === "resync" || isOtherServer) {
      if (isOtherServer || name === "resync" || this.isBehind(stamp)) void this.takeSnapshot();
      else this.note(stamp);
      return;
    }
    if (name === "delta") this.takeDelta(message as Delta);
    else this.note(stamp);
  }

  private isBehind(stamp: Stamp): boolean {
    return this.stamp === null || this.stamp.seq !== stamp.seq;
  }

  private takeDelta(delta: Delta): void {
    if (this.waiting) this.waiting.push(delta);
    else if (!this.stamp || delta.seq > this.stamp.seq + 1) void this.takeSnapshot([delta]);
    else if (delta.seq > this.stamp.seq) this.apply(delta);
  }

  /** Deltas that come meanwhile wait, and those that the snapshot does not hold are applied to it. */
  private async takeSnapshot(waiting: Delta[] = []): Promise<void> {
    this.generation += 1;
    const generation = this.generation;
    this.waiting = waiting;
    try {
      const snapshot = await getJson<Snapshot>("snapshot");
      if (generation !== this.generation) return;
      this.load(snapshot);
      this.setConnection({ problem: null });
      const missed = this.waiting.filter(
        (delta) => delta.epoch === snapshot.epoch && delta.seq > snapshot.seq,
      );
      this.waiting = null;
      for (const delta of missed) this.takeDelta(delta);
    } catch (error) {
      if (generation !== this.generation) return;
      this.setConnection({ problem: messageOf(error) });
      setTimeout(() => {
        if (generation === this.generation) void this.takeSnapshot();
      }, SNAPSHOT_RETRY_MS);
    }
  }

  private load(snapshot: Snapshot): void {
    const { live, version, ...rest } = snapshot;
    const { stamp, parts } = split(rest);
    this.version = version;
    this.parts = parts;
    const flights = this.flights.load(live.flights);
    this.note(stamp);
    this.changed.emit({
      isSnapshot: true,
      parts: new Set(Object.keys(parts) as (keyof Parts)[]),
      flights,
    });
  }

  private apply(delta: Delta): void {
    const { inserts: _, changes: __, removes: ___, ...rest } = delta;
    const { stamp, parts } = split(rest);
    const flights = this.flights.apply(delta);
    if (this.parts) Object.assign(this.parts, parts);
    this.note(stamp);
    this.changed.emit({
      isSnapshot: false,
      parts: new Set(Object.keys(parts) as (keyof Parts)[]),
      flights,
    });
  }

  private note(stamp: Stamp): void {
    this.stamp = stamp;
    this.clockOffset = Date.now() - Date.parse(stamp.at);
    this.beat.emit(stamp);
  }

  private setConnection(change: Partial<Connection>): void {
    const next = { ...this.connection, ...change };
    const isSame =
      next.state === this.connection.state &&
      next.attempt === this.connection.attempt &&
      next.problem === this.connection.problem;
    this.connection = next;
    if (!isSame) this.connectionChanged.emit(next);
  }
}

/** A message is a stamp and the parts that changed. */
function split<T extends Stamp>(message: T): { stamp: Stamp; parts: Omit<T, keyof Stamp> } {
  const { seq, at, watermark, epoch, newest_arrived_at, committed_at, ...parts } = message;
  return { stamp: { seq, at, watermark, epoch, newest_arrived_at, committed_at }, parts };
}
