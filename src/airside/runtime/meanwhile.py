"""Answers on the dashboard's port while a directory is first rebuilt from its lake.

That may take longer than whoever watches over a container waits for its first health check; and a
container that is killed for it would begin anew on another disk, and never be done.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from airside.runtime.serve import listening
from airside.settings import DashboardSettings

_RETRY_SECONDS = 10


class _Handler(BaseHTTPRequestHandler):
    """Says that the process lives, and that there is nothing to see yet."""

    timeout = 10  # for a client that says nothing
    server_version = "airside"
    sys_version = ""

    def do_GET(self) -> None:
        is_health = self.path.partition("?")[0] == "/healthz"
        status = HTTPStatus.OK if is_health else HTTPStatus.SERVICE_UNAVAILABLE
        body = json.dumps({"status": "ok" if is_health else "rebuilding from the lake"}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        if not is_health:
            self.send_header("retry-after", str(_RETRY_SECONDS))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.close_connection = True  # what it brings is not read
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: health checks come every few seconds."""


@contextmanager
def answering(settings: DashboardSettings) -> Iterator[None]:
    """Answer until the block ends: `/healthz` well, all else with 503 and when to ask again.

    Raises:
        UsageError: The address cannot be used, or would let strangers in.
    """
    with listening(settings) as listener:
        server = ThreadingHTTPServer(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="meanwhile", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
