/**
 * One server-sent-event connection that comes back by itself.
 *
 * Silence counts as loss: a proxy or a sleeping laptop can hold a dead connection open for minutes.
 */

export type ConnectionState = "connecting" | "live" | "lost" | "stopping";

export type SourceEvent =
  | { type: "message"; name: string; data: string }
  | { type: "state"; state: ConnectionState; attempt: number };

const EVENTS = ["hello", "delta", "heartbeat", "resync", "bye"] as const;
/** Longer than two heartbeats, and shorter than the three seconds in which loss must show. */
const SILENCE_MS = 2_600;
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 3_000;

export class StreamSource {
  private source: EventSource | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
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
    this.source?.close();
    this.source = null;
  }

  /** What a page that joins later has missed: the state, and that a connection stands. */
  replay(emit: (event: SourceEvent) => void): void {
    emit({ type: "state", state: this.state, attempt: this.attempt });
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
      this.attempt = 0;
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
    this.attempt += 1;
    this.become(state);
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.attempt - 1));
    // spread out, so that a hundred screens do not come back at one instant
    this.retry = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  private become(state: ConnectionState): void {
    this.state = state;
    this.emit({ type: "state", state, attempt: this.attempt });
  }
}
