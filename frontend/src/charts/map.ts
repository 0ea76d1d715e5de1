/** A chart on the outlines of countries, centred on an airport. */
import type { ECharts } from "echarts/core";
import { Chart, type Engine } from "./chart";
import { loadOutlines } from "./outlines";
import type { Palette } from "./palette";

let registered: Promise<void> | null = null;

async function registerOutlines({ registerMap }: Engine): Promise<void> {
  // its type asks for the map's inset areas too, which are optional
  registerMap("world", { geoJSON: await loadOutlines(), specialAreas: {} } as never);
}

export interface Focus {
  longitude: number;
  latitude: number;
  /** Half of what is shown, north to south, in degrees. */
  reach: number;
}

const ZOOM_STEP = 1.6;

export class MapChart extends Chart {
  protected override async whenReady(_instance: ECharts, engine: Engine): Promise<void> {
    registered ??= registerOutlines(engine);
    await registered;
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
    const zoom = this.currentZoom() * (isIn ? ZOOM_STEP : 1 / ZOOM_STEP);
    this.instance?.setOption({ geo: { zoom: Math.min(60, Math.max(0.3, zoom)) } });
  }

  /** @param focus In degrees; back to where the map began. */
  home({ longitude, latitude }: Focus): void {
    this.instance?.setOption({ geo: { zoom: 1, center: [longitude, latitude] } });
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
