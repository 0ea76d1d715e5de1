"""Serves the dashboard: beside a running pipeline, or alone over a data directory."""

import contextlib
import errno
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from airside.dashboard import Backend, Liveness, Options
from airside.dashboard.app import Dashboard
from airside.dashboard.security import check_exposure, is_loopback
from airside.errors import TerminalError, UsageError
from airside.runtime.clocks import wall_clock
from airside.runtime.connections import Listener, http_server
from airside.runtime.data_dir import DataDir
from airside.runtime.descriptors import connections_within, raise_limit
from airside.runtime.following import FollowingReader
from airside.runtime.observatory import Observatory
from airside.runtime.pipeline import Pipeline
from airside.runtime.readers import observe, open_answers, warehouse_url
from airside.runtime.streams import open_for_putting
from airside.runtime.warehouse_view import warehouse_backend
from airside.settings import DashboardSettings, Settings
from airside.warehouse.address import Address as WarehouseAddress

_START_SECONDS = 30.0
_BACKLOG = 512
_SWITCH_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Address:
    """Where the dashboard listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - a comparison
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"


@contextlib.contextmanager
def serve_pipeline(pipeline: Pipeline, data_dir: DataDir, settings: Settings) -> Iterator[Address]:
    """Serve the dashboard of the pipeline in this process.

    Raises:
        UsageError: The address cannot be used, or would let strangers in.
    """
    changed = threading.Event()
    pipeline.on_load(changed.set)
    with (
        _prompt_threads(),
        listening(settings.dashboard) as listener,
        observe(data_dir, pipeline.reader) as observer,
        open_for_putting(data_dir, settings) as put_stream,
    ):
        observatory = Observatory(
            observer, put_stream, health=pipeline.health, clock=wall_clock, settings=settings
        )
        backend = observatory.backend(pipeline.reader, changed)
        with _served(backend, settings, listener) as address:
            yield address


@contextlib.contextmanager
def _prompt_threads() -> Iterator[None]:
    """Let no thread compute in Python for longer than a millisecond while others wait.

    Each send to a viewer gives the interpreter away, and while dbt computes the server would wait
    5 ms, Python's default, to get it back: a second for two hundred viewers.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextlib.contextmanager
def serve_data_dir(data_dir: DataDir, settings: Settings) -> Iterator[Address]:
    """Serve the dashboard of a data directory, whether or not a pipeline runs on it.

    Where a warehouse on a server is set, that one is asked, and the directory may be missing.

    Raises:
        UsageError: There is no data directory; the address cannot be used, or would let strangers
            in; the warehouse's URL is wrong.
    """
    if settings.warehouse.url is not None:
        with _serve_warehouse(data_dir, settings) as address:
            yield address
        return
    data_dir.check()
    data_dir.feed_from(settings.stream.url)
    reader = FollowingReader(data_dir)
    with (
        listening(settings.dashboard) as listener,
        observe(data_dir, reader) as observer,
        open_for_putting(data_dir, settings) as put_stream,
    ):
        observatory = Observatory(
            observer, put_stream, health=None, clock=wall_clock, settings=settings
        )
        with _served(observatory.backend(reader, threading.Event()), settings, listener) as address:
            yield address


@contextlib.contextmanager
def _serve_warehouse(data_dir: DataDir, settings: Settings) -> Iterator[Address]:
    """Ask a server; the stream and the archive are the directory's, where there is one."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listening(settings.dashboard))
        reader = stack.enter_context(open_answers(data_dir, settings))
        where = str(WarehouseAddress.parse(warehouse_url(settings)))
        if data_dir.has_stream:
            observer = stack.enter_context(observe(data_dir, reader))
            put_stream = stack.enter_context(open_for_putting(data_dir, settings))
            observatory = Observatory(
                observer, put_stream, health=None, clock=wall_clock, settings=settings
            )
            backend = observatory.backend(reader, threading.Event(), where)
        else:
            backend = warehouse_backend(reader, where, wall_clock)
        yield stack.enter_context(_served(backend, settings, listener))


@contextlib.contextmanager
def _served(backend: Backend, settings: Settings, listener: Listener) -> Iterator[Address]:
    """Run the server on a thread of its own until the block ends; then say good-bye to viewers."""
    dashboard = Dashboard(backend, _options(settings))
    server = http_server(dashboard.app, listener)
    thread = threading.Thread(
        target=server.run, args=([listener],), name="dashboard-server", daemon=True
    )
    thread.start()
    if not dashboard.started.wait(_START_SECONDS):
        raise TerminalError(
            f"the dashboard's server did not start within {_START_SECONDS:.0f} s; its own output "
            "says more"
        )
    try:
        host, port = listener.getsockname()[:2]
        yield Address(host, port)
    finally:
        # Open streams would keep the server from ending, so they are ended first.
        dashboard.close_streams()
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def listening(settings: DashboardSettings) -> Iterator[Listener]:
    """Listen, or say why not; from then on the process may have more descriptors."""
    token = settings.token.get_secret_value() if settings.token else None
    check_exposure(settings.host, token, is_open=settings.access == "open")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        most = connections_within(raise_limit(), settings.max_viewers)
        listener = Listener(family, kind, protocol, most=most)
    except OSError as error:
        raise UsageError(
            f"--host {settings.host} is not an address of this machine ({error.strerror or error})"
        ) from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise UsageError(_why_not(settings, error)) from error
        yield listener


def _why_not(settings: DashboardSettings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {settings.port} on {settings.host} is in use by another program; choose another "
            "with --port (0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {settings.port} needs privileges; choose one above 1023 with --port"
    return f"--host {settings.host} --port {settings.port} cannot be used ({error.strerror})"


def _options(settings: Settings) -> Options:
    given = settings.dashboard
    names = [] if is_loopback(given.host) or given.host in {"0.0.0.0", "::"} else [given.host]  # noqa: S104 - a comparison
    return Options(
        token=given.token.get_secret_value() if given.token else None,
        allowed_hosts=(*given.allowed_hosts, *names),
        airport=given.airport,
        poll_seconds=given.poll_seconds,
        min_push_seconds=given.min_push_seconds,
        max_viewers=given.max_viewers,
        max_body_bytes=given.max_body_bytes,
        max_backlog_records=given.max_backlog_records,
        max_backlog_seconds=given.max_backlog_seconds,
        liveness=liveness(settings),
    )


def liveness(settings: Settings) -> Liveness:
    """When a flight is live, as gold's views have it."""
    gold = settings.gold
    return Liveness(
        departure_minutes=gold.live_departure_minutes,
        landed_minutes=gold.live_landed_minutes,
        stale_minutes=gold.live_stale_minutes,
    )
