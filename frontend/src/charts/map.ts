/** A chart on the outlines of countries, centred on an airport, with marks that move over it. */
import type { ECharts } from "echarts/core";
import { h, replaceChildren } from "../ui/dom";
import { Chart, type Clicked, type Engine, loadEngine } from "./chart";
import { once } from "./loading";
import { type Mark, MarkLayer, type Projection } from "./marks";
import { loadOutlines } from "./outlines";
import { type Palette, palette } from "./palette";

const loadMap = once(async (): Promise<Engine> => {
  const [engine, geoJSON] = await Promise.all([loadEngine(), loadOutlines()]);
  // its type asks for the map's inset areas too, which are optional
  engine.registerMap("world", { geoJSON, specialAreas: {} } as never);
  return engine;
});

export interface Focus {
  longitude: number;
  latitude: number;
  /** Half of what is shown, north to south, in degrees. */
  reach: number;
}

const ZOOM_STEP = 1.6;
/** A press that moves farther is a drag, px. */
const CLICK_REACH = 4;

export interface MapOptions {
  /** What a click on an element of the chart does. */
  choose: (clicked: Clicked) => void;
  /** … and one on a mark. */
  chooseMark: (mark: Mark) => void;
  /** What is told of a mark on hover: its title first. */
  describeMark: (mark: Mark) => string[];
}

export class MapChart extends Chart {
  private readonly layer = new MarkLayer();
  private readonly tip = h("div", { class: "tooltip map-tip", attrs: { "aria-hidden": "true" } });
  private project: Projection | null = null;
  private pressedAt: { x: number; y: number } | null = null;
  /** Whether somebody has panned or zoomed since the map was last at home. */
  isMoved = false;

  constructor(
    className: string,
    private readonly options: MapOptions,
  ) {
    super(className, options.choose);
    this.tip.hidden = true;
  }

  /** Moves the marks; what is below them stays. */
  setMarks(marks: readonly Mark[]): void {
    this.layer.setMarks(marks);
    this.drawMarks();
  }

  protected override load(): Promise<Engine> {
    return loadMap();
  }

  protected override whenReady(instance: ECharts): void {
    this.element.append(this.layer.canvas, this.tip);
    instance.on("rendered", () => {
      this.project = projection(instance);
      this.drawMarks();
    });
    instance.on("georoam", () => (this.isMoved = true));
    this.element.addEventListener("pointerdown", ({ clientX, clientY }) => {
      this.pressedAt = { x: clientX, y: clientY };
    }, { capture: true });
    this.element.addEventListener("click", (event) => this.onPress(event), { capture: true });
    this.element.addEventListener("pointermove", (event) => this.showTip(event));
    this.element.addEventListener("pointerleave", () => (this.tip.hidden = true));
    // the wheel scrolls the page unless the map has the focus, or Ctrl is held
    this.element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !this.element.contains(document.activeElement)) event.stopPropagation();
      },
      { capture: true },
    );
  }

  zoom(isIn: boolean): void {
    this.isMoved = true;
    const zoom = this.currentZoom() * (isIn ? ZOOM_STEP : 1 / ZOOM_STEP);
    this.instance?.setOption({ geo: { zoom: Math.min(60, Math.max(0.3, zoom)) } });
  }

  /** Undoes what was panned and zoomed. */
  home({ longitude, latitude }: Focus): void {
    this.isMoved = false;
    this.instance?.setOption({ geo: { zoom: 1, center: [longitude, latitude] } });
  }

  private drawMarks(): void {
    if (this.project && !document.hidden) this.layer.draw(this.project, palette());
  }

  private markAt({ clientX, clientY }: MouseEvent): Mark | null {
    const { left, top } = this.layer.canvas.getBoundingClientRect();
    return this.layer.at(clientX - left, clientY - top);
  }

  /** A mark lies over the chart, so a click on it is none on what is below. */
  private onPress(event: MouseEvent): void {
    const { x, y } = this.pressedAt ?? { x: event.clientX, y: event.clientY };
    if (Math.hypot(event.clientX - x, event.clientY - y) > CLICK_REACH) return;
    const mark = this.markAt(event);
    if (!mark) return;
    event.stopPropagation();
    this.options.chooseMark(mark);
  }

  private showTip(event: PointerEvent): void {
    const mark = event.buttons === 0 ? this.markAt(event) : null;
    this.tip.hidden = mark === null;
    this.element.classList.toggle("is-on-mark", mark !== null);
    if (!mark) return;
    const [title, ...rest] = this.options.describeMark(mark);
    replaceChildren(this.tip, h("strong", { text: title ?? "" }), ...rest.map((text) => h("div", { text })));
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const beside = 12;
    const x = Math.min(event.clientX - left + beside, width - this.tip.offsetWidth - 4);
    const y = Math.min(event.clientY - top + beside, height - this.tip.offsetHeight - 4);
    this.tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
  }

  private currentZoom(): number {
    const option = this.instance?.getOption() as { geo?: { zoom?: number }[] } | undefined;
    return option?.geo?.[0]?.zoom ?? 1;
  }
}

export function geo(colors: Palette, focus: Focus, aspect: number): object {
  const { longitude, latitude, reach } = focus;
  // a degree of longitude is shorter than one of latitude, the more so the farther from the equator
  const aspectScale = Math.max(0.35, Math.cos((latitude * Math.PI) / 180));
  const across = (reach * aspect) / aspectScale;
  return {
    map: "world",
    roam: true,
    silent: true,
    aspectScale,
    boundingCoords: [
      [longitude - across, latitude + reach],
      [longitude + across, latitude - reach],
    ],
    scaleLimit: { min: 0.3, max: 60 },
    left: 0,
    right: 0,
    top: 0,
    bottom: 0,
    itemStyle: { areaColor: colors.land, borderColor: colors.line, borderWidth: 0.7 },
    emphasis: { disabled: true },
    select: { disabled: true },
  };
}

/** Without a projection of its own the map is linear, so two places tell where all others are. */
function projection(instance: ECharts): Projection | null {
  const origin = instance.convertToPixel("geo", [0, 0]) as number[] | undefined;
  const other = instance.convertToPixel("geo", [10, 10]) as number[] | undefined;
  const [x = NaN, y = NaN] = origin ?? [];
  const [dx, dy] = [((other?.[0] ?? NaN) - x) / 10, ((other?.[1] ?? NaN) - y) / 10];
  if (![x, y, dx, dy].every(Number.isFinite)) return null;
  return (longitude, latitude) => [x + longitude * dx, y + latitude * dy];
}
