/** One ECharts instance: made when first seen, kept, redrawn on new data, theme or size. */
import type { ECharts } from "echarts/core";
import { h, setAttributes } from "../ui/dom";
import { palette, type Palette } from "./palette";

export interface Clicked {
  name: string;
  seriesName: string;
  /** What the option put there. */
  data: unknown;
}

export type Engine = typeof import("./engine");
let engine: Promise<Engine> | null = null;

export function loadEngine(): Promise<Engine> {
  engine ??= import("./engine");
  return engine;
}

export class Chart {
  readonly element: HTMLElement;
  protected instance: ECharts | null = null;
  private build: ((colors: Palette) => object) | null = null;
  private isSeen = false;
  private isLoading = false;

  /** @param onClick What a click on a bar, slice or point does. */
  constructor(
    className: string,
    private readonly onClick?: (clicked: Clicked) => void,
  ) {
    this.element = h("div", { class: `chart ${className}` });
    new ResizeObserver(() => this.resize()).observe(this.element);
    new IntersectionObserver((entries) => {
      this.isSeen = entries.some((entry) => entry.isIntersecting);
      if (this.isSeen) this.draw();
    }, { rootMargin: "300px" }).observe(this.element);
    document.addEventListener("airside:theme-changed", () => this.draw());
    document.addEventListener("visibilitychange", () => this.draw());
  }

  /** @param summary What the chart says, for those who do not see it. */
  show(summary: string, build: (colors: Palette) => object): void {
    this.describe(summary);
    this.build = build;
    this.draw();
  }

  /** Says something else of the same picture. */
  describe(summary: string): void {
    setAttributes(this.element, { role: "img", "aria-label": summary });
  }

  protected whenReady(_instance: ECharts, _engine: Engine): void | Promise<void> {
    // for charts that need more than an option
  }

  private draw(): void {
    if (!this.build || !this.isSeen || document.hidden) return;
    if (!this.instance) {
      void this.start();
      return;
    }
    this.instance.setOption(withDefaults(this.build(palette())), {
      replaceMerge: ["series"],
      lazyUpdate: true,
    });
  }

  private async start(): Promise<void> {
    if (this.isLoading) return;
    this.isLoading = true;
    const loaded = await loadEngine();
    const instance = loaded.init(this.element, null, { renderer: "canvas" });
    await this.whenReady(instance, loaded);
    this.instance = instance;
    if (this.onClick) {
      instance.on("click", (event) => {
        this.onClick?.({ name: event.name, seriesName: event.seriesName ?? "", data: event.data });
      });
    }
    this.draw();
  }

  private resize(): void {
    if (!this.instance || this.element.clientWidth === 0) return;
    this.instance.resize();
    // sizes of text follow the page's
    this.draw();
  }
}

function withDefaults(option: object): Record<string, unknown> {
  const colors = palette();
  return {
    animation: false,
    textStyle: { fontFamily: colors.font, fontSize: colors.size, color: colors.text },
    ...option,
  };
}
