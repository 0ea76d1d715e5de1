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
  readonly element = h("ul", { class: "bar-list" });

  /** @param choose What choosing a bar does; without it the bars are plain text. */
  constructor(private readonly choose?: (key: string) => void) {}

  update(bars: readonly Bar[]): void {
    const greatest = Math.max(1, ...bars.map(({ value }) => value));
    while (this.element.children.length > bars.length) this.element.lastElementChild?.remove();
    bars.forEach((bar, index) => this.updateBar(bar, index, greatest));
  }

  private updateBar(bar: Bar, index: number, greatest: number): void {
    const item = this.element.children[index] ?? this.addBar();
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
    this.element.append(item);
    return item;
  }
}
