/** Where the aircraft are, and where they head. */
import type { AirportInfo, AirportMovements, LiveFlight, NumberedFlight } from "../api/types";
import { type Focus, geo, MapChart } from "../charts/map";
import type { Mark } from "../charts/marks";
import type { Palette } from "../charts/palette";
import { tooltip } from "../charts/parts";
import type { Context } from "../state/context";
import { shownFlights } from "../state/context";
import { h, rem } from "../ui/dom";
import { count, UNKNOWN } from "../ui/format";
import { Panel } from "../ui/panel";
import { PHASES } from "../ui/status";
import { throttle } from "../state/signal";

/** Of all airports in the world, those that the flights use. */
const AIRPORTS_DRAWN = 150;
const REDRAW_MS = 1_000;
/** The map's reach follows its aircraft no more often than this … */
const REFOCUS_MS = 30_000;
/** … and only where it becomes so much another one: the map should lie still under its readers. */
const REFOCUS_RATIO = 1.25;

export class AircraftMapPanel {
  readonly panel: Panel<LiveFlight>;
  private readonly chart: MapChart;
  private shown: { airport: string; focus: Focus } | null = null;
  /** When it was last looked at whether the aircraft are still within reach. */
  private lookedAt = 0;
  /** Names what is drawn below the aircraft. */
  private below = "";
  private readonly redraw = throttle(REDRAW_MS, () => this.draw());

  constructor(private readonly context: Context) {
    this.chart = new MapChart("chart-map", {
      choose: ({ data }) => context.view.add("airport", (data as { airport: string }).airport),
      chooseMark: ({ name }) => this.withFlight(name, ({ flight_icao }) => context.view.add("flight", flight_icao)),
      describeMark: ({ name }) => this.withFlight(name, describe) ?? [],
    });
    const zoom = (text: string, label: string, act: () => void): HTMLElement =>
      h("button", { class: "small", text, attrs: { type: "button", "aria-label": label, title: label }, on: { click: act } });
    const controls = h(
      "div",
      { class: "map-controls" },
      zoom("+", "Zoom in", () => this.chart.zoom(true)),
      zoom("−", "Zoom out", () => this.chart.zoom(false)),
      zoom("⌂", "Back to the airport", () => this.goHome()),
    );
    this.panel = new Panel<LiveFlight>({
      title: "Aircraft positions",
      name: "map",
      columns: [
        {
          key: "flight_icao",
          label: "Flight",
          value: (row) => row.flight_icao,
          choose:
            ({ flight_icao }) =>
            () =>
              context.view.add("flight", flight_icao),
          chooseLabel: "Filter by this flight",
        },
        { key: "flight_status", label: "Status", value: (row) => row.flight_status, text: (row) => PHASES[row.flight_status].label },
        { key: "departure_airport_iata", label: "From", value: (row) => row.departure_airport_iata },
        { key: "arrival_airport_iata", label: "To", value: (row) => row.arrival_airport_iata },
        { key: "latitude", label: "Latitude", value: (row) => row.latitude, text: (row) => degrees(row.latitude), isNumber: true },
        { key: "longitude", label: "Longitude", value: (row) => row.longitude, text: (row) => degrees(row.longitude), isNumber: true },
        { key: "heading", label: "Heading, °", value: (row) => row.heading, isNumber: true },
        { key: "altitude_ft", label: "Altitude, ft", value: (row) => row.altitude_ft, text: (row) => count(row.altitude_ft), isNumber: true },
        { key: "ground_speed_kts", label: "Speed, kts", value: (row) => row.ground_speed_kts, isNumber: true },
      ],
      content: h("div", { class: "map-view" }, this.chart.element, controls),
    });
  }

  update(): void {
    this.redraw();
  }

  private draw(): void {
    const flights = shownFlights(this.context);
    const placed = flights.filter(hasPosition);
    const airborne = placed.filter((flight) => flight.flight_status === "en-route").length;
    this.panel.setRows(
      placed,
      `n = ${count(placed.length)} of ${count(flights.length)} flights with a position, ${count(airborne)} en route`,
    );
    const airport = this.context.live.parts?.airport;
    if (!airport || airport.latitude === null || airport.longitude === null) {
      this.panel.setState({ kind: "empty", message: "No position yet: the map opens with the first flights." });
      return;
    }
    this.panel.setState({ kind: "ready" });
    const focus = this.focusOf(airport, placed);
    const summary = `Map around ${airport.airport_iata}: ${placed.length} aircraft, ${airborne} of them en route.`;
    this.drawBelow(airport, focus, summary);
    this.chart.setMarks(marksOf(placed));
  }

  private goHome(): void {
    this.shown = null;
    this.draw();
  }

