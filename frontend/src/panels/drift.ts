/** Where sources depart from the contract, or from what they used to send. */
import { getJson } from "../api/client";
import type { DriftAnswer, DriftFinding } from "../api/types";
import { poll } from "../state/poll";
import { count, dateTime } from "../ui/format";
import { Panel } from "../ui/panel";

const REFRESH_MS = 10_000;
const ROWS = 200;

const KIND_NAMES: Record<DriftFinding["kind"], string> = {
  new_field: "New field",
  changed_type: "Changed type",
  missing_field: "Missing field",
};

export class DriftPanel {
  readonly panel = new Panel<DriftFinding>({
    title: "Schema drift",
    name: "drift",
    columns: [
      {
        key: "state",
        label: "State",
        value: (row) => (row.is_change ? "change" : "usual"),
        text: (row) => (row.is_change ? "⚠ change" : "– usual"),
        className: (row) => (row.is_change ? "bad" : ""),
      },
      { key: "kind", label: "What", value: (row) => row.kind, text: (row) => KIND_NAMES[row.kind] },
      { key: "source_system_id", label: "Source", value: (row) => row.source_system_id, text: (row) => row.source_system_id || "–", className: () => "wrap" },
      { key: "path", label: "Field", value: (row) => row.path, className: () => "wrap" },
      { key: "json_types", label: "Types", value: (row) => row.json_types },
      {
        key: "records",
        label: "Records",
        value: (row) => row.records,
        text: (row) => `${count(row.records)} of ${count(row.source_examined)}`,
        isNumber: true,
      },
      { key: "first_seen_at", label: "Since, UTC", value: (row) => row.first_seen_at, text: (row) => dateTime(row.first_seen_at) },
      { key: "last_seen_at", label: "Last, UTC", value: (row) => row.last_seen_at, text: (row) => dateTime(row.last_seen_at) },
      { key: "example", label: "Example", value: (row) => row.example, className: () => "payload-cell" },
    ],
  });
  readonly asking = poll<DriftAnswer>({
    everyMs: REFRESH_MS,
    ask: (signal) => getJson("drift", { limit: ROWS }, signal),
    answer: (answer) => this.show(answer),
    fail: (message) => this.panel.setState({ kind: "error", message, retry: () => this.asking.again() }),
  });

  private show({ rows, total, changes, examined, received }: DriftAnswer): void {
    const sample = `${count(examined)} of ${count(received)} records examined`;
    const shown = rows.length < total ? `${count(rows.length)} of ${count(total)} findings` : `${count(total)} findings`;
    this.panel.setRows(rows, `${shown}, ${count(changes)} of them changes · ${sample}`);
    if (total > 0) this.panel.setState({ kind: "ready" });
    else if (examined > 0) this.panel.setState({ kind: "empty", message: `✓ No field departs from the contract: ${sample}.` });
    else this.panel.setState({ kind: "empty", message: "No record has been examined here." });
  }
}
