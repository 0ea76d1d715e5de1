"""Viewers that read nothing, over real sockets, beside one that reads everything."""

import asyncio
import json
import random
import socket
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from airside.dashboard.push import EventStream, Hub, Message
from support.loops import run

HELLO = Message.of("hello", {})
RESYNC = Message.of("resync", {})
BYE = Message.of("bye", {})
NOISE = random.Random(1)
MESSAGES = 100
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def delta(number: int) -> Message:
    """100 KB, as three thousand flights' changes have; far more in all than sockets hold."""
    return Message.of("delta", {"seq": number, "text": NOISE.randbytes(50_000).hex()})


class Viewer:
    """A plain connection; `small` lets hardly anything wait in its own kernel buffer."""

    def __init__(self, address: tuple[str, int], *, small: bool) -> None:
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(address)
        self.socket.sendall(REQUEST)
        self.socket.setblocking(False)

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(sock=self.socket)
        assert b" 200 " in await self._reader.readuntil(b"\r\n\r\n")
        self._text = b""

    async def next(self) -> tuple[str, Any]:
        while b"\n\n" not in self._text:
            size = int(await self._reader.readline(), 16)
            self._text += (await self._reader.readexactly(size + 2))[:-2]
        message, _, self._text = self._text.partition(b"\n\n")
        event, data = message.split(b"\n", 1)
        return event.removeprefix(b"event: ").decode(), json.loads(data.removeprefix(b"data: "))

    async def until(self, wanted: str) -> list[str]:
        events = [(await self.next())[0]]
        while events[-1] != wanted:
            events.append((await self.next())[0])
        return events

    def close(self) -> None:
        self._writer.close()


async def scenario() -> None:
    hub = Hub(10)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(hub, HELLO, compressed=False)(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        address = listener.getsockname()
        slow = [Viewer(address, small=True) for _ in range(3)]
        quick = Viewer(address, small=False)
        await quick.open()
        assert await quick.next() == ("hello", {})
        while len(hub) < 4:
            await asyncio.sleep(0)

        for number in range(MESSAGES):
            hub.broadcast(delta(number), RESYNC)
            event, data = await quick.next()  # would never come if it had to wait for the others
            assert (event, data["seq"]) == ("delta", number)

        assert hub.resynchronised >= len(slow)
        hub.close(BYE)
        assert await quick.next() == ("bye", {})
        for viewer in slow:
            await viewer.open()
            events = await viewer.until("bye")
            assert "resync" in events, "who reads again starts over"
            assert len(events) < MESSAGES
        for viewer in (quick, *slow):
            viewer.close()
        server.should_exit = True
        await serving


def test_viewers_that_read_nothing_hold_nobody_up() -> None:
    run(asyncio.wait_for(scenario(), 60))
