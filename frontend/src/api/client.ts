/** Asks the REST API; failures become one sentence for people. */
import type { Problem } from "./types";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** Longer than the server lets a question take: two times 30 s. */
const PATIENCE_MS = 75_000;

export function apiUrl(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return `api/v1/${path}${text ? `?${text}` : ""}`;
}

/**
 * @throws {ApiError} With what the server says of it, or that it cannot be reached or does not
 *   answer (status 0).
 * @throws {DOMException} `AbortError` where the signal aborts.
 */
export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const end = new AbortController();
  const giveUp = (): void => end.abort(signal?.reason);
  const timer = setTimeout(() => end.abort(new ApiError("The server does not answer.", 0)), PATIENCE_MS);
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted) giveUp();
  try {
    const response = await reach(apiUrl(path, query), end.signal);
    if (!response.ok) throw new ApiError(await reasonOf(response), response.status);
    return (await response.json()) as T;
  } catch (error) {
    // not every browser rejects with the reason that it was given
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

async function reach(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { headers: { Accept: "application/json" }, signal });
  } catch {
    throw new ApiError("The server cannot be reached.", 0);
  }
}

/** What an answer that is not 2xx says, in one sentence. */
export async function reasonOf(response: Response): Promise<string> {
  if (response.status === 401) return "Not signed in: open the address with ?token=… again.";
  try {
    const problem = (await response.json()) as Partial<Problem>;
    if (problem.detail ?? problem.title) return String(problem.detail ?? problem.title);
  } catch {
    // not a problem document; the status has to do
  }
  return `The server answered ${response.status} ${response.statusText}`.trim() + ".";
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
