/** The state of the airport now, and the three questions. */
import { Board } from "../board/board";
import { AircraftMapPanel } from "../panels/aircraftMap";
import { AirlineDelaysPanel } from "../panels/airlineDelays";
import { DelayPairsPanel } from "../panels/delayPairs";
import { kpiTiles } from "../panels/kpis";
import { MovementsPanel } from "../panels/movements";
import { StatusMixPanel } from "../panels/statusMix";
import { TurnaroundPanel } from "../panels/turnaround";
import type { Figures } from "../state/aggregates";
import type { Context } from "../state/context";
import { h } from "../ui/dom";
import type { Panel } from "../ui/panel";
import type { PageView } from "./page";

export function operationsPage(context: Context): PageView {
  const { live, view, aggregates } = context;
  const tiles = kpiTiles();
  const map = new AircraftMapPanel(context);
  const board = new Board(context);
  const delays = new AirlineDelaysPanel(context);
  const turnaround = new TurnaroundPanel(context);
  const mix = new StatusMixPanel(context);
  const movements = new MovementsPanel(context);
  const pairs = new DelayPairsPanel(context);
  const computed: Panel<never>[] = [delays.panel, turnaround.panel, movements.panel, pairs.panel] as never[];
  let isShown = false;
  let drawn: Partial<Figures> = {};

  const showFigures = (): void => {
    if (!isShown) return;
    tiles.setBusy(aggregates.state === "loading");
    if (aggregates.state === "error") {
      const state = { kind: "error", message: aggregates.problem, retry: () => aggregates.retry() } as const;
      for (const panel of computed) panel.setState(state);
      tiles.fail();
      drawn = {};
      return;
    }
    const { figures } = aggregates;
    if (aggregates.state === "loading" || !figures) {
      for (const panel of computed) panel.setState({ kind: "loading" });
      drawn = {};
      return;
    }
    // the tiles change each second, most charts don't
    const isNew = (...names: (keyof Figures)[]): boolean => names.some((name) => figures[name] !== drawn[name]);
    tiles.update(figures.kpis);
    if (isNew("airline_delays")) delays.update(figures.airline_delays);
    if (isNew("passengers_vs_turnaround", "turnaround_points")) {
      turnaround.update(figures.passengers_vs_turnaround, figures.turnaround_points);
    }
    if (isNew("movements")) movements.update(figures.movements);
    if (isNew("delay_pairs")) pairs.update(figures.delay_pairs);
    drawn = { ...figures };
  };
  const showFlights = (): void => {
    if (!isShown || !live.parts) return;
    board.update();
    mix.update();
    map.update();
  };

  aggregates.changed.on(showFigures);
  live.changed.on(({ flights, isSnapshot }) => {
    if (isSnapshot || flights.size > 0) showFlights();
  });
  live.beat.on(() => isShown && board.tick());
  view.changed.on(({ view: now, previous }) => {
    if (now.leg === previous.leg || now.page !== previous.page) showFlights();
  });

  const element = h(
    "div",
    { class: "page page-operations" },
    tiles.element,
    map.panel.element,
    board.element,
    delays.panel.element,
    turnaround.panel.element,
    mix.panel.element,
    movements.panel.element,
    pairs.panel.element,
  );
  return {
    element,
    show: () => {
      aggregates.start();
      isShown = true;
      showFigures();
      showFlights();
    },
    leave: () => {
      isShown = false;
      aggregates.stop();
    },
  };
}
