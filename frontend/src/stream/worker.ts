/**
 * Shared by all tabs: one connection for the whole browser, because browsers open no more than six
 * to one server. Hands the messages on as they come.
 */
import { StreamSource, type SourceEvent } from "./source";

interface SharedWorkerScope {
  addEventListener(type: "connect", listener: (event: MessageEvent) => void): void;
  location: { href: string };
}

const scope = globalThis as unknown as SharedWorkerScope;
const ports = new Set<MessagePort>();
let source: StreamSource | null = null;

function broadcast(event: SourceEvent): void {
  for (const port of ports) port.postMessage(event);
}

function leave(port: MessagePort): void {
  ports.delete(port);
  port.close();
  if (ports.size > 0) return;
  source?.close();
  source = null;
}

scope.addEventListener("connect", (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.addEventListener("message", ({ data }: MessageEvent<{ type: string; url?: string }>) => {
    if (data.type === "join") {
      ports.add(port);
      if (source) {
        source.replay((message) => port.postMessage(message));
      } else if (data.url) {
        source = new StreamSource(data.url, broadcast);
        source.open();
      }
    } else if (data.type === "hurry") {
      source?.hurry();
    } else if (data.type === "leave") {
      leave(port);
    }
  });
  port.start();
});
