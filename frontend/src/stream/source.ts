/**
 * One server-sent-event connection that comes back by itself.
 *
 * Silence counts as loss: a proxy or a sleeping laptop can hold a dead connection open for minutes.
 */
import { refusalOf } from "./refusal";

export type ConnectionState = "connecting" | "live" | "lost" | "stopping";

export type SourceEvent =
  | { type: "message"; name: string; data: string }
  | {
      type: "state";
      state: ConnectionState;
      /** What the server says where it does not let the page connect. */
      refusal: string | null;
    };

const EVENTS = ["hello", "delta", "heartbeat", "resync", "bye"] as const;
/** Longer than two heartbeats, and shorter than the three seconds in which loss must show. */
const SILENCE_MS = 2_600;
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 3_000;
/** One may fail while the server starts; after so many it is asked why. */
const FAILURES_BEFORE_ASKING = 2;

export class StreamSource {
  private source: EventSource | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  /** Opens in a row that no message came from. */
  private failures = 0;
  private asking: AbortController | null = null;
  private refusal: string | null = null;
  private lastHello: SourceEvent | null = null;
  state: ConnectionState = "connecting";

  constructor(
    private readonly url: string,
    private readonly emit: (event: SourceEvent) => void,
  ) {}

  open(): void {
    this.source?.close();
    const source = new EventSource(this.url);
    this.source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.receive(name, (event as MessageEvent<string>).data));
    }
    source.addEventListener("error", () => this.lose("lost"));
    this.listenFor(SILENCE_MS * 2);
  }

  /** Try now instead of at the end of the wait. */
  hurry(): void {
    if (this.state === "live") return;
    clearTimeout(this.retry);
    this.open();
  }

  close(): void {
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.asking?.abort();
    this.source?.close();
    this.source = null;
  }

  /** What a page that joins later has missed: the state, and that a connection stands. */
  replay(emit: (event: SourceEvent) => void): void {
    emit({ type: "state", state: this.state, refusal: this.refusal });
    if (this.state === "live" && this.lastHello) emit(this.lastHello);
  }

  private receive(name: (typeof EVENTS)[number], data: string): void {
    this.listenFor(SILENCE_MS);
    const message: SourceEvent = { type: "message", name, data };
    if (name === "bye") {
      this.lose("stopping");
      return;
    }
    if (name === "hello") this.lastHello = message;
    if (this.state !== "live") {
      this.asking?.abort();
      this.refusal = null;
      this.become("live");
    }
    this.emit(message);
  }

  private listenFor(milliseconds: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose("lost"), milliseconds);
  }

  private lose(state: "lost" | "stopping"): void {
    this.close();
    this.failures = this.state === "live" ? 0 : this.failures + 1;
    this.become(state);
    if (this.failures >= FAILURES_BEFORE_ASKING) void this.askWhy();
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    // spread out, so that a hundred screens do not come back at one instant
    this.retry = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  /** After each failure: a server that was out of reach may have come back with another token. */
  private async askWhy(): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    const refusal = await refusalOf(this.url, asking.signal);
    if (asking.signal.aborted) return;
    this.refusal = refusal;
    this.become(this.state);
  }

  private become(state: ConnectionState): void {
    this.state = state;
    this.emit({ type: "state", state, refusal: this.refusal });
  }
}
