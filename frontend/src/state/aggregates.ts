/**
 * The figures over all flights: from the stream where nothing is filtered, else asked for with the
 * filters, again when the data changes, while somebody looks.
 */
import { getJson, messageOf, type Query } from "../api/client";
import type {
  AirlineDelay,
  AirportMovements,
  DelayPairs,
  DelayPairsAnswer,
  Kpis,
  KpisAnswer,
  Page,
  Parts,
  PassengersVsTurnaround,
  PassengersVsTurnaroundAnswer,
  TurnaroundPoint,
} from "../api/types";
import { parseInstant } from "../ui/format";
import type { LiveData } from "./live";
import { Signal, throttle } from "./signal";
import { filterKey, filterQuery, type ViewState } from "./view";

export interface Figures {
  kpis: Kpis;
  airline_delays: AirlineDelay[];
  movements: AirportMovements[];
  passengers_vs_turnaround: PassengersVsTurnaround;
  turnaround_points: TurnaroundPoint[];
  delay_pairs: DelayPairs;
}

const NAMES: (keyof Parts)[] = [
  "kpis",
  "airline_delays",
  "movements",
  "passengers_vs_turnaround",
  "turnaround_points",
  "delay_pairs",
];
/** Filtered figures are asked for no more often than this. */
const REFRESH_MS = 2_000;
/** More than there are airlines, or airports with scheduled flights. */
const ROWS = 10_000;

export class Aggregates {
  figures: Figures | null = null;
  state: "loading" | "ready" | "error" = "loading";
  problem = "";
  readonly changed = new Signal<void>();

  /** Whether the page that shows them is open. */
  private isShown = false;
  private filters: Query | null = null;
  /** What the reader has chosen; null where that is everything. */
  private selection: string | null = null;
  private request: AbortController | null = null;
  /** Whether the data has changed since the open request was made. */
  private isDue = false;
  private readonly refresh = throttle(REFRESH_MS, () => void this.ask());

  constructor(
    private readonly live: LiveData,
    private readonly view: ViewState,
  ) {
    live.changed.on(({ parts }) => {
      if (NAMES.some((name) => parts.has(name))) this.follow();
    });
    view.changed.on(() => this.follow());
    document.addEventListener("visibilitychange", () => this.askAnew());
  }

  start(): void {
    this.isShown = true;
    this.askAnew();
  }

  stop(): void {
    this.isShown = false;
    this.cancel();
  }

  retry(): void {
    if (!this.request) void this.ask();
  }

  private follow(): void {
    const { current } = this.view;
    this.filters = filterQuery(current, parseInstant(this.live.stamp?.watermark));
    const selection = this.filters && filterKey(current);
    const isOther = selection !== this.selection;
    this.selection = selection;
    if (!selection) {
      this.cancel();
      if (this.live.parts) this.become(this.live.parts);
    } else if (isOther) {
      this.askAnew();
    } else if (this.request) {
      this.isDue = true;
    } else {
      this.refresh();
    }
  }

  /** The figures at hand are of another selection, or of a time when nobody looked. */
  private askAnew(): void {
    if (!this.selection) return;
    this.state = "loading";
    this.changed.emit();
    void this.ask();
  }

  private cancel(): void {
    this.request?.abort();
    this.request = null;
    this.isDue = false;
    this.refresh.cancel();
  }

  private async ask(): Promise<void> {
    const { filters } = this;
    this.cancel();
    if (!filters || !this.isShown || document.hidden) return;
    const request = new AbortController();
    this.request = request;
    try {
      const figures = await askFigures(filters, request.signal);
      if (this.request === request) this.become(figures);
    } catch (error) {
      if (this.request !== request) return;
      this.state = "error";
      this.problem = messageOf(error);
      this.changed.emit();
    } finally {
      if (this.request === request) this.finish();
    }
  }

  private finish(): void {
    const { isDue } = this;
    this.request = null;
    this.isDue = false;
    if (isDue) this.refresh();
  }

  private become(figures: Figures): void {
    this.figures = figures;
    this.state = "ready";
    this.changed.emit();
  }
}

async function askFigures(filters: Query, signal: AbortSignal): Promise<Figures> {
  const rows = { ...filters, limit: ROWS };
  const [kpis, delays, movements, turnaround, pairs] = await Promise.all([
    getJson<KpisAnswer>("kpis", filters, signal),
    getJson<Page<AirlineDelay>>("airline-delays", rows, signal),
    getJson<Page<AirportMovements>>("movements", rows, signal),
    getJson<PassengersVsTurnaroundAnswer>("passengers-vs-turnaround", filters, signal),
    getJson<DelayPairsAnswer>("delay-pairs", filters, signal),
  ]);
  return {
    kpis: kpis.kpis,
    airline_delays: delays.rows,
    movements: movements.rows,
    passengers_vs_turnaround: turnaround,
    turnaround_points: turnaround.points,
    delay_pairs: pairs,
  };
}
