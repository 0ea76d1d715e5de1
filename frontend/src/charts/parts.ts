/** What the charts have in common: axes, legend, tooltips. */
import { h, rem } from "../ui/dom";
import type { Palette } from "./palette";

const NARROW_REM = 36;

export function valueAxis(colors: Palette, name: string, extra: object = {}): object {
  return {
    type: "value",
    name,
    nameLocation: "end",
    nameTextStyle: { color: colors.muted, fontSize: colors.size, align: "left" },
    nameGap: rem() * 0.6,
    axisLabel: { color: colors.muted, fontSize: colors.size, hideOverlap: true },
    axisLine: { show: false, onZero: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colors.line } },
    splitNumber: 4,
    ...extra,
  };
}

/** A value axis along the bottom: its name stands below its middle. */
export function bottomValueAxis(colors: Palette, name: string, extra: object = {}): object {
  return valueAxis(colors, name, {
    nameLocation: "middle",
    nameTextStyle: { color: colors.muted, fontSize: colors.size },
    nameGap: rem() * 1.7,
    ...extra,
  });
}

export function categoryAxis(colors: Palette, data: string[], extra: object = {}): object {
  return {
    type: "category",
    data,
    axisLabel: { color: colors.muted, fontSize: colors.size, hideOverlap: true },
    axisLine: { lineStyle: { color: colors.line } },
    axisTick: { show: false },
    ...extra,
  };
}

export function grid(extra: object = {}): object {
  const unit = rem();
  // on a phone there is no room for the axis' name beside the legend: it stands below it
  const top = innerWidth < NARROW_REM * unit ? 3.2 : 2;
  return { left: unit * 2.9, right: unit * 0.9, top: unit * top, bottom: unit * 1.8, ...extra };
}

export function legend(colors: Palette, extra: object = {}): object {
  return {
    top: 0,
    right: 0,
    type: "scroll",
    itemWidth: rem() * 1.4,
    itemHeight: rem() * 0.65,
    itemGap: rem() * 0.8,
    textStyle: { color: colors.text, fontSize: colors.size },
    pageTextStyle: { color: colors.muted },
    pageIconColor: colors.text,
    pageIconInactiveColor: colors.line,
    inactiveColor: colors.muted,
    ...extra,
  };
}

/** Elements instead of HTML: texts of the data stay texts, and no style attribute is needed. */
export function tooltip(colors: Palette, trigger: "item" | "axis", lines: (parameters: never) => string[]): object {
  return {
    trigger,
    confine: true,
    backgroundColor: colors.raised,
    borderColor: colors.line,
    padding: [rem() * 0.4, rem() * 0.6],
    textStyle: { color: colors.text, fontSize: colors.size },
    formatter: (parameters: never) => {
      const [title, ...rest] = lines(parameters);
      return h(
        "div",
        { class: "tooltip" },
        h("strong", { text: title ?? "" }),
        ...rest.map((text) => h("div", { text })),
      );
    },
  };
}
