"""Requests that nobody should send: a clear answer each, and a server that lives on."""

import contextlib
import gzip
import json
import shutil
import socket
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from support.dashboards import prepared, served

packed = partial(gzip.compress, mtime=0)  # the same name for a test each time
EVENTS = "/api/v1/events"
NDJSON = {"content-type": "application/x-ndjson"}
GZIP = NDJSON | {"content-encoding": "gzip"}
JSON = {"content-type": "application/json"}
LIMIT = 1_000_000
LOCAL = b"Host: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n"
MORE_THAN_ONE_READ = 1_000_000
"""What comes within one read is taken, up to 256 KiB where the server is busy."""
POST = b"POST /api/v1/events HTTP/1.1\r\n" + LOCAL
RECORD_LIMIT = 1024 * 1024


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("hostile") / "data"
    shutil.copytree(prepared(tmp_path_factory), root)
    with served(root, max_body_bytes=LIMIT) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_is_taken_and_the_server_lives(client: httpx.Client) -> Iterator[None]:
    before = client.get("/api/v1/status").json()["received"]
    yield
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/status").json()["received"] == before


def refused(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    for word in words:
        assert word in document["detail"]


def raw(client: httpx.Client, data: bytes, *, close: bool = False) -> bytes:
    """Send bytes and give all that comes back."""
    received = b""
    address = (client.base_url.host, client.base_url.port or 80)
    with (
        contextlib.suppress(ConnectionError),  # cut off, perhaps while we still send
        socket.create_connection(address, timeout=60) as connection,
    ):
        connection.sendall(data)
        if close:
            with contextlib.suppress(OSError):  # it has been cut off already
                connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def head(client: httpx.Client, *headers: str) -> bytes:
    lines = [f"POST {EVENTS} HTTP/1.1", f"Host: {client.base_url.host}", "Connection: close"]
    return "\r\n".join([*lines, "Content-Type: application/x-ndjson", *headers, "", ""]).encode()


# --- size -----------------------------------------------------------------------------------------


def test_fifty_megabytes_are_refused_with_their_limit(client: httpx.Client) -> None:
    refused(
        client.post(EVENTS, content=b"x" * 50_000_000, headers=NDJSON),
        413,
        f"{LIMIT:,}",
        "dashboard.max_body_bytes",
    )


def test_fifty_megabytes_in_chunks_are_refused(client: httpx.Client) -> None:
    chunks = (b"x" * 100_000 for _ in range(500))
    # It may be sending still when the server has had enough.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        refused(client.post(EVENTS, content=chunks, headers=NDJSON), 413, f"{LIMIT:,}")


def test_a_client_that_asks_first_need_not_send(client: httpx.Client) -> None:
    answer = raw(client, head(client, "Content-Length: 50000000", "Expect: 100-continue"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in answer


def test_a_small_gzip_that_becomes_large_is_refused(client: httpx.Client) -> None:
    bomb = packed(b"0" * 200_000_000)
    assert len(bomb) < LIMIT
    refused(client.post(EVENTS, content=bomb, headers=GZIP), 413, "decompressed")


def test_many_gzip_files_in_one_count_together(client: httpx.Client) -> None:
    bomb = packed(b"0" * (LIMIT // 2)) * 3
    refused(client.post(EVENTS, content=bomb, headers=GZIP), 413)


def test_a_record_over_the_contracts_limit_takes_all_with_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with served(prepared(tmp_path_factory)) as wide:
        body = b"{}\n" + b"x" * (RECORD_LIMIT + 1) + b"\n{}"
        refused(wide.post(EVENTS, content=body, headers=NDJSON), 413, "record 2", "1,048,576")
        text = json.dumps(["x" * RECORD_LIMIT])
        refused(wide.post(EVENTS, content=text, headers=JSON), 413, "record 1")


# --- form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip at all",
        packed(b'{"a": 1}\n' * 100)[:-5],
        packed(b'{"a": 1}\n' * 100)[:20],
        packed(b'{"a": 1}\n')[:-8] + b"\x00" * 8,
        zlib.compress(b"{}"),
        packed(b"{}") + b"trailing",
        b"",
    ],
)
def test_broken_gzip_is_told(client: httpx.Client, body: bytes) -> None:
    refused(client.post(EVENTS, content=body, headers=GZIP), 400, "gzip", "nothing was taken")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[",
        b'[{"a": 1},]',
        b'[{"a": 1}] x',
        b"\xff",
        b'["\xff"]',
        b"null",
        b"[" * 100_000,
        b'[{"a": NaN}]',
    ],
)
def test_what_is_no_json_array_is_told(client: httpx.Client, body: bytes) -> None:
    refused(client.post(EVENTS, content=body, headers=JSON), 400, "JSON array", "x-ndjson")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x" * 9_000],
)
def test_other_types_are_refused(client: httpx.Client, content_type: str) -> None:
    answer = client.post(EVENTS, content=b"{}", headers={"content-type": content_type})
    refused(answer, 415, "application/x-ndjson")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
def test_other_encodings_are_refused(client: httpx.Client, encoding: str) -> None:
    headers = NDJSON | {"content-encoding": encoding}
    refused(client.post(EVENTS, content=b"{}", headers=headers), 415, "gzip")


# --- connections ----------------------------------------------------------------------------------


def test_half_a_body_is_not_taken(client: httpx.Client) -> None:
    sent = head(client, "Content-Length: 1000") + b'{"a": 1}\n{"b"'
    answer = raw(client, sent, close=True)
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]


def test_half_a_chunk_is_not_taken(client: httpx.Client) -> None:
    sent = head(client, "Transfer-Encoding: chunked") + b'64\r\n{"a": 1}\n'
    answer = raw(client, sent, close=True)
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + LOCAL + b"X: " + b"y" * MORE_THAN_ONE_READ + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + LOCAL + b"Host: evil.example\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_is_answered_or_cut(client: httpx.Client, sent: bytes) -> None:
    answer = raw(client, sent, close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_viewers_that_vanish_leave_nothing_behind(client: httpx.Client) -> None:
    request = f"GET /api/v1/stream HTTP/1.1\r\nHost: {client.base_url.host}\r\n\r\n".encode()
    address = (client.base_url.host, client.base_url.port or 80)
    connections = [socket.create_connection(address) for _ in range(20)]
    for connection in connections:
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert client.get("/api/v1/status").json()["viewers"] == 20
    for connection in connections:
        connection.close()
    while client.get("/api/v1/status").json()["viewers"]:
        pass  # ends with the test's time limit where they stay


def test_a_name_that_others_own_gets_nothing(client: httpx.Client) -> None:
    for path in ("/", "/api/v1/snapshot", EVENTS):
        refused(client.get(path, headers={"host": "evil.example"}), 421, "allowed_hosts")


def test_a_page_of_another_site_may_not_send(client: httpx.Client) -> None:
    foreign: dict[str, Any] = NDJSON | {"origin": "http://evil.example"}
    refused(client.post(EVENTS, content=b"{}", headers=foreign), 403)
