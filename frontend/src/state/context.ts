/** What every page is handed. */
import type { NumberedFlight } from "../api/types";
import { parseInstant } from "../ui/format";
import type { Aggregates } from "./aggregates";
import type { LiveData } from "./live";
import { flightFilter, hasFilters, type ViewState } from "./view";

export interface Context {
  live: LiveData;
  view: ViewState;
  aggregates: Aggregates;
}

export function watermarkOf({ live }: Pick<Context, "live">): number | null {
  return parseInstant(live.stamp?.watermark);
}

let shown: { of: unknown; by: unknown; at: unknown; flights: readonly NumberedFlight[] } | null = null;

/** The live flights that pass the filters; the same array as long as nothing decides otherwise. */
export function shownFlights({ live, view }: Context): readonly NumberedFlight[] {
  const { list } = live.flights;
  if (!hasFilters(view.current)) return list;
  if (shown && shown.of === list && shown.by === view.current && shown.at === live.stamp) return shown.flights;
  const flights = passingFlights({ live, view }, list, watermarkOf({ live }));
  shown = { of: list, by: view.current, at: live.stamp, flights };
  return flights;
}

/** Those flights that pass the filters at a time of the data. */
export function passingFlights(
  { live, view }: Pick<Context, "live" | "view">,
  flights: readonly NumberedFlight[],
  watermark: number | null,
): readonly NumberedFlight[] {
  if (!hasFilters(view.current)) return flights;
  const hub = live.parts?.airport?.airport_iata ?? null;
  const passes = flightFilter(view.current, watermark, hub);
  return flights.filter((flight) => passes(flight));
}
