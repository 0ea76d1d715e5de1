/** The stream for this page: through the shared worker, or directly where there is none. */
import { StreamSource, type SourceEvent } from "./source";

export function connect(listener: (event: SourceEvent) => void): void {
  const url = new URL("api/v1/stream", document.baseURI).href;
  const worker = document.documentElement.dataset["worker"];
  if (typeof SharedWorker === "undefined" || !worker) connectDirectly(url, listener);
  else connectShared(new URL(worker, document.baseURI).href, url, listener);
}

function connectDirectly(url: string, listener: (event: SourceEvent) => void): void {
  const source = new StreamSource(url, listener);
  source.open();
  addEventListener("online", () => source.hurry());
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", ({ persisted }) => persisted && source.open());
}

function connectShared(script: string, url: string, listener: (event: SourceEvent) => void): void {
  const join = (): MessagePort => {
    const { port } = new SharedWorker(script, { name: "airside-stream", type: "module" });
    port.addEventListener("message", ({ data }: MessageEvent<SourceEvent>) => listener(data));
    port.start();
    port.postMessage({ type: "join", url });
    return port;
  };
  let port = join();
  addEventListener("online", () => port.postMessage({ type: "hurry" }));
  addEventListener("pagehide", () => port.postMessage({ type: "leave" }));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) port = join();
  });
}