  /** Where it was, unless another airport, or other distances, call for another part of the world. */
  private focusOf(airport: AirportInfo, flights: Placed[]): Focus {
    const { shown } = this;
    const now = performance.now();
    const isSame = shown?.airport === airport.airport_iata;
    if (isSame && (this.chart.isMoved || now - this.lookedAt < REFOCUS_MS)) return shown.focus;
    this.lookedAt = now;
    const focus = focusOn(airport, flights);
    if (isSame && isAbout(focus.reach, shown.focus.reach)) return shown.focus;
    this.shown = { airport: airport.airport_iata, focus };
    this.chart.home(focus);
    return focus;
  }

  /** What does not move: drawn anew only where it is another. */
  private drawBelow(airport: AirportInfo, focus: Focus, summary: string): void {
    const airports = (this.context.live.parts?.movements ?? []).slice(0, AIRPORTS_DRAWN).filter(isPlaced);
    const { clientWidth, clientHeight } = this.chart.element;
    const aspect = clientHeight > 0 ? clientWidth / clientHeight : 1;
    const codes = airports.map(({ airport_iata }) => airport_iata).toSorted();
    const below = [airport.airport_iata, focus.reach, aspect, ...codes].join(" ");
    if (below === this.below) {
      this.chart.describe(summary);
      return;
    }
    this.below = below;
    this.chart.show(summary, (colors) => ({
      geo: geo(colors, focus, aspect),
      tooltip: tooltip(colors, "item", ({ data }: { data: { airport: string } }) => this.tellAirport(data.airport)),
      series: [airportSeries(colors, airports, airport)],
    }));
  }

  private tellAirport(code: string): string[] {
    const found = this.context.live.parts?.movements.find(({ airport_iata }) => airport_iata === code);
    if (!found) return [code];
    return [
      `${found.airport_iata} ${found.airport_name}`,
      `${count(found.departures)} departures, ${count(found.arrivals)} arrivals`,
    ];
  }

  private withFlight<T>(leg: string, use: (flight: LiveFlight) => T): T | null {
    const flight = this.context.live.flights.get(leg);
    return flight ? use(flight) : null;
  }
}

type Placed = NumberedFlight & { latitude: number; longitude: number };

function isPlaced({ latitude, longitude }: AirportMovements): boolean {
  return latitude !== null && longitude !== null;
}

function hasPosition(flight: NumberedFlight): flight is Placed {
  return flight.latitude !== null && flight.longitude !== null;
}

function degrees(value: number | null): string {
  return value === null ? UNKNOWN : value.toFixed(3);
}

/** As near as shows three in four aircraft. */
function focusOn(airport: AirportInfo, flights: Placed[]): Focus {
  const longitude = airport.longitude ?? 0;
  const latitude = airport.latitude ?? 0;
  const shrink = Math.cos((latitude * Math.PI) / 180);
  const distances = flights
    .map((flight) => Math.max(Math.abs(flight.latitude - latitude), Math.abs(flight.longitude - longitude) * shrink))
    .sort((a, b) => a - b);
  const far = distances[Math.floor(distances.length * 0.75)] ?? 10;
  return { longitude, latitude, reach: Math.min(40, Math.max(4, far * 1.1)) };
}

function isAbout(reach: number, other: number): boolean {
  return Math.max(reach, other) < Math.min(reach, other) * REFOCUS_RATIO;
}

function describe(flight: LiveFlight): string[] {
  return [
    `${flight.flight_icao} ${flight.departure_airport_iata} → ${flight.arrival_airport_iata}`,
    `${PHASES[flight.flight_status].label}, heading ${flight.heading ?? UNKNOWN}°`,
    `${count(flight.altitude_ft)} ft, ${count(flight.ground_speed_kts)} kts`,
  ];
}

/** Those on the ground first, so that those in the air lie over them. */
function marksOf(flights: Placed[]): Mark[] {
  const marks = flights.map((flight) => ({
    name: flight.leg_key,
    longitude: flight.longitude,
    latitude: flight.latitude,
    status: flight.flight_status,
    heading: flight.flight_status === "en-route" ? (flight.heading ?? 0) : null,
  }));
  return [...marks.filter(({ heading }) => heading === null), ...marks.filter(({ heading }) => heading !== null)];
}

function airportSeries(colors: Palette, airports: AirportMovements[], hub: AirportInfo): object {
  return {
    id: "airports",
    type: "scatter",
    coordinateSystem: "geo",
    symbol: "emptyCircle",
    cursor: "pointer",
    itemStyle: { color: colors.text },
    label: {
      show: true,
      position: "right",
      formatter: ({ data }: { data: { airport: string } }) => data.airport,
      color: colors.text,
      fontSize: colors.size,
      textBorderColor: colors.land,
      textBorderWidth: 2,
    },
    labelLayout: { hideOverlap: true },
    data: airports.map((one) => ({
      value: [one.longitude, one.latitude],
      airport: one.airport_iata,
      symbolSize: one.airport_iata === hub.airport_iata ? rem() * 0.8 : rem() * 0.4,
    })),
    z: 5,
  };
}
