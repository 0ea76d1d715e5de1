"""Server-sent events to many viewers: each message is made and compressed once.

Viewers that accept gzip share the compressed blocks: every viewer's body begins with a gzip header
of its own, and each message is a raw deflate block that ends with a full flush, so it depends on
nothing before it and is the same bytes for all.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from airside.dashboard.rows import dumps

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_COMPRESSION_LEVEL = 4
MAX_WAITING_MESSAGES = 32
MAX_WAITING_BYTES = 4 * 1024 * 1024
SEND_TIMEOUT_SECONDS = 30.0
"""A viewer that takes nothing for so long is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event, ready for the socket."""

    plain: bytes
    deflated: bytes

    @classmethod
    def of(cls, event: str, document: dict[str, Any]) -> "Message":
        """Serialise and compress a document."""
        plain = b"event: " + event.encode() + b"\ndata: " + dumps(document) + b"\n\n"
        compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(plain, compressor.compress(plain) + compressor.flush(zlib.Z_FULL_FLUSH))


class Viewer:
    """What one connection has still to be sent; bounded."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self.is_closed = False

    def offer(self, message: Message) -> bool:
        """Queue a message; False where the queue is full, and nothing was queued."""
        if (
            len(self._waiting) >= MAX_WAITING_MESSAGES
            or self._bytes + len(message.plain) > MAX_WAITING_BYTES
        ) and self._waiting:
            return False
        self._waiting.append(message)
        self._bytes += len(message.plain)
        self._arrived.set()
        return True

    def restart_with(self, message: Message) -> None:
        """Forget what waits; this message takes its place."""
        self._waiting.clear()
        self._bytes = 0
        self.offer(message)

    def close(self) -> None:
        """Nothing comes after what waits."""
        self.is_closed = True
        self._arrived.set()

    async def next(self) -> list[Message]:
        """Wait for messages and take all there are; empty once closed."""
        while not self._waiting and not self.is_closed:
            self._arrived.clear()
            await self._arrived.wait()
        taken = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return taken


class Hub:
    """All viewers. Belongs to the event loop; other threads go through `call_soon_threadsafe`."""

    def __init__(self, max_viewers: int) -> None:
        self._max_viewers = max_viewers
        self._viewers: set[Viewer] = set()
        self.is_closed = False
        self.resynchronised = 0
        """Viewers that were too slow and had to start over, since the start."""
        self.sent_bytes = 0
        self.last_broadcast = 0.0
        """On the loop's clock."""
        self.seq = 0
        """Of the last delta that viewers were sent."""

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def is_full(self) -> bool:
        """Whether another viewer would be one too many."""
        return len(self._viewers) >= self._max_viewers

    def join(self, hello: Message) -> Viewer:
        """Add a viewer."""
        viewer = Viewer()
        viewer.offer(hello)
        self._viewers.add(viewer)
        if self.is_closed:
            viewer.close()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        self._viewers.discard(viewer)

    def broadcast(self, message: Message, resync: Message, *, seq: int | None = None) -> None:
        """Queue a message for everybody.

        Args:
            message: What everybody gets.
            resync: What those get instead who have not taken what they were sent before.
            seq: Of a delta; None for what changes nothing.
        """
        self.seq = self.seq if seq is None else seq
        self.last_broadcast = asyncio.get_running_loop().time()
        for viewer in self._viewers:
            if not viewer.offer(message):
                viewer.restart_with(resync)
                self.resynchronised += 1

    def close(self, bye: Message) -> None:
        """Say good-bye and end every stream."""
        self.is_closed = True
        for viewer in self._viewers:
            viewer.offer(bye)
            viewer.close()


async def keep_alive(hub: Hub, stamp: Callable[[], dict[str, Any]], every: float) -> None:
    """Tell viewers that the connection lives while nothing changes.

    Args:
        hub: Whom to tell.
        stamp: `Stamp` of the API as it is now. Its `seq` may be that of a delta which is still on
            its way here, and a viewer would think that it had it; so the hub's own takes its place.
        every: After so many seconds without a message.
    """
    loop = asyncio.get_running_loop()
    while True:
        quiet = loop.time() - hub.last_broadcast
        if quiet < every:
            await asyncio.sleep(every - quiet)
            continue
        document = {**stamp(), "seq": hub.seq}
        hub.broadcast(Message.of("heartbeat", document), Message.of("resync", document))


class EventStream(Response):
    """The body of `GET /api/v1/stream`: goes on until the viewer or the server leaves."""

    def __init__(self, hub: Hub, hello: Message, *, compressed: bool) -> None:
        super().__init__(media_type="text/event-stream")
        self._hub = hub
        self._hello = hello
        self._compressed = compressed
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-store, no-transform"
        self.headers["x-accel-buffering"] = "no"  # nginx would hold messages back
        self.headers["vary"] = "Accept-Encoding"
        if compressed:
            self.headers["content-encoding"] = "gzip"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send messages as they come."""
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        viewer = self._hub.join(self._hello)
        leaving = asyncio.ensure_future(_left(receive, viewer))
        try:
            if self._compressed:
                await self._send(send, _GZIP_HEADER)
            while messages := await viewer.next():
                data = b"".join(m.deflated if self._compressed else m.plain for m in messages)
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                    await self._send(send, data)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            return  # the viewer has gone, or takes nothing any more
        finally:
            leaving.cancel()
            self._hub.leave(viewer)

    async def _send(self, send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})
        self._hub.sent_bytes += len(data)


async def _left(receive: Receive, viewer: Viewer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.close()
