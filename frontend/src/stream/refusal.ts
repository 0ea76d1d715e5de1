/** Why a stream does not open: an EventSource tells neither the status nor what came with it. */
import { reasonOf } from "../api/client";

/**
 * Asks for the stream itself, as only its own route says that there are too many viewers.
 *
 * @returns What the server says; null where it cannot be reached, or would open the stream.
 */
export async function refusalOf(url: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(url, { headers: { Accept: "text/event-stream" }, signal });
    if (!response.ok) return await reasonOf(response);
    await response.body?.cancel();
  } catch {
    // out of reach: there is nobody to say why
  }
  return null;
}
