import asyncio
import json
import zlib
from typing import Any

import pytest

from airside.dashboard.push import (
    MAX_WAITING_BYTES,
    MAX_WAITING_MESSAGES,
    EventStream,
    Hub,
    Message,
    Viewer,
    keep_alive,
)
from support.loops import run

HELLO = Message.of("hello", {"seq": 0})
RESYNC = Message.of("resync", {"seq": 99})
BYE = Message.of("bye", {})


def delta(number: int) -> Message:
    return Message.of("delta", {"seq": number, "text": "flight " * 50})


def parse(body: bytes) -> list[tuple[str, Any]]:
    """What an EventSource makes of a body."""
    found = []
    for block in body.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"])))
    return found


class Socket:
    """An ASGI connection whose client reads when it is let."""

    def __init__(self) -> None:
        self.body = b""
        self.headers: dict[bytes, bytes] = {}
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = dict(message["headers"])
            return
        await self.may_read.wait()
        self.body += message["body"]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("compressed", [False, True])
def test_every_viewer_gets_the_same_messages(compressed: bool) -> None:
    async def scenario() -> list[bytes]:
        hub = Hub(10)
        sockets = [Socket() for _ in range(3)]
        tasks = [
            asyncio.create_task(
                EventStream(hub, HELLO, compressed=compressed)({}, socket.receive, socket.send)
            )
            for socket in sockets
        ]
        await settle()
        for number in range(3):
            hub.broadcast(delta(number), RESYNC)
            await settle()
        hub.close(BYE)
        await asyncio.gather(*tasks)
        assert not len(hub)
        return [socket.body for socket in sockets]

    bodies = run(scenario())
    for sent in bodies:
        body = sent
        if compressed:
            assert len(sent) < 1_000  # 3 × 350 characters that say the same
            body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(sent)
        assert [event for event, _ in parse(body)] == ["hello", "delta", "delta", "delta", "bye"]
        assert [data["seq"] for _, data in parse(body)[1:4]] == [0, 1, 2]


def test_a_viewer_that_does_not_read_starts_over_and_slows_nobody() -> None:
    async def scenario() -> tuple[Hub, Socket, Socket]:
        hub = Hub(10)
        slow, quick = Socket(), Socket()
        slow.may_read.clear()
        tasks = [
            asyncio.create_task(
                EventStream(hub, HELLO, compressed=False)({}, socket.receive, socket.send)
            )
            for socket in (slow, quick)
        ]
        await settle()
        for number in range(2 * MAX_WAITING_MESSAGES):
            hub.broadcast(delta(number), RESYNC)
            await settle()
        assert len(parse(quick.body)) == 1 + 2 * MAX_WAITING_MESSAGES
        slow.may_read.set()
        hub.close(BYE)
        await asyncio.gather(*tasks)
        return hub, slow, quick

    hub, slow, quick = run(scenario())
    assert hub.resynchronised > 0
    events = [event for event, _ in parse(slow.body)]
    assert "resync" in events
    assert len(events) < len(parse(quick.body))
    sequence = [data["seq"] for event, data in parse(slow.body) if event == "delta"]
    assert sequence[-1] == 2 * MAX_WAITING_MESSAGES - 1, "after starting over it is up to date"


def test_what_waits_is_bounded_in_bytes() -> None:
    async def scenario() -> None:
        viewer = Viewer()
        large = Message(b"x" * (MAX_WAITING_BYTES // 2 + 1), b"")
        assert viewer.offer(large)
        assert not viewer.offer(large)

    run(scenario())


def test_a_single_message_over_the_limit_still_goes_out() -> None:
    async def scenario() -> None:
        assert Viewer().offer(Message(b"x" * (MAX_WAITING_BYTES + 1), b""))

    run(scenario())


def test_a_viewer_that_leaves_is_forgotten() -> None:
    async def scenario() -> None:
        hub, socket = Hub(1), Socket()
        task = asyncio.create_task(
            EventStream(hub, HELLO, compressed=True)({}, socket.receive, socket.send)
        )
        await settle()
        assert hub.is_full
        socket.left.set()
        await task
        assert not hub.is_full

    run(scenario())


def test_proxies_are_told_not_to_hold_messages_back() -> None:
    async def scenario() -> Socket:
        hub, socket = Hub(1), Socket()
        hub.close(BYE)
        await EventStream(hub, HELLO, compressed=True)({}, socket.receive, socket.send)
        return socket

    headers = run(scenario()).headers
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"x-accel-buffering"] == b"no"
    assert b"no-store" in headers[b"cache-control"]
    assert b"content-length" not in headers


def test_a_heartbeat_tells_what_viewers_were_sent_and_not_what_is_on_its_way() -> None:
    async def scenario() -> list[Message]:
        hub = Hub(1)
        viewer = hub.join(HELLO)
        hub.broadcast(delta(7), RESYNC, seq=7)
        beating = asyncio.create_task(keep_alive(hub, lambda: {"seq": 8, "epoch": "e"}, 0.001))
        messages = await viewer.next()
        while len(messages) < 3:
            messages += await viewer.next()
        beating.cancel()
        return messages

    _, _, beat = run(asyncio.wait_for(scenario(), 30))[:3]
    assert parse(beat.plain) == [("heartbeat", {"seq": 7, "epoch": "e"})]
