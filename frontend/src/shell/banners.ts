/** What people should know about what they see: a lost connection, an empty or stale pipeline. */
import type { Notice } from "../api/types";
import type { Context } from "../state/context";
import { h, replaceChildren } from "../ui/dom";
import { dateTime } from "../ui/format";

const SIGNS: Record<Notice["level"], string> = { info: "ℹ", warning: "⚠", error: "⛔" };

export function banners(context: Context): HTMLElement {
  const element = h("div", { class: "banners", attrs: { "aria-label": "Notices", role: "region" } });
  let shown = "";
  const show = (): void => {
    const notices = [...connectionNotices(context), ...(context.live.parts?.notices ?? [])];
    const key = JSON.stringify(notices);
    document.documentElement.dataset["connection"] = context.live.connection.state;
    if (key === shown) return;
    shown = key;
    element.hidden = notices.length === 0;
    replaceChildren(element, ...notices.map(banner));
  };
  context.live.connectionChanged.on(show);
  context.live.changed.on(({ parts }) => {
    if (parts.has("notices")) show();
  });
  show();
  return element;
}

function banner({ level, message }: Pick<Notice, "level" | "message">): HTMLElement {
  return h(
    "p",
    { class: `banner banner-${level}` },
    h("span", { text: SIGNS[level], attrs: { "aria-hidden": true } }),
    h("span", { text: message }),
  );
}

function connectionNotices({ live }: Context): Pick<Notice, "level" | "message">[] {
  const { state, refusal, problem } = live.connection;
  const asOf = live.stamp ? ` What you see is as of ${dateTime(live.stamp.at)} UTC.` : "";
  if (refusal !== null) {
    return [{ level: "error", message: `No connection to the server; trying again.${asOf} The server says: ${refusal}` }];
  }
  if (state === "lost") {
    return [{ level: "error", message: `The connection to the server is lost; trying again.${asOf}` }];
  }
  if (state === "stopping") {
    return [{ level: "warning", message: `The server has stopped; waiting for it to come back.${asOf}` }];
  }
  if (problem) return [{ level: "error", message: `No data from the server: ${problem} Trying again.` }];
  return [];
}
