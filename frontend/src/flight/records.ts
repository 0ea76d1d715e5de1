/** The raw records behind a leg, as they came; asked for only when somebody wants them. */
import { getJson, messageOf } from "../api/client";
import type { Page, RawRecord } from "../api/types";
import { h, setText } from "../ui/dom";
import { count, dateTime } from "../ui/format";

const PAGE = 20;

export class RawRecords {
  private readonly list = h("div", { class: "record-list" });
  private readonly note = h("p", { class: "panel-note" });
  private readonly button = h("button", {
    text: "Show raw records",
    attrs: { type: "button" },
    on: { click: () => void this.more() },
  });
  private leg = "";
  private shown = 0;
  readonly element = h(
    "section",
    { class: "drawer-section", attrs: { "aria-label": "Raw records" } },
    h("header", { class: "drawer-section-head" }, h("div", {}, h("h3", { text: "Raw records" }), this.note)),
    this.list,
    this.button,
  );

  reset(leg: string): void {
    this.leg = leg;
    this.shown = 0;
    this.list.replaceChildren();
    this.button.hidden = false;
    setText(this.button, "Show raw records");
    setText(this.note, "");
  }

  update(total: number): void {
    if (this.shown === 0) setText(this.note, `${count(total)} records, byte for byte as they came`);
  }

  private async more(): Promise<void> {
    const { leg } = this;
    this.button.disabled = true;
    try {
      const page = await getJson<Page<RawRecord>>(`legs/${leg}/records`, { limit: PAGE, offset: this.shown });
      if (leg !== this.leg) return;
      this.list.append(...page.rows.map(recordOf));
      this.shown += page.rows.length;
      setText(this.note, `${count(this.shown)} of ${count(page.total)} records, newest first, byte for byte as they came`);
      setText(this.button, "Show more");
      this.button.hidden = this.shown >= page.total || page.rows.length === 0;
    } catch (error) {
      setText(this.note, `⚠ ${messageOf(error)}`);
      setText(this.button, "Try again");
    } finally {
      this.button.disabled = false;
    }
  }
}

function recordOf(record: RawRecord): HTMLElement {
  const found = record.origin === null ? "no longer kept" : `from the ${record.origin}`;
  return h(
    "details",
    { class: "record" },
    h(
      "summary",
      {},
      h("b", { text: dateTime(record.arrived_at) }),
      h("span", { class: "record-detail", text: record.event_id }),
    ),
    h("p", { class: "record-facts", text: `${record.shard_id} · ${record.sequence_number} · ${found}` }),
    h("pre", {
      class: "payload",
      text: record.payload ?? "Neither the archive nor the stream has these bytes any more.",
      attrs: { tabindex: 0, role: "region", "aria-label": "Payload as text" },
    }),
  );
}
