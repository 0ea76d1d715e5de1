/** A wall screen: no controls, one page after the other. */
import { PAGES, type ViewState } from "../state/view";

export function kiosk(view: ViewState): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  let seconds: number | null = null;
  const follow = (): void => {
    if (view.current.kiosk === seconds) return;
    seconds = view.current.kiosk;
    clearInterval(timer);
    document.documentElement.toggleAttribute("data-kiosk", seconds !== null);
    if (seconds === null) return;
    timer = setInterval(() => {
      const next = PAGES[(PAGES.indexOf(view.current.page) + 1) % PAGES.length] ?? "operations";
      view.update({ page: next, leg: null }, { replace: true });
      scrollTo(0, 0);
    }, seconds * 1_000);
  };
  view.changed.on(follow);
  follow();
}
