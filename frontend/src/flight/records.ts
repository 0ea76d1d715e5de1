/** The raw records behind a leg, as they came; asked for only when somebody wants them. */
import { getJson, messageOf, type Query } from "../api/client";
import type { Page, RawRecord } from "../api/types";
import { h, setText } from "../ui/dom";
import { count, dateTime } from "../ui/format";

const PAGE = 20;
/** As many as the server gives at once. */
const MOST = 200;

export class RawRecords {
  private readonly list = h("div", { class: "record-list" });
  private readonly note = h("p", { class: "panel-note" });
  private readonly newerButton = h("button", {
    class: "small",
    attrs: { type: "button" },
    on: { click: () => void this.askNewer() },
  });
  private readonly olderButton = h("button", {
    attrs: { type: "button" },
    on: { click: () => void this.askOlder() },
  });
  private leg = "";
  /** Those in the list, which follow one another: newer ones came since, older ones are left. */
  private readonly listed = new Set<string>();
  private older = 0;
  private total = 0;
  private request: AbortController | null = null;
  private failed: { button: HTMLButtonElement; message: string } | null = null;
  readonly element = h(
    "section",
    { class: "drawer-section", attrs: { "aria-label": "Raw records" } },
    h(
      "header",
      { class: "drawer-section-head" },
      h("div", {}, h("h3", { text: "Raw records" }), this.note),
      this.newerButton,
    ),
    this.list,
    this.olderButton,
  );

  reset(leg: string): void {
    this.request?.abort();
    this.request = null;
    this.leg = leg;
    this.failed = null;
    this.total = 0;
    this.clear(0);
    this.show();
  }

  /** @param total How many the leg has by now. */
  update(total: number): void {
    this.total = total;
    if (this.listed.size === 0) this.older = total;
    this.show();
  }

  private get newer(): number {
    return Math.max(0, this.total - this.older - this.listed.size);
  }

  private clear(older: number): void {
    this.listed.clear();
    this.list.replaceChildren();
    this.older = older;
  }

  private async askOlder(): Promise<void> {
    const offset = this.newer + this.listed.size;
    await this.ask(this.olderButton, { limit: PAGE, offset }, ({ rows, total }) => {
      this.list.append(...this.unlisted(rows));
      this.older = rows.length === 0 ? 0 : Math.max(0, total - offset - rows.length);
    });
  }

  private async askNewer(): Promise<void> {
    const limit = Math.min(MOST, this.newer + PAGE);
    await this.ask(this.newerButton, { limit, offset: 0 }, ({ rows, total }) => {
      // with more than one answer holds there would be a gap: the list begins anew
      if (!rows.some((row) => this.listed.has(idOf(row)))) this.clear(total - rows.length);
      this.list.prepend(...this.unlisted(rows));
    });
  }

  private async ask(button: HTMLButtonElement, query: Query, take: (page: Page<RawRecord>) => void): Promise<void> {
    const mine = new AbortController();
    this.request = mine;
    this.show();
    try {
      const page = await getJson<Page<RawRecord>>(`legs/${this.leg}/records`, query, mine.signal);
      if (this.request !== mine) return;
      this.failed = null;
      take(page);
      this.total = page.total;
    } catch (error) {
      if (this.request !== mine) return;
      this.failed = { button, message: messageOf(error) };
    }
    this.request = null;
    this.show();
  }

  private unlisted(rows: RawRecord[]): HTMLElement[] {
    const fresh = rows.filter((row) => !this.listed.has(idOf(row)));
    for (const row of fresh) this.listed.add(idOf(row));
    return fresh.map(recordOf);
  }

  private show(): void {
    const { failed, listed, newer, total, newerButton, olderButton } = this;
    const number = listed.size === 0 ? count(total) : `${count(listed.size)} of ${count(total)}`;
    const order = listed.size === 0 ? "" : ", newest first";
    setText(this.note, failed ? `⚠ ${failed.message}` : `${number} records${order}, byte for byte as they came`);
    newerButton.hidden = newer === 0;
    olderButton.hidden = this.older === 0;
    const label = listed.size === 0 ? "Show raw records" : "Show more";
    setText(newerButton, failed?.button === newerButton ? "Try again" : `Show ${count(newer)} newer`);
    setText(olderButton, failed?.button === olderButton ? "Try again" : label);
    for (const button of [newerButton, olderButton]) button.disabled = this.request !== null;
  }
}

function idOf({ shard_id: shard, sequence_number: number }: RawRecord): string {
  return `${shard} ${number}`;
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
