/** Numbers, times and codes as people read them. What is not known is an en dash, never 0. */
import type { Instant } from "../api/types";

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

type Maybe<T> = T | null | undefined;

export function count(value: Maybe<number>): string {
  return value === null || value === undefined ? UNKNOWN : whole.format(value);
}

export function decimal(value: Maybe<number>): string {
  return value === null || value === undefined ? UNKNOWN : minus(oneDecimal.format(value));
}

/** Enough digits for a slope or a coefficient. */
export function coefficient(value: Maybe<number>, digits = 2): string {
  return value === null || value === undefined ? UNKNOWN : minus(value.toFixed(digits));
}

/** 0.834 → `83.4`, without the sign for percent. */
export function percentValue(ratio: Maybe<number>): string {
  return ratio === null || ratio === undefined ? UNKNOWN : oneDecimal.format(ratio * 100);
}

export function percent(ratio: Maybe<number>): string {
  return ratio === null || ratio === undefined ? UNKNOWN : `${percentValue(ratio)} %`;
}

export function minutes(value: Maybe<number>): string {
  return value === null || value === undefined ? UNKNOWN : `${decimal(value)} min`;
}

/** Whole minutes with their sign: `+12`, `−3`, `0`. */
export function signedMinutes(value: Maybe<number>): string {
  if (value === null || value === undefined) return UNKNOWN;
  const rounded = Math.round(value);
  return rounded > 0 ? `+${whole.format(rounded)}` : minus(whole.format(rounded));
}

function minus(text: string): string {
  return text === "-0" || text === "-0.0" ? text.slice(1) : text.replace("-", "−");
}

export function parseInstant(instant: Maybe<Instant>): number | null {
  if (!instant) return null;
  const ms = Date.parse(instant);
  return Number.isNaN(ms) ? null : ms;
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** `18:05`, or `18:05:30`, in a zone; UTC by default. */
export function clock(ms: number, { zone = "UTC", seconds = false } = {}): string {
  const key = `${zone}/${seconds}`;
  let formatter = zones.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      ...(seconds && { second: "2-digit" }),
      hourCycle: "h23",
    });
    zones.set(key, formatter);
  }
  return formatter.format(ms);
}

/** `14:05` of an instant in UTC; with `+1` or `−1` where its day differs from the day of `today`. */
export function boardTime(instant: Maybe<Instant>, today: number | null): string {
  const ms = parseInstant(instant);
  if (ms === null) return UNKNOWN;
  const time = new Date(ms).toISOString().slice(11, 16);
  if (today === null) return time;
  const days = Math.floor(ms / 86_400_000) - Math.floor(today / 86_400_000);
  return days === 0 ? time : `${time} ${days > 0 ? "+" : "−"}${Math.abs(days)}`;
}

export function dateTime(instant: Maybe<Instant>, { seconds = true } = {}): string {
  const ms = parseInstant(instant);
  if (ms === null) return UNKNOWN;
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, seconds ? 19 : 16)}`;
}

const dates = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "2-digit", month: "short" });

/** `24 Sep`, UTC. */
export function day(ms: number): string {
  return dates.format(ms);
}

/** How long: `0.8 s`, `42 s`, `5 min`, `3 h`, `2 d`. */
export function duration(seconds: Maybe<number>): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1_000 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(scaled < 10 ? 1 : 0)} ${units[unit]}`;
}
