import assert from "node:assert/strict";
import test from "node:test";
import { header } from "../src/shell/header";
import { LiveData } from "../src/state/live";
import { ViewState } from "../src/state/view";
import { byClass, fakeClock, fakeDocument, replaceGlobals } from "./harness.mjs";

function shownHeader(t, search) {
  const { document } = fakeDocument(t, search);
  fakeClock(t);
  const live = new LiveData();
  const element = header({ live, view: new ViewState() });
  const [button] = byClass(element, "theme");
  const [pages] = byClass(element, "pages");
  return {
    document,
    live,
    press: () => button.dispatchEvent(new Event("click")),
    theme: () => `${button.textContent} ${button.getAttribute("aria-label")}`,
    links: () => pages.children.map((link) => link.getAttribute("href")),
  };
}

test("a tab that is not seen does not pile up what it would draw", (t) => {
  const { live } = shownHeader(t);
  const frames = [];
  replaceGlobals(t, { requestAnimationFrame: (draw) => frames.push(draw) });
  for (let beat = 0; beat < 3; beat += 1) live.beat.emit({ watermark: null });
  assert.equal(frames.length, 1);
  frames[0]();
  live.beat.emit({ watermark: null });
  assert.equal(frames.length, 2);
});

test("the theme that another tab has chosen shows on the button", (t) => {
  const { document, theme } = shownHeader(t);
  assert.equal(theme(), "◐ Theme: system");
  document.documentElement.dataset.themeChoice = "dark";
  document.dispatchEvent(new Event("airside:theme-changed"));
  assert.equal(theme(), "☾ Theme: dark");
});

test("the button chooses another theme where the address names one", async (t) => {
  const { document, press, theme, links } = shownHeader(t, "?page=trends&theme=light");
  const stored = new Map();
  replaceGlobals(t, {
    matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
    localStorage: { getItem: (name) => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value) },
  });
  await import("../src/theme");
  assert.equal(theme(), "☀ Theme: light");
  press();
  assert.equal(theme(), "☾ Theme: dark");
  assert.equal(document.documentElement.dataset.theme, "dark");
  assert.equal(location.href, "http://airside.test/?page=trends");
  assert.deepEqual(links(), ["/", "?page=trends", "?page=pipeline"]);
});
