"""Questions to a running pipeline, over a Unix socket in its data directory.

The process that runs the pipeline owns the DuckDB file, and DuckDB lets nobody else open it
meanwhile. So the owner listens on a socket that only its user may use (mode 0600), and others ask
there; the answer is the same as from the file. One request a connection: a line of JSON
(`{"sql": …, "parameters": […]}`); the reply is a line of JSON (`{"ok": true}` or
`{"error": …, "message": …}`), then the result as an Arrow IPC stream.
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from airside.errors import AirsideError, RetryableError, TerminalError, UsageError
from airside.warehouse.protocol import Reader

_MAX_REQUEST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_MAX_ADDRESS_BYTES = 100  # the kernel's limit is 108 on Linux, 104 elsewhere


class QueryServer:
    """Answers `RemoteReader`s, each on a thread of its own, until it is closed.

    Args:
        path: The socket; one that a crash left behind is replaced. Whoever calls holds the data
            directory's lock, so nobody else listens there.
        reader: What answers.
        max_clients: More than so many at once wait for their turn.
    """

    def __init__(self, path: Path, reader: Reader, *, max_clients: int = 16) -> None:
        self._path = path
        self._reader = reader
        self._slots = threading.BoundedSemaphore(max_clients)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _address(path) as address:
            previous = os.umask(0o177)  # the socket is 0600 from its first instant
            try:
                self._listener.bind(address)
            finally:
                os.umask(previous)
        self._listener.listen(max_clients)
        self._thread = threading.Thread(target=self._accept, name="query-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._slots.acquire()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(_TIMEOUT_SECONDS)
            # A client that goes away in the middle costs only its own answer.
            with connection, contextlib.suppress(OSError), connection.makefile("rwb") as channel:
                self._answer(cast("BinaryIO", channel))
        finally:
            self._slots.release()

    def _answer(self, channel: BinaryIO) -> None:
        try:
            request = json.loads(channel.readline(_MAX_REQUEST_BYTES))
            table = self._reader.query(request["sql"], request["parameters"])
        except AirsideError as error:
            kind = "usage" if isinstance(error, UsageError) else "failed"
            channel.write(json.dumps({"error": kind, "message": str(error)}).encode() + b"\n")
            return
        except (ValueError, KeyError, TypeError) as error:
            reply = {"error": "usage", "message": f"the request cannot be read: {error}"}
            channel.write(json.dumps(reply).encode() + b"\n")
            return
        channel.write(b'{"ok": true}\n')
        with pa.ipc.new_stream(channel, table.schema) as writer:
            writer.write_table(table)


class RemoteReader:
    """A `Reader` that asks the pipeline that is running on a data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def connect(cls, path: Path) -> "RemoteReader | None":
        """A reader, or None where nobody listens."""
        try:
            with _connected(path):
                return cls(path)
        except OSError:
            return None

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Ask; see `Reader.query`."""
        request = json.dumps({"sql": sql, "parameters": list(parameters)}, default=str)
        try:
            with _connected(self._path) as connection, connection.makefile("rwb") as channel:
                channel.write(request.encode() + b"\n")
                channel.flush()
                reply = json.loads(channel.readline() or b"{}")
                if reply.get("ok"):
                    return pa.ipc.open_stream(channel).read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise RetryableError(
                f"the pipeline stopped answering on {self._path} ({error}); ask again"
            ) from error
        if reply.get("error") == "usage":
            raise UsageError(reply["message"])
        raise TerminalError(reply.get("message", f"no answer on {self._path}; ask again"))


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        with _address(path) as address:
            connection.connect(address)
        yield connection


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name for the socket that is short enough for the kernel, however deep the folder is."""
    plain = str(path)
    if len(plain.encode()) <= _MAX_ADDRESS_BYTES:
        yield plain
        return
    if not Path("/proc/self/fd").is_dir():
        raise TerminalError(
            f"{path} is too long for a Unix socket ({len(plain)} bytes, at most "
            f"{_MAX_ADDRESS_BYTES}); choose a data directory with a shorter path"
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
