"""Connections that ask for nothing, over real sockets, on a loop whose clock the test moves."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from airside.runtime import serve
from airside.runtime.connections import QUIET_SECONDS, Listener, http_server
from support.dashboards import prepared, served

LINES = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WHOLE = LINES + "\r\n"
LONG = 30_000_000
"""Far more than sockets hold."""
PATIENCE_SECONDS = 10.0
"""For what happens at once; nobody moves the clock meanwhile."""


class Loop(asyncio.SelectorEventLoop):
    """Its timers are due when the test says so."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Client:
    """A plain connection, which may take hardly anything unless it reads."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(address)
        self.socket.setblocking(False)
        self._loop = asyncio.get_running_loop()

    async def send(self, text: str) -> None:
        await self._loop.sock_sendall(self.socket, text.encode())

    async def receive(self, most: int = 65_536) -> bytes:
        """What comes next; nothing once the server has ended the connection."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._loop.sock_recv(self.socket, most)
        except ConnectionResetError:
            return b""

    async def receive_until(self, wanted: bytes) -> None:
        received = b""
        while wanted not in received:
            received += (more := await self.receive())
            assert more, f"it ended with {received[-100:]!r}"

    async def ask(self, path: str = "/", answer: bytes = b"well") -> None:
        await self.send(WHOLE.format(path))
        await self.receive_until(answer)

    def is_open(self) -> bool:
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False


class Site:
    """A running server, and its clients."""

    def __init__(self, listener: Listener) -> None:
        self.next = asyncio.Event()
        self.server = http_server(self.app, listener)
        self.server.config.lifespan = "off"
        self._address = listener.getsockname()
        self._clients: list[Client] = []

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def client(self) -> Client:
        self._clients.append(Client(self._address))
        return self._clients[-1]

    async def clients(self, number: int) -> list[Client]:
        """Idle ones, which the server has seen in this order."""
        made = []
        for already in range(self.connections, self.connections + number):
            made.append(self.client())
            await until(lambda wanted=already + 1: self.connections == wanted)  # type: ignore[misc]
        return made

    async def later(self, seconds: float) -> None:
        """Let time pass, a second at once, and all that is due happen."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        for _ in range(int(seconds)):
            loop.ahead += 1
            for _ in range(5):
                await asyncio.sleep(0)

    def close(self) -> None:
        for client in self._clients:
            client.socket.close()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response = PlainTextResponse("well")
        path = Request(scope).url.path
        if path == "/long":
            answer = PlainTextResponse("x" * LONG)
        elif path == "/stream":
            answer = StreamingResponse(self._events())
        elif path == "/body":
            await Request(scope, receive).body()
        await answer(scope, receive, send)

    async def _events(self) -> Any:
        yield "first"
        await self.next.wait()
        yield "second"


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not look():
            await asyncio.sleep(0)


def play(scenario: Callable[[Site], Awaitable[None]], *, most: int = 100) -> None:
    """Serve up to `most` connections, in a thread: a browser's loop may be running in this one."""

    async def on_stage() -> None:
        with contextlib.closing(listener(most)) as listening:
            site = Site(listening)
            serving = asyncio.create_task(site.server.serve([listening]))
            try:
                await scenario(site)
            finally:
                site.close()
                site.server.should_exit = True
                await serving

    def run(whole: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(whole)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run, on_stage()).result()


def listener(most: int) -> Listener:
    made = Listener(socket.AF_INET, socket.SOCK_STREAM, most=most)
    made.bind(("127.0.0.1", 0))
    made.listen(100)
    made.setblocking(False)
    return made


@pytest.mark.parametrize("sent", ["", "GET / HT", LINES.format("/")])
def test_who_sends_no_whole_request_is_cut_off(sent: str) -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.send(sent)
        await site.later(QUIET_SECONDS - 2)
        assert client.is_open()
        await site.later(4)
        assert await client.receive() == b""
        assert not site.connections

    play(scenario)


async def cut_off_while_dripping(site: Site, client: Client) -> None:
    for _ in range(int(QUIET_SECONDS) + 2):
        await site.later(1)
        if not client.is_open():
            return
        await client.send("x")
    raise AssertionError("it is open still")


def test_headers_that_come_a_byte_at_a_time_buy_no_time() -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.send(LINES.format("/") + "X: ")
        await cut_off_while_dripping(site, client)

    play(scenario)


def test_a_body_that_nobody_reads_buys_no_time_after_the_answer() -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.send("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999\r\n\r\n")
        await client.receive_until(b"well")
        await cut_off_while_dripping(site, client)

    play(scenario)


def test_streams_and_slow_bodies_live_on() -> None:
    async def scenario(site: Site) -> None:
        stream, slow = await site.clients(2)
        await stream.ask("/stream", b"first")
        await slow.send("POST /body HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\n")
        await site.later(QUIET_SECONDS * 5)
        site.next.set()
        await stream.receive_until(b"second")
        await slow.send("x")
        await slow.receive_until(b"well")

    play(scenario)


def test_a_long_answer_is_sent_for_as_long_as_some_of_it_is_taken() -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.ask("/long", b"x")
        taken = 0
        while taken < LONG - 2_000_000:
            for _ in range(100):
                taken += len(await client.receive(100_000))
            assert client.is_open()
            await site.later(QUIET_SECONDS - 1)

    play(scenario)


def test_who_takes_nothing_of_a_long_answer_is_cut_off() -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.ask("/long", b"x")
        await site.later(QUIET_SECONDS * 3)
        assert not site.connections

    play(scenario)


def test_who_asks_again_and_reads_nothing_is_cut_off_in_the_middle_of_an_answer() -> None:
    async def scenario(site: Site) -> None:
        (client,) = await site.clients(1)
        await client.send(WHOLE.format("/long") * 2)
        (connection,) = site.server.server_state.connections
        await until(lambda: bool(site.server.server_state.total_requests))
        assert not connection.cycle.response_complete  # type: ignore[union-attr]  # of the second
        await site.later(QUIET_SECONDS * 3)
        assert not site.connections

    play(scenario)


def test_the_longest_idle_makes_room() -> None:
    async def scenario(site: Site) -> None:
        first, second, third = await site.clients(3)
        await first.ask()  # and so it is the latest
        await site.client().ask()
        assert await second.receive() == b""
        assert first.is_open()
        assert third.is_open()

    play(scenario, most=3)


def test_a_crowd_that_comes_at_once_stays_within_the_bound() -> None:
    async def scenario(site: Site) -> None:
        crowd = [site.client() for _ in range(50)]
        await site.client().ask()
        assert sum(client.is_open() for client in crowd) == 4 - 1
        assert site.connections <= 4

    play(scenario, most=4)


def test_nobody_is_sent_away_for_a_newcomer_in_the_middle_of_an_answer() -> None:
    async def scenario(site: Site) -> None:
        streams = await site.clients(2)
        for stream in streams:
            await stream.ask("/stream", b"first")
        newcomer = site.client()
        assert await newcomer.receive() == b""
        assert all(stream.is_open() for stream in streams)
        streams[0].socket.close()
        await until(lambda: site.connections == 1)
        await site.client().ask()

    play(scenario, most=2)


def test_the_dashboard_answers_beside_idle_connections(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "connections_within", lambda *_: 10)
    with served(prepared(tmp_path_factory)) as client, contextlib.ExitStack() as stack:
        address = (client.base_url.host, client.base_url.port or 80)
        idle = [stack.enter_context(socket.create_connection(address)) for _ in range(40)]
        assert httpx.get(client.base_url.join("/healthz")).status_code == 200
        assert sum(is_open(connection) for connection in idle) < 10


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
