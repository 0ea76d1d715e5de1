/** Airport, clocks, freshness, connection, pages and theme. */
import type { Context } from "../state/context";
import { type PageName, PAGES, viewQuery } from "../state/view";
import { h, setAttributes, setText } from "../ui/dom";
import { clock, day, duration, parseInstant, UNKNOWN } from "../ui/format";

export const PAGE_TITLES: Record<PageName, string> = {
  operations: "Operations",
  trends: "Trends",
  pipeline: "Pipeline",
};

export function header(context: Context): HTMLElement {
  return h(
    "header",
    { class: "top" },
    h("div", { class: "brand" }, h("span", { class: "brand-name", text: "Airside" }), airport(context)),
    navigation(context),
    h("div", { class: "top-facts" }, clocks(context), freshness(context), connection(context), themeButton()),
  );
}

function airport({ live }: Context): HTMLElement {
  const code = h("b", { text: "" });
  const name = h("span", { class: "airport-name" });
  live.changed.on(({ parts }) => {
    if (!parts.has("airport")) return;
    const info = live.parts?.airport;
    setText(code, info?.airport_iata ?? "");
    setText(name, info ? (info.city ?? info.airport_name) : "no airport yet");
    name.title = info?.airport_name ?? "";
  });
  return h("span", { class: "airport" }, code, name);
}

function navigation({ view }: Context): HTMLElement {
  const links = PAGES.map((page) =>
    h("a", {
      text: PAGE_TITLES[page],
      attrs: { "data-page": page },
      on: {
        click: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          view.update({ page });
        },
      },
    }),
  );
  const refresh = (): void => {
    links.forEach((link, index) => {
      const page = PAGES[index] ?? "operations";
      setAttributes(link, {
        href: viewQuery({ ...view.current, page }),
        "aria-current": page === view.current.page ? "page" : null,
      });
    });
  };
  view.changed.on(refresh);
  document.addEventListener("airside:theme-changed", refresh);
  refresh();
  return h("nav", { class: "pages", attrs: { "aria-label": "Pages" } }, ...links);
}

/** The clock of the data: a simulated or replayed day has its own. */
function clocks({ live }: Context): HTMLElement {
  const utc = fact("UTC", "Time of the data (watermark), UTC");
  const local = fact("Local", "Time of the data at the airport");
  local.element.classList.add("fact-local");
  live.beat.on(({ watermark }) => {
    const ms = parseInstant(watermark);
    utc.set(ms === null ? UNKNOWN : `${day(ms)} ${clock(ms, { seconds: true })}`);
    const zone = live.parts?.airport?.timezone;
    local.set(ms === null || !zone ? UNKNOWN : clock(ms, { zone }));
    if (zone) local.element.title = `Time of the data at the airport (${zone})`;
  });
  return h("div", { class: "clocks" }, utc.element, local.element);
}

/** Age of the newest event when it reaches the screen, or since nothing came any more. */
function freshness({ live }: Context): HTMLElement {
  const age = fact("Newest event", "From the stream's taking the newest event to its being on this screen");
  let painted = 0;
  let newest: string | null = null;
  const show = (): void => {
    const arrived = parseInstant(live.stamp?.newest_arrived_at);
    if (arrived === null) {
      age.set("none yet");
      return;
    }
    const isNew = live.stamp?.newest_arrived_at !== newest;
    newest = live.stamp?.newest_arrived_at ?? null;
    const now = Date.now() - live.clockOffset;
    if (isNew) painted = now;
    const seconds = (now - arrived) / 1_000;
    // between two deltas the age at the paint stands; only silence makes it grow
    const isSilent = now - painted > 3_000;
    age.set(`${duration(isSilent ? seconds : (painted - arrived) / 1_000)}${isSilent ? " ago" : ""}`);
    age.element.classList.toggle("is-old", seconds > 10);
  };
  let isAwaited = false;
  live.beat.on(() => {
    // a hidden tab gets no frames: they would queue there
    if (isAwaited) return;
    isAwaited = true;
    requestAnimationFrame(() => {
      isAwaited = false;
      show();
    });
  });
  setInterval(show, 1_000);
  return age.element;
}

const CONNECTION_TEXT = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost",
  stopping: "Server stopped",
} as const;

function connection({ live }: Context): HTMLElement {
  const text = h("span", { text: CONNECTION_TEXT.connecting });
  const element = h("div", { class: "connection", attrs: { role: "status", "data-state": "connecting" } }, text);
  live.connectionChanged.on(({ state, refusal }) => {
    setText(text, refusal === null ? CONNECTION_TEXT[state] : "No connection");
    setAttributes(element, { "data-state": state, title: refusal });
  });
  return element;
}

const THEMES = ["system", "light", "dark"] as const;
const THEME_SIGNS = { system: "◐", light: "☀", dark: "☾" };

function themeButton(): HTMLElement {
  const button = h("button", { class: "theme", attrs: { type: "button" } });
  const chosen = (): (typeof THEMES)[number] => {
    const choice = document.documentElement.dataset["themeChoice"];
    return THEMES.find((theme) => theme === choice) ?? "system";
  };
  const show = (): void => {
    setText(button, THEME_SIGNS[chosen()]);
    setAttributes(button, { "aria-label": `Theme: ${chosen()}`, title: `Theme: ${chosen()}` });
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] ?? "system";
    forgetAddressTheme();
    try {
      localStorage.setItem("airside-theme", next);
    } catch {
      // storage is switched off: the theme holds for this page only
    }
    document.dispatchEvent(new Event("airside:theme-chosen"));
  });
  document.addEventListener("airside:theme-changed", show);
  show();
  return button;
}

/** What the address says comes before what is chosen. */
function forgetAddressTheme(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has("theme")) return;
  url.searchParams.delete("theme");
  history.replaceState(null, "", url);
}

function fact(label: string, title: string): { element: HTMLElement; set: (text: string) => void } {
  const value = h("span", { class: "fact-value", text: UNKNOWN });
  const element = h("div", { class: "fact", attrs: { title } }, h("span", { class: "fact-label", text: label }), value);
  return { element, set: (text) => setText(value, text) };
}
