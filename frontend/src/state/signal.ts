/** Something that others can listen to. */
export class Signal<T> {
  private readonly listeners = new Set<(value: T) => void>();

  /** @returns What ends the listening. */
  on(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
}

/** At most one call in `wait` ms: the first at once, the last of a burst at its end. */
export function throttle(wait: number, work: () => void): { (): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  const run = (): void => {
    timer = undefined;
    last = performance.now();
    work();
  };
  const throttled = (): void => {
    if (timer !== undefined) return;
    const due = last + wait - performance.now();
    if (due <= 0) run();
    else timer = setTimeout(run, due);
  };
  throttled.cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return throttled;
}
