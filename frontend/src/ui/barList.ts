/** Named amounts as bars: the label is text, so none is cut off by an axis. */
import { h, setAttributes, setText } from "./dom";

export interface Bar {
  key: string;
  label: string;
  value: number;
  /** The amount with its unit. */
  text: string;
  isPressed?: boolean;
}

export class BarList {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "bars" });

  /** @param choose What choosing a bar does; without it the bars are plain text. */
  constructor(
    label: string,
    private readonly choose?: (key: string) => void,
  ) {
    const attrs = { tabindex: 0, role: "region", "aria-label": `${label}, bars` };
    this.element = h("div", { class: "bar-list", attrs }, this.list);
  }

  update(bars: readonly Bar[]): void {
    const greatest = Math.max(1, ...bars.map(({ value }) => value));
    while (this.list.children.length > bars.length) this.list.lastElementChild?.remove();
    bars.forEach((bar, index) => this.updateBar(bar, index, greatest));
  }

  private updateBar(bar: Bar, index: number, greatest: number): void {
    const item = this.list.children[index] ?? this.addBar();
    const line = item.firstElementChild as HTMLElement;
    const [label, track, amount] = line.children;
    line.dataset["key"] = bar.key;
    if (this.choose) setAttributes(line, { "aria-pressed": bar.isPressed ?? false });
    if (label) setText(label, bar.label);
    if (amount) setText(amount, bar.text);
    const fill = track?.firstElementChild as HTMLElement | null;
    if (fill) fill.style.width = `${(bar.value / greatest) * 100}%`;
  }

  private addBar(): Element {
    const parts = [
      h("span", { class: "bar-label" }),
      h("span", { class: "bar-track", attrs: { "aria-hidden": true } }, h("span", { class: "bar-fill" })),
      h("span", { class: "bar-amount" }),
    ];
    const line = this.choose
      ? h(
          "button",
          {
            class: "bar",
            attrs: { type: "button" },
            on: { click: (event) => this.choose?.((event.currentTarget as HTMLElement).dataset["key"] ?? "") },
          },
          ...parts,
        )
      : h("div", { class: "bar" }, ...parts);
    const item = h("li", {}, line);
    this.list.append(item);
    return item;
  }
}
