/** What every page is handed. */
import type { LiveFlight } from "../api/types";
import { parseInstant } from "../ui/format";
import type { Aggregates } from "./aggregates";
import type { LiveData } from "./live";
import { flightFilter, type ViewState } from "./view";

export interface Context {
  live: LiveData;
  view: ViewState;
  aggregates: Aggregates;
}

export function watermarkOf({ live }: Pick<Context, "live">): number | null {
  return parseInstant(live.stamp?.watermark);
}

/** The live flights that pass the filters. */
export function shownFlights({ live, view }: Context): LiveFlight[] {
  const hub = live.parts?.airport?.airport_iata ?? null;
  const passes = flightFilter(view.current, watermarkOf({ live }), hub);
  return [...live.flights.values()].filter((flight) => passes(flight));
}
