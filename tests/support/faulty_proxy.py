"""Stands between programs and Kinesis, and does to their requests what networks and limits do.

Python's own HTTP server and client; what fails, and how, is drawn from a seed.
"""

import contextlib
import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_JSON = "application/x-amz-json-1.1"


class FaultyProxy:
    """A proxy on a port of its own.

    Args:
        target: The address of the real service.
        seed: Decides on the faults.
        share: Of requests that fail in one way or another.
    """

    def __init__(self, target: str, seed: int = 7, share: float = 0.2) -> None:
        self.share = share
        self.faults: Counter[str] = Counter()
        """Operation and fault → how often."""
        self._target = urlsplit(target)
        self._noise = random.Random(seed)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = self.headers["x-amz-target"].rpartition(".")[2]
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in {"host", "content-length", "connection", "expect"}
                }
                answer = proxy.answer(operation, headers, body)
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, content = answer
                self.send_response(status)
                self.send_header("content-type", _JSON)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, _request: object, _client: object) -> None:
                """Programs are killed in mid-request; that is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """What AWS_ENDPOINT_URL_KINESIS is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def serving(self) -> Iterator["FaultyProxy"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(
        self, operation: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes] | None:
        """What a request is answered; None ends its connection."""
        fault = self._fault(operation)
        if fault == "throttled":
            return _refusal("ProvisionedThroughputExceededException", "Rate exceeded for shard")
        if fault == "expired":
            return _refusal("ExpiredIteratorException", "Iterator expired")
        if fault == "trouble":
            return 500, b'{"__type": "InternalFailure"}'
        if fault == "lost request":
            return None
        if fault == "partial":
            return self._partial(headers, body)
        answer = self._forward(headers, body)
        return None if fault == "lost answer" else answer

    def _fault(self, operation: str) -> str | None:
        kinds = ["throttled", "trouble", "lost request", "lost answer"]
        kinds += {"GetRecords": ["expired"] * 2, "PutRecords": ["partial"] * 2}.get(operation, [])
        with self._lock:
            if self._noise.random() >= self.share:
                return None
            fault = self._noise.choice(kinds)
            self.faults[f"{operation} {fault}"] += 1
        return fault

    def _partial(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Let a request's middle through, and refuse its beginning and its end."""
        request = json.loads(body)
        entries = request["Records"]
        with self._lock:
            first, last = sorted(self._noise.choices(range(len(entries) + 1), k=2))
        refused = {
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": "Rate exceeded for shard",
        }
        taken = []
        if last > first:
            part = json.dumps({**request, "Records": entries[first:last]}).encode()
            status, content = self._forward(headers, part)
            if status != 200:
                return status, content
            taken = json.loads(content)["Records"]
        answer = {
            "FailedRecordCount": len(entries) - len(taken),
            "Records": [refused] * first + taken + [refused] * (len(entries) - last),
        }
        return 200, json.dumps(answer).encode()

    def _forward(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        assert self._target.hostname is not None
        connection = http.client.HTTPConnection(
            self._target.hostname, self._target.port, timeout=60
        )
        with contextlib.closing(connection):
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()


def _refusal(code: str, message: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": code, "message": message}).encode()
