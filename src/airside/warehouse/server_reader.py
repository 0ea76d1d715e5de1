"""Asks a warehouse on a server, from any thread."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa

from airside.errors import AirsideError
from airside.warehouse.arrow_rows import to_arrow
from airside.warehouse.one_question import check
from airside.warehouse.server import Server, UnreachableError

_MAX_IDLE = 4


class ServerReader:
    """See `Reader`; questions are in the server's own dialect.

    Every question runs in a read-only transaction of its own. Connections are kept for the next
    questions, a few of them; one that breaks is thrown away and the question asked once more.

    Args:
        server: Whom to ask.
        timeout_seconds: A question may take so long.
    """

    def __init__(self, server: Server, *, timeout_seconds: float) -> None:
        self.server = server
        self._timeout_seconds = timeout_seconds
        self._idle: list[Any] = []
        self._lock = threading.Lock()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one read-only statement."""
        check(sql, self.server.address.dialect)
        return self.ask(sql, parameters)

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a statement that is known to be a question."""
        try:
            return self._ask(sql, parameters)
        except UnreachableError:
            self.close()  # the server may have ended all of them while nobody asked
            return self._ask(sql, parameters)

    def close(self) -> None:
        """Close the connections that wait for questions."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            with suppress(Exception):  # it has gone already
                connection.close()

    def _ask(self, sql: str, parameters: Sequence[object]) -> pa.Table:
        with (
            self._connection() as connection,
            self.server.translated_errors(),
            connection.cursor() as cursor,
        ):
            cursor.execute("BEGIN READ ONLY")
            try:
                self.server.run(cursor, sql, parameters)
                if cursor.description is None:
                    return pa.table({})
                return to_arrow(cursor.description, cursor.fetchall())
            finally:
                cursor.execute("ROLLBACK")

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self.server.connect(timeout_seconds=self._timeout_seconds)
            with self.server.translated_errors(), connection.cursor() as cursor:
                cursor.execute("SET search_path TO main, staging")
        try:
            yield connection
        except BaseException as error:
            if isinstance(error, AirsideError) and not isinstance(error, UnreachableError):
                self._keep(connection)
            else:
                with suppress(Exception):  # it has gone already, or is in an unknown state
                    connection.close()
            raise
        self._keep(connection)

    def _keep(self, connection: Any) -> None:  # noqa: ANN401 - DB-API has no types
        with self._lock:
            if len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()
