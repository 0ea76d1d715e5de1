/** One ECharts instance: made when first seen, kept, redrawn on new data, theme or size. */
import type { ECharts } from "echarts/core";
import { h, replaceChildren, setAttributes } from "../ui/dom";
import { once, reloadWall } from "./loading";
import { palette, type Palette } from "./palette";

export interface Clicked {
  name: string;
  seriesName: string;
  /** What the option put there. */
  data: unknown;
}

export type Engine = typeof import("./engine");
export const loadEngine = once((): Promise<Engine> => import("./engine"));
/** Pace at which one that could not be loaded tries again. */
const RETRY_MS = 10_000;

export class Chart {
  readonly element: HTMLElement;
  protected instance: ECharts | null = null;
  private build: ((colors: Palette) => object) | null = null;
  private isSeen = false;
  private isLoading = false;
  private summary = "";
  /** Since it was loaded last, in a row. */
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

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
    this.summary = summary;
    // a picture's name would hide what is said in its place
    if (this.failures === 0) setAttributes(this.element, { role: "img", "aria-label": summary });
  }

  /** All that has to be here before the first picture. */
  protected load(): Promise<Engine> {
    return loadEngine();
  }

  protected whenReady(_instance: ECharts): void {
    // for charts that need more than an option
  }

  /** Without a size there is nothing to draw on, and a map has no scale. */
  private get isDrawable(): boolean {
    return this.isSeen && !document.hidden && this.element.clientWidth > 0;
  }

  private draw(): void {
    if (!this.build || !this.isDrawable) return;
    if (!this.instance) {
      if (this.retry === undefined) void this.start();
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
    const engine = await this.load().catch((error: unknown) => this.fail(error));
    this.isLoading = false;
    // its page may have been left meanwhile
    if (engine && this.isDrawable) this.become(engine);
  }

  private become({ init }: Engine): void {
    if (this.failures > 0) {
      this.failures = 0;
      replaceChildren(this.element);
      this.describe(this.summary);
    }
    const instance = init(this.element, null, { renderer: "canvas" });
    this.whenReady(instance);
    this.instance = instance;
    if (this.onClick) {
      instance.on("click", (event) => {
        this.onClick?.({ name: event.name, seriesName: event.seriesName ?? "", data: event.data });
      });
    }
    this.draw();
  }

  private fail(error: unknown): void {
    reportError(error);
    this.failures += 1;
    const isFirst = this.failures === 1;
    const again = (): void => {
      clearTimeout(this.retry);
      this.retry = undefined;
      this.draw();
    };
    setAttributes(this.element, { role: null, "aria-label": null });
    replaceChildren(
      this.element,
      h(
        "div",
        { class: "panel-message" },
        h("p", { text: "⚠ This chart could not be loaded." }),
        h("button", {
          text: isFirst ? "Try again" : "Reload the page",
          attrs: { type: "button" },
          on: { click: isFirst ? again : () => location.reload() },
        }),
      ),
    );
    this.retry = setTimeout(again, RETRY_MS);
    if (!isFirst) void reloadWall();
  }

  private resize(): void {
    if (this.element.clientWidth === 0) return;
    this.instance?.resize();
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
