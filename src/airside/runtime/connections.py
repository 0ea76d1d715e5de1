"""Connections that cost a descriptor and ask for nothing: bounded in number and in time.

uvicorn lets a connection that has not sent a whole request live for ever, and asyncio takes as many
as the process has descriptors; both before a token is looked at.
"""

import asyncio
import contextlib
import errno
import fcntl
import heapq
import socket
import struct
import termios
from collections.abc import Callable, Iterable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

QUIET_SECONDS = 30.0
"""For a whole request to come, and for a client to take some of what it was sent."""
_GRACE_SECONDS = 3
_INT = struct.Struct("i")
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def http_server(app: ASGIApp, listener: "Listener") -> uvicorn.Server:
    """A server of `app` that closes idle connections; run it on the listener."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            http=Connection,
            ws="none",  # a connection that changes protocols would be watched by nobody
            loop="asyncio",  # others accept without asking the listener
            log_config=None,
            log_level="error",
            access_log=False,  # it would write tokens in addresses down
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    listener.make_room = lambda: close_longest_idle(server.server_state.connections)
    return server


class Listener(socket.socket):
    """Accepts up to a bound, beyond which an idle connection makes room or the new one is closed.

    Belongs to one thread. asyncio accepts all that wait before it tells a protocol of the first,
    so the bound has to be here.

    Args:
        family: As for any socket.
        kind: As for any socket.
        protocol: As for any socket.
        most: Accepted connections open at once; one more for the moment in which another closes.
    """

    def __init__(self, family: int, kind: int, protocol: int = 0, *, most: int) -> None:
        super().__init__(family, kind, protocol)
        self.make_room: Callable[[], bool] = lambda: False
        """Has a connection closed in the loop's next round; False where none can be spared."""
        self._most = most
        self._accepted: set[socket.socket] = set()
        self._is_short = False

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next connection.

        Raises:
            BlockingIOError: None waits, or one will fit in a moment: the socket stays readable.
            ConnectionAbortedError: There were too many, and this one has been closed.
            OSError: As from any socket.
        """
        if self._is_short:
            # Python 3.11 goes on after an error, two thousand times, and writes each down.
            self._is_short = False
            raise BlockingIOError(errno.EAGAIN, "no descriptor is free")
        already = self._count()
        if already > self._most:
            raise BlockingIOError(errno.EAGAIN, "an idle connection is closing")
        try:
            connection, address = super().accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                if self.make_room():
                    raise BlockingIOError(errno.EAGAIN, "an idle connection is closing") from error
                self._is_short = True  # asyncio pauses for a second
            raise
        if already == self._most and not self.make_room():
            connection.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many connections")
        self._accepted.add(connection)
        return connection, address

    def _count(self) -> int:
        """How many are open; exact where it matters."""
        if len(self._accepted) >= self._most:
            self._accepted = {each for each in self._accepted if each.fileno() >= 0}
        return len(self._accepted)


class Connection(H11Protocol):
    """Ends where no request is under way, or what was sent is not taken, for `QUIET_SECONDS`.

    Bytes alone are no request: one that sends its headers a byte at a time is idle all the while. A
    body that is slow is the application's to judge.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.quiet_since = 0.0
        """On the loop's clock: when it was opened, or the last answer complete."""
        self._timer: asyncio.TimerHandle | None = None
        self._untaken = 0

    @property
    def is_idle(self) -> bool:
        """Whether closing it would take nothing from anybody."""
        is_asked = self.cycle is not None and not self.cycle.response_complete
        return not is_asked and not self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's
        """Give the first request its time."""
        super().connection_made(transport)
        self._begin_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Give the next request its time."""
        super().on_response_complete()
        self._begin_wait()

    def _begin_wait(self) -> None:
        self.quiet_since = self.loop.time()
        self._look_later()

    def _look_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._untaken = _untaken(self.transport)
        self._timer = self.loop.call_later(QUIET_SECONDS, self._look)

    def _look(self) -> None:
        # What a connection that is closing has not sent yet keeps it open too.
        is_waiting = self.transport.get_write_buffer_size() > 0
        is_stuck = is_waiting and _untaken(self.transport) == self._untaken
        if is_stuck or self.is_idle:
            self.transport.abort()
        else:
            self._look_later()


def _untaken(transport: asyncio.Transport) -> int:
    """Bytes that the client has not taken yet.

    Linux tells of those that it holds itself, which may be megabytes: a slow client takes some of
    them for minutes before it takes any of ours. Elsewhere only ours count.
    """
    held = bytes(_INT.size)
    with contextlib.suppress(OSError, ValueError):
        held = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, held)
    return transport.get_write_buffer_size() + int(_INT.unpack(held)[0])


def close_longest_idle(connections: Iterable[object]) -> bool:
    """Close the connection that has been idle longest; False where each has a request under way.

    Of many it closes some, so that a flood of newcomers has them looked through less often.
    """
    idle = [
        each
        for each in connections
        if isinstance(each, Connection) and each.is_idle and not each.transport.is_closing()
    ]
    closing = heapq.nsmallest(1 + len(idle) // 64, idle, key=lambda each: each.quiet_since)
    for each in closing:
        each.transport.abort()
    return bool(closing)
