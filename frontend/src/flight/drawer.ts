/** One flight beside the page: times, facts, track, timeline, raw records. Escape closes it. */
import { getJson } from "../api/client";
import type { LegAnswer } from "../api/types";
import type { Context } from "../state/context";
import { poll } from "../state/poll";
import { throttle } from "../state/signal";
import { h, replaceChildren, setText } from "../ui/dom";
import { statusBadge } from "../ui/status";
import { facts, flags, times } from "./facts";
import { RawRecords } from "./records";
import { Timeline } from "./timeline";
import { Track } from "./track";

/** A flight in the air has an event every few seconds. */
const REFRESH_MS = 2_000;
/** One that is not live any more is looked at now and then: late events change it still. */
const IDLE_MS = 30_000;

export class FlightDrawer {
  readonly element: HTMLElement;
  private readonly title = h("h2", { attrs: { id: "drawer-title", tabindex: -1 } });
  private readonly subtitle = h("p", { class: "drawer-subtitle" });
  private readonly message = h("p", { class: "drawer-message" });
  private readonly times = h("div");
  private readonly facts = h("div");
  private readonly flags = h("div");
  private readonly track = new Track();
  private readonly timeline = new Timeline();
  private readonly records = new RawRecords();
  private readonly content: HTMLElement;
  private leg: string | null = null;
  private shown: string | null = null;
  private opener: Element | null = null;
  private readonly asking = poll<LegAnswer>({
    everyMs: IDLE_MS,
    ask: (signal) => getJson(`legs/${this.leg}`, {}, signal),
    answer: (answer) => this.show(answer),
    fail: (message) => this.fail(message),
  });
  private readonly refresh = throttle(REFRESH_MS, () => this.leg && this.asking.again());

  constructor(private readonly context: Context) {
    this.content = h(
      "div",
      { class: "drawer-content" },
      this.times,
      this.facts,
      this.flags,
      this.track.element,
      this.timeline.element,
      this.records.element,
    );
    this.element = h(
      "div",
      { class: "drawer", attrs: { role: "dialog", "aria-labelledby": "drawer-title" } },
      h(
        "div",
        { class: "drawer-head" },
        h("div", {}, this.title, this.subtitle),
        h("button", {
          class: "close",
          text: "✕",
          attrs: { type: "button", "aria-label": "Close flight", title: "Close (Esc)" },
          on: { click: () => this.close() },
        }),
      ),
      h("div", { class: "drawer-scroll", attrs: { tabindex: 0, role: "region", "aria-label": "Flight details" } }, this.message, this.content),
    );
    this.element.hidden = true;
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.leg && !event.defaultPrevented) this.close();
    });
    context.view.changed.on(() => this.follow());
    context.live.changed.on(({ flights, isSnapshot }) => {
      if (this.leg && (isSnapshot || flights.has(this.leg))) this.refresh();
    });
    this.follow();
  }

  private close(): void {
    this.context.view.update({ leg: null });
  }

  private follow(): void {
    const { leg } = this.context.view.current;
    if (leg === this.leg) return;
    const wasOpen = this.leg !== null;
    this.leg = leg;
    this.element.hidden = leg === null;
    document.documentElement.toggleAttribute("data-drawer", leg !== null);
    if (leg === null) {
      this.asking.stop();
      this.refresh.cancel();
      this.returnFocus();
      return;
    }
    if (!wasOpen) this.opener = document.activeElement;
    this.clear();
    this.asking.start();
    this.title.focus({ preventScroll: true });
  }

  /** To what opened it; the board sees to its own rows, which may have moved. */
  private returnFocus(): void {
    const { opener } = this;
    this.opener = null;
    if (!(opener instanceof HTMLElement) || opener.closest(".board-body")) return;
    if (opener.isConnected && opener !== document.body) opener.focus({ preventScroll: true });
    else document.querySelector<HTMLElement>("#main h1")?.focus({ preventScroll: true });
  }

  private clear(): void {
    const known = this.context.live.flights.get(this.leg ?? "");
    setText(this.title, known?.flight_icao ?? "Flight");
    replaceChildren(this.subtitle, known && `${known.departure_airport_iata} → ${known.arrival_airport_iata}`);
    this.content.hidden = true;
    this.message.hidden = false;
    setText(this.message, "Loading the flight …");
    this.records.reset(this.leg ?? "");
    this.timeline.reset();
  }

  private fail(message: string): void {
    this.message.hidden = false;
    setText(this.message, `⚠ ${message}`);
    if (this.shown !== this.leg) this.content.hidden = true;
  }

  private show(answer: LegAnswer): void {
    const { leg } = answer;
    this.shown = leg.leg_key;
    this.message.hidden = true;
    this.content.hidden = false;
    setText(this.title, leg.flight_icao);
    const from = answer.departure_airport?.city ?? leg.departure_airport_iata;
    const to = answer.arrival_airport?.city ?? leg.arrival_airport_iata;
    replaceChildren(
      this.subtitle,
      statusBadge(leg.flight_status),
      h("span", { text: `${from} (${leg.departure_airport_iata}) → ${to} (${leg.arrival_airport_iata})` }),
      h("span", { text: leg.airline_name ?? leg.airline_iata ?? "no airline given" }),
    );
    replaceChildren(this.times, times(answer));
    replaceChildren(this.facts, facts(answer));
    replaceChildren(this.flags, flags(answer));
    this.track.update(answer.events);
    this.timeline.update(answer);
    this.records.update(answer.total_events);
  }
}
