/** Which cells have just changed, and for how long they show it. */
import type { NumberedFlight } from "../api/types";
import type { Flights } from "../state/flights";
import type { BoardColumn } from "./columns";

/** Long enough to be found by the eye. */
const SHOWN_MS = 3_000;

/** @returns The cell's classes; "" where it has not just changed. */
export function changeClass(flights: Flights, flight: NumberedFlight, column: BoardColumn): string {
  if (column.key === "last_event_at") return "";
  let last = { at: 0, turn: 0 };
  for (const field of column.fields) {
    const change = flights.lastChange(flight, field);
    if (change.at > last.at) last = change;
  }
  if (last.at === 0 || last.at + SHOWN_MS < performance.now()) return "";
  const again = last.turn === 0 ? "changed changed-again" : "changed";
  return column.isTelemetry ? `${again} changed-quietly` : again;
}
