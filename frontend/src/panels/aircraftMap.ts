/** Where the aircraft are, and where they head. */
import type { AirportInfo, AirportMovements, LiveFlight } from "../api/types";
import { type Focus, geo, MapChart } from "../charts/map";
import type { Palette } from "../charts/palette";
import { tooltip } from "../charts/parts";
import type { Context } from "../state/context";
import { shownFlights } from "../state/context";
import { h, rem } from "../ui/dom";
import { count, UNKNOWN } from "../ui/format";
import { Panel } from "../ui/panel";
import { PHASES } from "../ui/status";
import { throttle } from "../state/signal";

/** Nose up, in a box of 24 by 24. */
const PLANE =
  "path://M12 1.5c.9 0 1.5 1.2 1.5 2.6v5.2l8.5 5v2.2l-8.5-2.7v4.9l2.4 1.8v1.7L12 21.100l-3.900 1.100v-1.700l2.400-1.800v-4.900L2 16.500v-2.200l8.500-5V4.100c0-1.400.6-2.600 1.500-2.600z";
/** Of all airports in the world, those that the flights use. */
const AIRPORTS_DRAWN = 150;
const REDRAW_MS = 1_000;

export class AircraftMapPanel {
  readonly panel: Panel<LiveFlight>;
  private readonly chart: MapChart;
  private focus: Focus | null = null;
  private readonly redraw = throttle(REDRAW_MS, () => this.draw());

  constructor(private readonly context: Context) {
    this.chart = new MapChart("chart-map", ({ data }) => this.choose(data));
    const zoom = (text: string, label: string, act: () => void): HTMLElement =>
      h("button", { class: "small", text, attrs: { type: "button", "aria-label": label, title: label }, on: { click: act } });
    const controls = h(
      "div",
      { class: "map-controls" },
      zoom("+", "Zoom in", () => this.chart.zoom(true)),
      zoom("−", "Zoom out", () => this.chart.zoom(false)),
      zoom("⌂", "Back to the airport", () => this.focus && this.chart.home(this.focus)),
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
    const airports = this.context.live.parts?.movements ?? [];
    this.focus ??= focusOn(airport, placed);
    const { focus } = this;
    const { clientWidth, clientHeight } = this.chart.element;
    const aspect = clientHeight > 0 ? clientWidth / clientHeight : 1;
    const summary = `Map around ${airport.airport_iata}: ${placed.length} aircraft, ${airborne} of them en route.`;
    this.chart.show(summary, (colors) => ({
      geo: geo(colors, focus, aspect),
      tooltip: tooltip(colors, "item", ({ data }: { data: { lines: string[] } }) => data.lines),
      series: [
        airportSeries(colors, airports.slice(0, AIRPORTS_DRAWN), airport),
        groundSeries(colors, placed.filter((flight) => flight.flight_status !== "en-route")),
        aircraftSeries(colors, placed.filter((flight) => flight.flight_status === "en-route")),
      ],
    }));
  }

  private choose(data: unknown): void {
    const { flight, airport } = data as { flight?: string; airport?: string };
    if (flight) this.context.view.add("flight", flight);
    else if (airport) this.context.view.add("airport", airport);
  }
}

type Placed = LiveFlight & { latitude: number; longitude: number };

function hasPosition(flight: LiveFlight): flight is Placed {
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

function describe(flight: Placed): string[] {
  return [
    `${flight.flight_icao} ${flight.departure_airport_iata} → ${flight.arrival_airport_iata}`,
    `${PHASES[flight.flight_status].label}, heading ${flight.heading ?? UNKNOWN}°`,
    `${count(flight.altitude_ft)} ft, ${count(flight.ground_speed_kts)} kts`,
  ];
}

function aircraftSeries(colors: Palette, flights: Placed[]): object {
  return {
    id: "aircraft",
    type: "scatter",
    coordinateSystem: "geo",
    symbol: PLANE,
    symbolSize: rem() * 0.95,
    cursor: "pointer",
    itemStyle: { color: colors.status("en-route"), borderColor: colors.sea, borderWidth: 0.6 },
    data: flights.map((flight) => ({
      value: [flight.longitude, flight.latitude],
      // clockwise from north here, counter-clockwise there
      symbolRotate: -(flight.heading ?? 0),
      flight: flight.flight_icao,
      lines: describe(flight),
    })),
    z: 6,
  };
}

function groundSeries(colors: Palette, flights: Placed[]): object {
  return {
    id: "ground",
    type: "scatter",
    coordinateSystem: "geo",
    symbol: "rect",
    symbolSize: rem() * 0.35,
    cursor: "pointer",
    data: flights.map((flight) => ({
      value: [flight.longitude, flight.latitude],
      flight: flight.flight_icao,
      lines: describe(flight),
      itemStyle: { color: colors.status(flight.flight_status) },
    })),
    z: 4,
  };
}

function airportSeries(colors: Palette, airports: AirportMovements[], hub: AirportInfo): object {
  const placed = airports.filter((one) => one.latitude !== null && one.longitude !== null);
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
    data: placed.map((one) => ({
      value: [one.longitude, one.latitude],
      airport: one.airport_iata,
      symbolSize: one.airport_iata === hub.airport_iata ? rem() * 0.8 : rem() * 0.4,
      lines: [
        `${one.airport_iata} ${one.airport_name}`,
        `${count(one.departures)} departures, ${count(one.arrivals)} arrivals`,
      ],
    })),
    z: 5,
  };
}
