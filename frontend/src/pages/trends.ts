/** Delay, punctuality, movements, passengers, security wait and turnaround over time. */
import { getJson } from "../api/client";
import type { TrendsAnswer } from "../api/types";
import { TrendPanel } from "../panels/trend";
import { GROUPS_DRAWN } from "../panels/trendBuckets";
import { TREND_MEASURES } from "../panels/trendMeasures";
import type { Context } from "../state/context";
import { watermarkOf } from "../state/context";
import { poll } from "../state/poll";
import { filterQuery, type TrendBy, type TrendGroup, type View, viewQuery } from "../state/view";
import { h, setAttributes, setText } from "../ui/dom";
import { count } from "../ui/format";
import type { PageView } from "./page";

const BY: [TrendBy, string][] = [
  ["hour_of_day", "Hour of the day"],
  ["hour", "Hour by hour"],
  ["day", "Day by day"],
];
const GROUPS: [TrendGroup, string][] = [
  ["none", "All flights"],
  ["airline", "By airline"],
  ["airport", "By airport"],
];
const REFRESH_MS = 5_000;
const ROWS = 50_000;
/** One more than is drawn, as flights without an airline are a group too, which is not. */
const GROUPS_ASKED = GROUPS_DRAWN + 1;
const HOUR_MS = 3_600_000;
/** Of hour by hour, where no window begins. */
const RECENT_HOURS = 48;
/** Where no window is set: the server's own `WINDOWS`. */
const RECENT: Record<TrendBy, string> = { hour: `${RECENT_HOURS} h`, hour_of_day: "30 days", day: "60 days" };

export function trendsPage(context: Context): PageView {
  const { view } = context;
  const panels = TREND_MEASURES.map((measure) => new TrendPanel(context, measure));
  const cut = h("p", { class: "trend-cut banner banner-warning", attrs: { role: "status" } });
  cut.hidden = true;
  let knewWatermark = false;
  const asking = poll<TrendsAnswer>({
    everyMs: REFRESH_MS,
    ask: (signal) => {
      knewWatermark = watermarkOf(context) !== null;
      return getJson("trends", trendsQuery(context), signal);
    },
    answer: (answer) => {
      const note = noteOf(context, answer);
      showCut(cut, answer);
      for (const panel of panels) panel.update(answer, note);
    },
    fail: (message) => {
      cut.hidden = true;
      for (const { panel } of panels) panel.setState({ kind: "error", message, retry: () => asking.again() });
    },
  });

  let isShown = false;
  const ask = (): void => {
    cut.hidden = true;
    for (const { panel } of panels) panel.setState({ kind: "loading" });
    asking.now();
  };
  view.changed.on(({ view: now, previous }) => {
    const isSame = viewQuery({ ...now, leg: null }) === viewQuery({ ...previous, leg: null });
    if (isShown && now.page === "trends" && previous.page === "trends" && !isSame) ask();
  });
  // relative windows need the watermark, which the first snapshot brings
  context.live.changed.on(({ isSnapshot }) => isShown && isSnapshot && !knewWatermark && ask());

  return {
    element: h(
      "div",
      { class: "page page-trends" },
      h(
        "div",
        { class: "trend-controls" },
        choices("Over time", BY, () => view.current.by, (by) => view.update({ by }), context),
        choices("Lines", GROUPS, () => view.current.group, (group) => view.update({ group }), context),
      ),
      cut,
      ...panels.map(({ panel }) => panel.element),
    ),
    show: () => {
      isShown = true;
      asking.start();
    },
    leave: () => {
      isShown = false;
      asking.stop();
    },
  };
}

function trendsQuery(context: Context): Record<string, string | number | readonly string[] | null | undefined> {
  const { by, group, to } = context.view.current;
  const watermark = watermarkOf(context);
  const filters = filterQuery(context.view.current, watermark) ?? {};
  const from = filters["from"] ?? (by === "hour" ? recentFrom(watermark, to) : null);
  return { ...filters, from, by, group, top: GROUPS_ASKED, limit: ROWS };
}

/** The last hours before the end of the window, or of the data where that is earlier. */
function recentFrom(watermark: number | null, to: string | null): string | null {
  const ends = [
    watermark === null ? Infinity : Math.floor(watermark / HOUR_MS) + 1,
    to === null ? Infinity : Math.ceil(Date.parse(to) / HOUR_MS),
  ];
  const end = Math.min(...ends);
  return end === Infinity ? null : new Date((end - RECENT_HOURS) * HOUR_MS).toISOString();
}

/** Rows come oldest first, so it is the newest that are missing. */
function showCut(element: HTMLElement, { rows, total }: TrendsAnswer): void {
  element.hidden = rows.length >= total;
  setText(
    element,
    `⚠ The oldest ${count(rows.length)} of ${count(total)} rows: the newest are missing. Choose a shorter window, or wider buckets.`,
  );
}

function noteOf({ view }: Context, { by, zone }: TrendsAnswer): string {
  return ` · ${by === "hour_of_day" ? `hours in ${zone}` : "UTC"}${windowNote(view.current, by)}`;
}

/** What the chosen window leaves open. */
function windowNote({ hours, from, to }: View, by: TrendBy): string {
  if (hours !== null || from !== null) return "";
  if (to === null) return ` · last ${RECENT[by]}`;
  return by === "hour" ? ` · last ${RECENT_HOURS} h before the end` : "";
}

function choices<T extends string>(
  label: string,
  options: [T, string][],
  current: () => T,
  choose: (value: T) => void,
  { view }: Context,
): HTMLElement {
  const buttons = options.map(([value, text]) =>
    h("button", { text, attrs: { type: "button" }, on: { click: () => choose(value) } }),
  );
  const show = (): void => {
    buttons.forEach((button, index) => setAttributes(button, { "aria-pressed": options[index]?.[0] === current() }));
  };
  view.changed.on(show);
  show();
  return h("div", { class: "choices", attrs: { role: "group", "aria-label": label } }, ...buttons);
}
