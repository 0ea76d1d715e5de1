/** What charts load only once one is seen, and what becomes of a wall screen where it does not come. */

/** Loads once, however many ask; a failure is not kept, so that whoever asks later tries again. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

const RELOAD_MS = 60_000;
/** The clock begins with the page. */
let reloadedAt = 0;

/**
 * Loads the page anew where nobody is there to do it: a browser may remember of a module that it
 * could not be had, and a new version of the server has none of the old one's files.
 */
export async function reloadWall(): Promise<void> {
  const isWall = document.documentElement.hasAttribute("data-kiosk");
  if (!isWall || performance.now() - reloadedAt < RELOAD_MS) return;
  reloadedAt = performance.now();
  try {
    // without a server there would be the browser's own error page, for good
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    // the server is away: what is on the screen stays
  }
}
