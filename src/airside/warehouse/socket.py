"""Questions to a running pipeline, over a Unix socket in its data directory.

The process that runs the pipeline owns the DuckDB file, and DuckDB lets nobody else open it
meanwhile. So the owner listens on a socket that only its user may use (mode 0600), and others ask
there; the answer is the same as from the file. One request a connection: a line of JSON
(`{"sql": …, "parameters": […]}`); the reply is a line of JSON (`{"rows": 7}` or
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

from airside.errors import (
    AirsideError,
    CorruptDataError,
    RetryableError,
    TerminalError,
    UsageError,
)
from airside.warehouse.protocol import Reader

_MAX_REQUEST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_MAX_ADDRESS_BYTES = 100  # the kernel's limit is 108 on Linux, 104 elsewhere
_ERRORS = (UsageError, CorruptDataError, TerminalError, RetryableError)
"""What an error may be on the other side, the most particular first."""


class QueryServer:
    """Answers `RemoteReader`s, each on a thread of its own, until it is closed.

    Args:
        path: The socket; one that a crash left behind is replaced. Whoever calls holds the data
            directory's lock, so nobody else listens there.
        reader: What answers.
        max_clients: More than so many at once wait for their turn.

    Raises:
        TerminalError: There can be no socket at the path.
    """

    def __init__(self, path: Path, reader: Reader, *, max_clients: int = 16) -> None:
        self._path = path
        self._reader = reader
        self._slots = threading.Semaphore(max_clients)
        self._closing = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path.unlink(missing_ok=True)
            with _address(path) as address:
                previous = os.umask(0o177)  # the socket is 0600 from its first instant
                try:
                    self._listener.bind(address)
                finally:
                    os.umask(previous)
        except OSError as error:
            self._listener.close()
            raise TerminalError(
                f"{path}: no socket can be made here ({error.strerror or error}); move what is in "
                "the way, or choose a data directory on another file system"
            ) from error
        # Those who wait for a slot must not be turned away: a full queue would refuse them.
        self._listener.listen(socket.SOMAXCONN)
        self._thread = threading.Thread(target=self._accept, name="query-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket; who waits for a slot is turned away."""
        self._closing.set()
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._slots.release()  # for the thread that may be waiting to hand one out
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._slots.acquire()
            if self._closing.is_set():
                connection.close()
                return
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
            sql, parameters = _request(channel)
            table = self._reader.query(sql, parameters)
        except Exception as error:  # noqa: BLE001 - whatever the question, the next one is answered
            kind = next((kind for kind in _ERRORS if isinstance(error, kind)), TerminalError)
            text = str(error) if isinstance(error, AirsideError) else repr(error)
            reply = {"error": kind.__name__, "message": text}
            channel.write(json.dumps(reply).encode() + b"\n")
            return
        channel.write(json.dumps({"rows": table.num_rows}).encode() + b"\n")
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
        """Ask; see `Reader.query`.

        Raises:
            RetryableError: The pipeline has stopped, or takes too long.
        """
        request = _encoded(sql, parameters)
        try:
            with _connected(self._path) as connection, connection.makefile("rwb") as channel:
                channel.write(request)
                channel.flush()
                reply = json.loads(channel.readline())
                table = pa.ipc.open_stream(channel).read_all() if "rows" in reply else None
        except TimeoutError as error:
            raise RetryableError(
                f"the pipeline has not answered within {_TIMEOUT_SECONDS:.0f} seconds on "
                f"{self._path}; ask for less, or stop it and ask again"
            ) from error
        except (OSError, ValueError) as error:
            raise self._stopped(str(error)) from error
        if table is None:
            kinds = {kind.__name__: kind for kind in _ERRORS}
            raise kinds[reply["error"]](reply["message"])
        if table.num_rows != reply["rows"]:  # Arrow takes an early end for the end
            raise self._stopped(f"after {table.num_rows:,} of {reply['rows']:,} rows")
        return table

    def _stopped(self, how: str) -> RetryableError:
        return RetryableError(f"the pipeline stopped answering on {self._path} ({how}); ask again")


def _encoded(sql: str, parameters: Sequence[object]) -> bytes:
    """Make a request's line."""
    try:
        line = json.dumps({"sql": sql, "parameters": list(parameters)}).encode() + b"\n"
    except TypeError as error:
        raise UsageError(
            f"parameters are text, numbers, booleans or None ({error}); cast in the statement"
        ) from error
    if len(line) > _MAX_REQUEST_BYTES:
        raise _too_large(len(line))
    return line


def _request(channel: BinaryIO) -> tuple[str, list[object]]:
    """Read a request's line."""
    line = channel.readline(_MAX_REQUEST_BYTES + 1)
    if len(line) > _MAX_REQUEST_BYTES:
        raise _too_large(len(line))
    try:
        request = json.loads(line)
        sql, parameters = request["sql"], request["parameters"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"the request cannot be read: {error}") from error
    if not isinstance(sql, str) or not isinstance(parameters, list):
        raise UsageError("the request cannot be read: expected sql as text, parameters as a list")
    return sql, parameters


def _too_large(size: int) -> UsageError:
    return UsageError(
        f"the question has {size:,} bytes or more; at most {_MAX_REQUEST_BYTES:,} are allowed: put "
        "long lists of values into a file and join with it"
    )


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
