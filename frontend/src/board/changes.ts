/** Which cells have just changed, and for how long they show it. */
import type { LiveFlight } from "../api/types";
import { COLUMNS } from "./columns";

/** Long enough to be found by the eye. */
const SHOWN_MS = 3_000;

interface Mark {
  until: number;
  /** Alternates, so that a second change starts the animation anew. */
  isAgain: boolean;
}

export class Changes {
  private readonly marks = new Map<string, Map<string, Mark>>();

  note(leg: string, fields: readonly (keyof LiveFlight)[]): void {
    let cells = this.marks.get(leg);
    if (!cells) this.marks.set(leg, (cells = new Map()));
    for (const column of COLUMNS) {
      if (column.key === "last_event_at" || !column.fields.some((field) => fields.includes(field))) continue;
      const isAgain = !(cells.get(column.key)?.isAgain ?? true);
      cells.set(column.key, { until: performance.now() + SHOWN_MS, isAgain });
    }
  }

  classOf(leg: string, column: string, isTelemetry: boolean): string {
    const mark = this.marks.get(leg)?.get(column);
    if (!mark || mark.until < performance.now()) return "";
    const again = mark.isAgain ? "changed changed-again" : "changed";
    return isTelemetry ? `${again} changed-quietly` : again;
  }

  /** Forgets what is over. @returns Whether anything was. */
  sweep(): boolean {
    const now = performance.now();
    let isOver = false;
    for (const [leg, cells] of this.marks) {
      for (const [column, { until }] of cells) {
        if (until >= now) continue;
        cells.delete(column);
        isOver = true;
      }
      if (cells.size === 0) this.marks.delete(leg);
    }
    return isOver;
  }
}
