/** What happened to every record: two equations, and whether they hold. */
import type { Accounting } from "../api/types";
import { h, replaceChildren } from "../ui/dom";
import { count } from "../ui/format";

interface Term {
  label: string;
  value: number;
  hint: string;
}

export class AccountingPanel {
  private readonly verdict = h("p", { class: "verdict", attrs: { role: "status" } });
  private readonly equations = h("div", { class: "equations" });
  private shownVerdict = "";
  readonly element = h(
    "section",
    { class: "panel panel-accounting", attrs: { "aria-labelledby": "accounting-title", "data-panel": "accounting" } },
    h(
      "header",
      { class: "panel-head" },
      h(
        "div",
        { class: "panel-title" },
        h("h2", { text: "Every record accounted for", attrs: { id: "accounting-title" } }),
        h("p", { class: "panel-note", text: "Each side is counted on its own, never derived from the other" }),
      ),
      this.verdict,
    ),
    this.equations,
  );

  update(account: Accounting): void {
    const verdict = account.balanced ? "pass" : "fail";
    if (verdict !== this.shownVerdict) {
      this.shownVerdict = verdict;
      this.verdict.className = `verdict verdict-${verdict}`;
      this.verdict.textContent = account.balanced
        ? `✓ Both balance${account.lost > 0 ? `, with ${account.lost.toLocaleString("en")} lost to damage` : ""}`
        : "✕ Does not balance";
    }
    const lost: Term[] =
      account.lost > 0
        ? [{ label: "lost", value: account.lost, hint: "In a damaged stream, before this directory was made of it" }]
        : [];
    const received: Term = { label: "received", value: account.received, hint: "Taken by the stream" };
    replaceChildren(
      this.equations,
      equation("Archive", received, [
        { label: "archived", value: account.archived, hint: archivedHint(account) },
        { label: "awaiting archive", value: account.awaiting_archive, hint: "On the stream, behind the archive" },
        ...lost,
      ]),
      equation("Transform", received, [
        { label: "clean", value: account.clean, hint: "Accepted into the warehouse" },
        { label: "quarantined", value: account.quarantined, hint: "Refused, with the reason and the bytes kept" },
        { label: "duplicates", value: account.duplicates, hint: "Same event_id as an accepted record" },
        ...(account.not_kept > 0
          ? [{ label: "not kept", value: account.not_kept, hint: "Removed by retention before this directory was rebuilt" }]
          : []),
        { label: "in flight", value: account.in_flight, hint: "On the stream, behind the transform" },
        ...lost,
      ]),
    );
  }
}

function archivedHint({ archive_removed }: Accounting): string {
  const written = "Written, verbatim, to the archive";
  return archive_removed > 0 ? `${written}; ${count(archive_removed)} of them removed by retention since` : written;
}

function equation(name: string, left: Term, right: Term[]): HTMLElement {
  const sum = right.reduce((total, { value }) => total + value, 0);
  const difference = left.value - sum;
  return h(
    "div",
    { class: "equation" },
    h("span", { class: "equation-name", text: name }),
    term(left),
    h("span", { class: "operator", text: "=" }),
    ...right.flatMap((one, index) => [
      index > 0 && h("span", { class: "operator", text: "+" }),
      term(one),
    ]),
    h("span", {
      class: difference === 0 ? "difference" : "difference is-off",
      text: difference === 0 ? "✓ holds" : `✕ off by ${count(difference)} records`,
    }),
  );
}

function term({ label, value, hint }: Term): HTMLElement {
  return h(
    "span",
    { class: "term", attrs: { title: hint } },
    h("b", { text: count(value) }),
    h("span", { text: label }),
  );
}
