/** Asks again and again while somebody looks, and never two questions at once. */
import { isAbort, messageOf } from "../api/client";

export interface Poll {
  start: () => void;
  stop: () => void;
  /** Ask something else now; an answer that is still awaited no longer counts. */
  now: () => void;
  /** Ask the same again now, or once the answer that is still awaited is here. */
  again: () => void;
}

export function poll<T>(options: {
  everyMs: number;
  ask: (signal: AbortSignal) => Promise<T>;
  answer: (answer: T) => void;
  fail: (message: string) => void;
}): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let request: AbortController | null = null;
  let isRunning = false;
  let isDue = false;

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    request?.abort();
    isDue = false;
    const mine = new AbortController();
    request = mine;
    try {
      if (!document.hidden) options.answer(await options.ask(mine.signal));
    } catch (error) {
      if (isAbort(error) || mine.signal.aborted) return;
      options.fail(messageOf(error));
    }
    if (request !== mine) return;
    request = null;
    if (isDue) void ask();
    else if (isRunning) timer = setTimeout(() => void ask(), options.everyMs);
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isRunning && !request) void ask();
  });

  return {
    start: () => {
      isRunning = true;
      void ask();
    },
    stop: () => {
      isRunning = false;
      clearTimeout(timer);
      request?.abort();
      request = null;
    },
    now: () => void ask(),
    again: () => {
      if (request) isDue = true;
      else void ask();
    },
  };
}
