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
  /** What the server says where it does not let the page connect. */
  refusal: string | null;
  /** Why there is no snapshot, where that is so. */
  problem: string | null;
}

/** A snapshot that is on its way. */
interface Awaited {
  epoch: string;
  request: AbortController;
  /** Deltas that came meanwhile; those that the snapshot does not hold are applied to it. */
  deltas: Delta[];
  /** The highest `seq` that was told meanwhile. */
  told: number;
}

const SNAPSHOT_RETRY_MS = 1_500;

export class LiveData {
  parts: Parts | null = null;
  /** Of what the pages show; `seq` is that of the newest delta applied. */
  stamp: Stamp | null = null;
  readonly flights = new Flights();
  connection: Connection = { state: "connecting", refusal: null, problem: null };
  /** This browser's clock less the server's, in ms. */
  clockOffset = 0;

  readonly changed = new Signal<LiveChange>();
  readonly connectionChanged = new Signal<Connection>();
  /** On every message unless a snapshot is awaited, so about once a second. */
  readonly beat = new Signal<Stamp>();

  private awaited: Awaited | null = null;

  receive(event: SourceEvent): void {
    if (event.type === "state") {
      this.setConnection({ state: event.state, refusal: event.refusal });
      return;
    }
    const message = JSON.parse(event.data) as StreamMessages[keyof StreamMessages];
    this.receiveMessage(event.name as keyof StreamMessages, message);
  }

  private receiveMessage(name: keyof StreamMessages, message: StreamMessages[keyof StreamMessages]): void {
    if (name === "bye") return;
    const stamp = message as Stamp;
    const { awaited } = this;
    // after another hello the connection is another, and what was asked for on the old one may hang
    if (stamp.epoch !== (awaited ?? this.stamp)?.epoch || (awaited && name === "hello")) {
      void this.takeSnapshot(stamp.epoch);
    } else if (awaited) {
      awaited.told = Math.max(awaited.told, stamp.seq);
      if (name === "delta") awaited.deltas.push(message as Delta);
    } else if (name === "delta") {
      this.takeDelta(message as Delta);
    } else if (name === "resync" || stamp.seq > this.seq) {
      void this.takeSnapshot(stamp.epoch);
    } else if (name === "heartbeat") {
      // it applies nothing, so `seq` stays; a hello may be an old one that the worker has kept
      this.note({ ...stamp, seq: this.seq });
    }
  }

  private get seq(): number {
    return this.stamp?.seq ?? -1;
  }

  private takeDelta(delta: Delta): void {
    if (delta.seq > this.seq + 1) void this.takeSnapshot(delta.epoch);
    else if (delta.seq > this.seq) this.apply(delta);
  }

  /** Asked for after a message came, it holds at least what that message told of. */
  private async takeSnapshot(epoch: string): Promise<void> {
    this.awaited?.request.abort();
    const mine: Awaited = { epoch, request: new AbortController(), deltas: [], told: -1 };
    this.awaited = mine;
    try {
      const snapshot = await getJson<Snapshot>("snapshot", {}, mine.request.signal);
      if (this.awaited !== mine) return;
      this.load(snapshot);
    } catch (error) {
      if (this.awaited !== mine) return;
      this.setConnection({ problem: messageOf(error) });
      setTimeout(() => {
        if (this.awaited === mine) void this.takeSnapshot(epoch);
      }, SNAPSHOT_RETRY_MS);
      return;
    }
    this.awaited = null;
    this.setConnection({ problem: null });
    this.catchUp(mine);
  }

  private catchUp({ epoch, deltas, told }: Awaited): void {
    // a server that has started anew meanwhile says so itself, by its hello
    if (this.stamp?.epoch !== epoch) return;
    for (const delta of deltas) this.receiveMessage("delta", delta);
    if (!this.awaited && told > this.seq) void this.takeSnapshot(epoch);
  }

  private load(snapshot: Snapshot): void {
    const { live, version: _, ...rest } = snapshot;
    const { stamp, parts } = split(rest);
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
      next.refusal === this.connection.refusal &&
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
