/** Why records were refused, and the refused records themselves. */
import { getJson } from "../api/client";
import type { Page, QuarantinedRecord } from "../api/types";
import { poll } from "../state/poll";
import { BarList } from "../ui/barList";
import { h, replaceChildren, setText } from "../ui/dom";
import { bytes, count, dateTime } from "../ui/format";
import { Panel } from "../ui/panel";

interface Reason {
  reason: string;
  records: number;
  share: number;
}

const SAMPLES = 20;
const REFRESH_MS = 10_000;

export class QuarantinePanels {
  readonly reasons: Panel<Reason>;
  readonly samples: Panel<QuarantinedRecord>;
  private readonly bars = new BarList("Quarantine reasons", (reason) => this.choose(reason));
  private readonly list = h("div", { class: "record-list", attrs: { tabindex: 0, role: "region", "aria-label": "Quarantined records, list" } });
  private chosen: string | null = null;
  private counts: Record<string, number> = {};
  private received = 0;
  private shown = "";
  readonly asking = poll<Page<QuarantinedRecord>>({
    everyMs: REFRESH_MS,
    ask: (signal) => getJson("quarantine", { reason: this.chosen, limit: SAMPLES }, signal),
    answer: (page) => this.show(page),
    fail: (message) => this.samples.setState({ kind: "error", message, retry: () => this.asking.again() }),
  });

  constructor() {
    this.reasons = new Panel({
      title: "Quarantine reasons",
      name: "quarantine-reasons",
      columns: [
        {
          key: "reason",
          label: "Reason",
          value: (row) => row.reason,
          choose:
            ({ reason }) =>
            () =>
              this.choose(reason),
          chooseLabel: "Show records with this reason",
        },
        { key: "records", label: "Records", value: (row) => row.records, text: (row) => count(row.records), isNumber: true },
        {
          key: "share_of_received",
          label: "Of received, %",
          value: (row) => row.share,
          text: (row) => (row.share * 100).toFixed(3),
          isNumber: true,
        },
      ],
      content: this.bars.element,
    });
    this.samples = new Panel({
      title: "Quarantined records",
      name: "quarantine-samples",
      columns: [
        { key: "arrived_at", label: "Arrived, UTC", value: (row) => row.arrived_at, text: (row) => dateTime(row.arrived_at) },
        { key: "reason", label: "Reason", value: (row) => row.reason },
        { key: "reasons", label: "All reasons", value: (row) => row.reasons.join(" ") },
        { key: "detail", label: "Detail", value: (row) => row.detail },
        { key: "shard_id", label: "Shard", value: (row) => row.shard_id },
        { key: "sequence_number", label: "Sequence number", value: (row) => row.sequence_number },
        { key: "payload", label: "Payload", value: (row) => row.payload, className: () => "payload-cell" },
      ],
      content: this.list,
    });
  }

  update(counts: Record<string, number>, received: number): void {
    this.counts = counts;
    this.received = received;
    const rows = Object.entries(counts).map(([reason, records]) => ({ reason, records, share: records / Math.max(1, received) }));
    const total = rows.reduce((sum, { records }) => sum + records, 0);
    this.reasons.setRows(rows, `n = ${count(total)} of ${count(received)} received records · choose one to see its records`);
    if (total === 0) {
      this.reasons.setState({ kind: "empty", message: "No record has been refused." });
      return;
    }
    this.reasons.setState({ kind: "ready" });
    this.bars.update(
      rows.map(({ reason, records, share }) => ({
        key: reason,
        label: reason,
        value: records,
        text: `${count(records)} (${(share * 100).toFixed(2)} %)`,
        isPressed: reason === this.chosen,
      })),
    );
  }

  private choose(reason: string): void {
    this.chosen = this.chosen === reason ? null : reason;
    this.update(this.counts, this.received);
    this.samples.setState({ kind: "loading" });
    this.asking.now();
  }

  private show(page: Page<QuarantinedRecord>): void {
    const which = this.chosen ? ` with reason ${this.chosen}` : "";
    this.samples.setRows(page.rows, `The newest ${count(page.rows.length)} of ${count(page.total)}${which}`);
    if (page.rows.length === 0) {
      this.samples.setState({ kind: "empty", message: `No record${which} is in quarantine.` });
      return;
    }
    this.samples.setState({ kind: "ready" });
    const key = page.rows.map((row) => row.shard_id + row.sequence_number).join();
    // opened records stay open while nothing new has come
    if (key === this.shown) return;
    this.shown = key;
    replaceChildren(this.list, ...page.rows.map(recordOf));
  }
}

function recordOf(row: QuarantinedRecord): HTMLElement {
  const payload = h("pre", { class: "payload", attrs: { tabindex: 0, role: "region", "aria-label": "Payload as text" } });
  setText(payload, row.payload);
  return h(
    "details",
    { class: "record" },
    h(
      "summary",
      {},
      h("b", { text: row.reason }),
      h("span", { class: "record-detail", text: row.detail }),
      h("span", { class: "record-when", text: dateTime(row.arrived_at) }),
    ),
    h("p", {
      class: "record-facts",
      text: `${row.shard_id} · ${row.sequence_number} · ${bytes(row.payload_bytes)} · reasons: ${row.reasons.join(", ")}`,
    }),
    payload,
  );
}
