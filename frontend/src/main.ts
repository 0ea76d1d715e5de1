/** Puts the parts together and starts them. */
import { FlightDrawer } from "./flight/drawer";
import type { PageView } from "./pages/page";
import { operationsPage } from "./pages/operations";
import { pipelinePage } from "./pages/pipeline";
import { trendsPage } from "./pages/trends";
import { banners } from "./shell/banners";
import { filterBar } from "./shell/filters";
import { header, PAGE_TITLES } from "./shell/header";
import { kiosk } from "./shell/kiosk";
import { Aggregates } from "./state/aggregates";
import type { Context } from "./state/context";
import { LiveData } from "./state/live";
import { type PageName, ViewState } from "./state/view";
import { connect } from "./stream/connect";
import { h, setText } from "./ui/dom";

const MAKERS: Record<PageName, (context: Context) => PageView> = {
  operations: operationsPage,
  trends: trendsPage,
  pipeline: pipelinePage,
};

function start(root: HTMLElement): void {
  const live = new LiveData();
  const view = new ViewState();
  const context: Context = { live, view, aggregates: new Aggregates(live, view) };
  const heading = h("h1", { class: "visually-hidden", attrs: { tabindex: -1 } });
  const main = h("main", { attrs: { id: "main" } }, heading);
  const filters = filterBar(context);
  const drawer = new FlightDrawer(context);
  root.append(header(context), filters, banners(context), main, drawer.element);

  const pages = new Map<PageName, PageView>();
  let shown: PageName | null = null;
  const showPage = (name: PageName): void => {
    filters.hidden = name === "pipeline";
    setText(heading, PAGE_TITLES[name]);
    showTitle();
    if (name === shown) return;
    if (shown) {
      const old = pages.get(shown);
      if (old) {
        old.element.hidden = true;
        old.leave();
      }
    }
    shown = name;
    let page = pages.get(name);
    if (!page) {
      page = MAKERS[name](context);
      pages.set(name, page);
      main.append(page.element);
    }
    page.element.hidden = false;
    page.show();
  };
  const showTitle = (): void => {
    const airport = live.parts?.airport?.airport_iata;
    document.title = [PAGE_TITLES[view.current.page], airport, "Airside"].filter(Boolean).join(" · ");
  };

  kiosk(view);
  view.changed.on(({ view: now }) => showPage(now.page));
  live.changed.on(({ parts }) => parts.has("airport") && showTitle());
  showPage(view.current.page);
  connect((event) => live.receive(event));
}

const root = document.getElementById("app");
if (root) start(root);
