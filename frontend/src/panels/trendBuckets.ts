/** Which rows, groups and buckets of a trend are drawn. */
import type { TrendRow, TrendsAnswer } from "../api/types";
import { day, parseInstant } from "../ui/format";

/** As many as can be told apart. */
export const GROUPS_DRAWN = 6;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An hour of the day, or when the bucket begins, in ms. */
type Bucket = number;

export interface Drawn {
  /** Those of the groups, of what has happened. */
  rows: TrendRow[];
  /** The largest first; none where all flights are one line. */
  groups: string[];
  /** From the first to the last, also those of which nothing is known. */
  buckets: Bucket[];
}

export function drawn({ rows, watermark, group_by, by }: TrendsAnswer): Drawn {
  const now = parseInstant(watermark) ?? Infinity;
  // nothing has moved yet in the hours to come: they are no zeros
  const soFar = rows.filter((row) => row.at === null || bucketOf(row) <= now);
  const groups = group_by === "none" ? [] : largestGroups(soFar);
  const isDrawn = (row: TrendRow): boolean => group_by === "none" || groups.includes(row.group ?? "");
  return {
    rows: soFar.filter((row) => hasBegun(row) && isDrawn(row)),
    groups,
    buckets: bucketsOf(soFar, by),
  };
}

export function bucketOf({ at, hour }: TrendRow): Bucket {
  return hour ?? Date.parse(at ?? "");
}

export function bucketLabel(bucket: Bucket, isHourOfDay: boolean): string {
  if (isHourOfDay) return `${String(bucket).padStart(2, "0")}:00`;
  return bucket % DAY_MS === 0 ? day(bucket) : `${day(bucket)} ${new Date(bucket).toISOString().slice(11, 16)}`;
}

/** A bucket without a row stays in its place: left out, a gap would look like none. */
function bucketsOf(rows: TrendRow[], by: TrendsAnswer["by"]): Bucket[] {
  if (by === "hour_of_day") return Array.from({ length: 24 }, (_, hour) => hour);
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return [];
  const step = by === "hour" ? HOUR_MS : DAY_MS;
  const begin = bucketOf(first);
  return Array.from({ length: (bucketOf(last) - begin) / step + 1 }, (_, index) => begin + index * step);
}

/**
 * Where none of the flights has moved, been cancelled or diverted, there is nothing to say yet, not
 * zero. `cancelled` counts each leg once, with its departure; its arrival is in `a15_n` alone.
 */
function hasBegun(row: TrendRow): boolean {
  return row.movements > 0 || row.cancelled > 0 || row.d15_n > 0 || row.a15_n > 0;
}

function largestGroups(rows: TrendRow[]): string[] {
  const flights = new Map<string, number>();
  for (const { group, flights: number } of rows) {
    if (group !== null) flights.set(group, (flights.get(group) ?? 0) + number);
  }
  return [...flights]
    .sort(([, a], [, b]) => b - a)
    .slice(0, GROUPS_DRAWN)
    .map(([group]) => group);
}
