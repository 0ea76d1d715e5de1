"""Questions to a running pipeline, over a Unix socket in its data directory.

The process that runs the pipeline owns the DuckDB file, and DuckDB lets nobody else open it
meanwhile. So the owner listens on a socket that only its user may use (mode 0600), and others ask
there; the answer is the same as from the file.

One request a connection: a line of JSON (`{"version": 2, "sql": …, "parameters": […]}`). The reply
is a line of JSON, `{"version": 2, "answer": "arrow"}` or `{"error": …, "message": …}`; then an
answer's rows as an Arrow IPC stream, written while they are found, and another line: `{"rows": 7}`
or, where not all of them could be found, the error. The owner holds some rows at a time, however
many there are.

After an upgrade a pipeline may still run the old code. Each side says its version, and an answer or
a question of another one is an error that says what to restart. The line of an error is the same in
every version.
"""

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

import pyarrow as pa

from airside.errors import (
    AirsideError,
    CorruptDataError,
    RetryableError,
    TerminalError,
    UsageError,
)
from airside.warehouse.protocol import StreamingReader

_LOG = logging.getLogger(__name__)
_VERSION = 2
"""Of the questions and answers; the first one had no number."""
_MAX_REQUEST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_PAUSE_SECONDS = 0.2  # until there may be a descriptor or a thread again
_BUFFER_BYTES = 256 * 1024  # Arrow writes a column in some small pieces
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

    def __init__(self, path: Path, reader: StreamingReader, *, max_clients: int = 16) -> None:
        self._path = path
        self._reader = reader
        self._slots = threading.Semaphore(max_clients)
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._troubles: set[str] = set()
        """Kinds of errors that have been logged."""
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
        """Stop listening and remove the socket; whoever waits or is being answered is cut off.

        A client that does not take its answer would else keep the warehouse from being closed.
        """
        self._closing.set()
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._slots.release()  # for the thread that may be waiting to hand one out
        self._thread.join()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):  # its client has gone
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:  # no descriptor is left, or the client has gone already
                if self._closing.is_set():
                    return
                self._pause(error)
                continue
            self._slots.acquire()
            if self._closing.is_set():
                connection.close()
                return
            self._connections.add(connection)
            try:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except RuntimeError as error:  # no thread can be had
                self._done(connection)
                self._pause(error)

    def _pause(self, error: Exception) -> None:
        """Let a trouble pass that no client is to blame for; say so once for each kind."""
        kind = f"{type(error).__name__} {getattr(error, 'errno', None)}"
        if kind not in self._troubles:
            self._troubles.add(kind)
            _LOG.warning("a question on %s has to wait: %s", self._path, error)
        self._closing.wait(_PAUSE_SECONDS)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(_TIMEOUT_SECONDS)
            # A client that goes away in the middle costs only its own answer.
            with (
                contextlib.suppress(OSError),
                connection.makefile("rwb", _BUFFER_BYTES) as channel,
            ):
                self._answer(cast("BinaryIO", channel))
        finally:
            self._done(connection)

    def _done(self, connection: socket.socket) -> None:
        connection.close()
        self._connections.discard(connection)
        self._slots.release()

    def _answer(self, channel: BinaryIO) -> None:
        try:
            sql, parameters, version = _request(channel)
            if version != _VERSION:
                _refuse(
                    f"the pipeline on {self._path} runs another version of Airside than the one "
                    "that asks; restart whichever was started before the upgrade"
                )
            with self._reader.stream(sql, parameters) as rows:
                count = _send(channel, rows)
        except OSError:
            raise  # the client's: a reader tells its own as Airside's
        except Exception as error:  # noqa: BLE001 - whatever the question, the next one is answered
            kind = next((kind for kind in _ERRORS if isinstance(error, kind)), TerminalError)
            text = str(error) if isinstance(error, AirsideError) else repr(error)
            _write_line(channel, {"error": kind.__name__, "message": text})
        else:
            _write_line(channel, {"rows": count})


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
            TerminalError: It runs another version of Airside.
        """
        with self.stream(sql, parameters) as rows:
            return rows.read_all()

    @contextlib.contextmanager
    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatchReader]:
        """Ask; see `StreamingReader.stream`.

        Raises:
            RetryableError: The pipeline has stopped, or takes too long.
            TerminalError: It runs another version of Airside.
        """
        request = _encoded(sql, parameters)
        with contextlib.ExitStack() as stack:
            with self._translated_errors():
                connection = stack.enter_context(_connected(self._path))
                connection.sendall(request)
                channel = stack.enter_context(connection.makefile("rb"))
                if _read_line(channel).get("version") != _VERSION:
                    _refuse(
                        f"the pipeline on {self._path} runs another version of Airside; restart it"
                    )
                rows = pa.ipc.open_stream(channel)
            yield pa.RecordBatchReader.from_batches(rows.schema, self._read(rows, channel))

    def _read(self, rows: pa.RecordBatchReader, channel: BinaryIO) -> Iterator[pa.RecordBatch]:
        count = 0
        with self._translated_errors():
            for batch in rows:
                count += batch.num_rows
                yield batch
            end = _read_line(channel)  # Arrow takes an early end for the end
        if count != end["rows"]:
            raise self._stopped(f"after {count:,} of {end['rows']:,} rows")

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise RetryableError(
                f"the pipeline has not answered within {_TIMEOUT_SECONDS:.0f} seconds on "
                f"{self._path}; ask for less, or stop it and ask again"
            ) from error
        except (OSError, ValueError) as error:
            raise self._stopped(str(error)) from error

    def _stopped(self, how: str) -> RetryableError:
        return RetryableError(f"the pipeline stopped answering on {self._path} ({how}); ask again")


def _encoded(sql: str, parameters: Sequence[object]) -> bytes:
    """Make a request's line."""
    question = {"version": _VERSION, "sql": sql, "parameters": list(parameters)}
    try:
        line = json.dumps(question).encode() + b"\n"
    except TypeError as error:
        raise UsageError(
            f"parameters are text, numbers, booleans or None ({error}); cast in the statement"
        ) from error
    if len(line) > _MAX_REQUEST_BYTES:
        raise _too_large(len(line))
    return line


def _request(channel: BinaryIO) -> tuple[str, list[object], object]:
    """Read a request's line; gives its version too, whatever that is."""
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
    return sql, parameters, request.get("version")


def _send(channel: BinaryIO, rows: pa.RecordBatchReader) -> int:
    """Write rows as they come; gives how many.

    A reader's error leaves what was written whole, so that another line may follow.
    """
    count = 0
    _write_line(channel, {"version": _VERSION, "answer": "arrow"})
    with pa.ipc.new_stream(channel, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_line(channel: BinaryIO, document: dict[str, Any]) -> None:
    channel.write(json.dumps(document).encode() + b"\n")


def _read_line(channel: BinaryIO) -> dict[str, Any]:
    """Read a line of a reply.

    Raises:
        AirsideError: It is one; of the kind that the other side said.
        ValueError: It is cut off, or is no line of a reply.
    """
    document: dict[str, Any] = json.loads(channel.readline())
    if not isinstance(document, dict):
        raise ValueError("its reply cannot be read")  # noqa: TRY004 - what it holds is wrong
    if "error" in document:
        kinds = {kind.__name__: kind for kind in _ERRORS}
        raise kinds.get(document["error"], TerminalError)(document["message"])
    return document


def _refuse(message: str) -> NoReturn:
    raise TerminalError(message)


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
