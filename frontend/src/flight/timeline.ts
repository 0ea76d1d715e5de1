/** What each event said that was new, newest first. */
import type { FieldChange, LegAnswer, LegEvent } from "../api/types";
import { h, replaceChildren, setText } from "../ui/dom";
import { boardTime, clock, count, dateTime, parseInstant, UNKNOWN } from "../ui/format";
import { statusBadge } from "../ui/status";

const SHOWN_EVENTS = 200;

export class Timeline {
  private readonly note = h("p", { class: "panel-note" });
  private readonly list = h("ol", { class: "timeline" });
  private readonly everything = h("input", {
    attrs: { type: "checkbox" },
    on: { change: () => this.render() },
  });
  private answer: LegAnswer | null = null;
  private shown = "";
  readonly element = h(
    "section",
    { class: "drawer-section", attrs: { "aria-label": "Timeline of events" } },
    h(
      "header",
      { class: "drawer-section-head" },
      h("div", {}, h("h3", { text: "Timeline" }), this.note),
      h("label", { class: "check" }, this.everything, "position reports too"),
    ),
    this.list,
  );

  reset(): void {
    this.answer = null;
    this.shown = "";
    this.everything.checked = false;
  }

  update(answer: LegAnswer): void {
    this.answer = answer;
    this.render();
  }

  private render(): void {
    if (!this.answer) return;
    const { events, total_events: total } = this.answer;
    const telling = this.everything.checked ? events : events.filter(tells);
    const newest = telling.slice(-SHOWN_EVENTS).toReversed();
    const part = newest.length === total ? "" : `${count(newest.length)} of `;
    setText(this.note, `${part}${count(total)} events, newest first, UTC`);
    // a late event may stand anywhere among them
    const key = `${this.everything.checked}/${newest.map(({ event_id: id }) => id).join()}`;
    if (key === this.shown) return;
    this.shown = key;
    replaceChildren(this.list, ...newest.map(entry));
  }
}

/** Something besides a position. */
function tells(event: LegEvent): boolean {
  return event.changes.length > 0 || event.quality_flags.length > 0 || event.is_late;
}

function entry(event: LegEvent): HTMLElement {
  const ms = parseInstant(event.event_at);
  return h(
    "li",
    { class: "event" },
    h("time", { text: ms === null ? UNKNOWN : clock(ms, { seconds: true }), attrs: { datetime: event.event_at, title: `${dateTime(event.event_at)} UTC; arrived ${dateTime(event.arrived_at)}` } }),
    h(
      "div",
      { class: "event-body" },
      h("div", { class: "event-head" }, statusBadge(event.flight_status), event.is_late && h("span", { class: "flag", text: "came late" })),
      event.changes.length > 0 && h("ul", { class: "changes" }, ...event.changes.map(change)),
      event.changes.length === 0 && position(event),
      event.quality_flags.length > 0 &&
        h("p", { class: "flag-list" }, ...event.quality_flags.map((flag) => h("span", { class: "flag", text: flag }))),
    ),
  );
}

function position(event: LegEvent): HTMLElement {
  const parts = [
    event.altitude_ft === null ? null : `${count(event.altitude_ft)} ft`,
    event.ground_speed_kts === null ? null : `${count(event.ground_speed_kts)} kts`,
    event.heading === null ? null : `${event.heading}°`,
  ].filter((part) => part !== null);
  return h("p", { class: "event-position", text: parts.length > 0 ? parts.join(" · ") : "nothing new" });
}

function change({ field, from, to }: FieldChange): HTMLElement {
  return h(
    "li",
    {},
    h("span", { class: "change-field", text: nameOf(field) }),
    from !== null && h("s", { text: valueOf(field, from) }),
    from !== null && h("span", { text: "→", attrs: { "aria-label": "to" } }),
    h("b", { text: valueOf(field, to) }),
  );
}

function nameOf(field: string): string {
  return field.replace(/_(at|iata|icao)$/, "").replaceAll("_", " ");
}

function valueOf(field: string, value: string | number | null): string {
  if (value === null) return UNKNOWN;
  return field.endsWith("_at") ? boardTime(String(value), null) : String(value);
}
