"""A warehouse that is a database server: what PostgreSQL and Redshift have in common.

Both are asked through Python's DB-API, and both say what went wrong by an SQLSTATE. A `Server`
knows how to connect, how its types are called, and how files of the lake get into a table;
everything else (loading, retention, reading, gold's control tables) is written once, on top of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pyarrow as pa

from airside.errors import AirsideError, RetryableError, TerminalError, UsageError
from airside.events import Feed
from airside.lake import Lake
from airside.warehouse.address import Address
from airside.warehouse.batch_document import BatchFile

Row = tuple[Any, ...]
Parameters = Sequence[object]
_ROWS_AN_INSERT = 500


class UnreachableError(RetryableError):
    """There is no connection, or there is none any more."""


class Session:
    """One connection to a server, for one thread; every statement commits unless in `transaction`.

    Args:
        connection: Of the driver, in autocommit mode.
        server: Whose it is; translates errors.
    """

    def __init__(self, connection: Any, server: "Server") -> None:  # noqa: ANN401 - DB-API has no types
        self.connection = connection
        self._server = server

    def execute(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run a statement, `?` where a value goes; gives its rows, if it has any.

        Raises:
            AirsideError: The server refused it, or cannot be reached any more.
        """
        with self._server.translated_errors(), self.connection.cursor() as cursor:
            self._server.run(cursor, sql, parameters)
            if cursor.description is None:
                return []
            return [tuple(row) for row in cursor.fetchall()]

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add a few thousand rows at most, by statements that every server understands."""
        names = ", ".join(rows.column_names)
        marks = f"({', '.join('?' * rows.num_columns)})"
        for part in rows.to_batches(max_chunksize=_ROWS_AN_INSERT):
            values = [value for row in part.to_pylist() for value in row.values()]
            self.execute(
                f"INSERT INTO {table} ({names}) VALUES {', '.join([marks] * part.num_rows)}", values
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done inside, or nothing."""
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        try:
            self.execute("ROLLBACK")
        except AirsideError:
            return  # the connection has gone, and the transaction with it


class Server(Protocol):
    """A database server that holds a warehouse."""

    address: Address
    types: Mapping[str, str]
    """DuckDB's name of a type → the server's."""

    @property
    def profile(self) -> dict[str, object]:
        """The output of a dbt profile, but for its schema and threads."""

    @property
    def secrets(self) -> dict[str, str]:
        """Variable → value: what the profile takes from dbt's environment."""

    def connect(self, *, timeout_seconds: float | None = None) -> Any:  # noqa: ANN401 - DB-API has no types
        """Open a connection in autocommit mode; a statement may take so long.

        Raises:
            AirsideError: The server cannot be reached, or lets nobody in.
        """

    def session(self) -> AbstractContextManager[Session]:
        """Connect for the length of a block."""

    def run(self, cursor: Any, sql: str, parameters: Parameters) -> None:  # noqa: ANN401 - DB-API has no types
        """Execute a statement with `?` for its values."""

    def translated_errors(self) -> AbstractContextManager[None]:
        """Turn the driver's errors into Airside's."""

    def table_options(self, table: str) -> str:
        """What follows the columns in CREATE TABLE: how the rows are laid out."""

    def indexes(self, feed: Feed) -> list[str]:
        """Statements that make what finds rows quickly, where it is missing."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other refreshes out for the length of a block.

        Raises:
            RetryableError: One is running, and cannot be waited for.
        """

    def copy_in(
        self,
        session: Session,
        lake: Lake,
        *,
        table: str,
        columns: Mapping[str, str],
        files: Sequence[BatchFile],
        batch: str,
        batch_id: int,
    ) -> int:
        """Bring Parquet files of the lake into a staging table, inside a transaction.

        Args:
            session: Where the transaction is.
            lake: Where the files are.
            table: In the schema `staging`.
            columns: Name → DuckDB type, in the order of the files; the table also has `batch_id`.
            files: Not none.
            batch: The batch's name.
            batch_id: The batch's id.

        Returns:
            How many rows came in.
        """


_NEXT_STEPS: dict[str, tuple[type[AirsideError], str]] = {
    "42P01": (
        UsageError,
        "if it is Airside's, fill the warehouse with `airside refresh`",
    ),
    "42501": (UsageError, "grant it to the user, or name another in the URL"),
    "28P01": (UsageError, "mend the user or the password in the URL, PGPASSWORD or ~/.pgpass"),
    "3D000": (UsageError, "create the database, or name another in the URL"),
    "25006": (UsageError, "only reading is allowed here"),
    "57014": (RetryableError, "ask for less, or raise `warehouse.timeout_seconds`"),
}
"""SQLSTATE → the kind of error, and what to do next."""
_NEXT_STEPS |= {
    "3F000": _NEXT_STEPS["42P01"],  # no such schema
    "28000": _NEXT_STEPS["28P01"],
    **dict.fromkeys(("08", "40", "53", "55", "57", "58"), (RetryableError, "try again")),
    **dict.fromkeys(("0A", "21", "22", "42", "54", "P0", "XX"), (UsageError, "")),
}
"""Two digits stand for a whole class; faults of the statement speak for themselves."""


def explained(address: Address, state: str | None, message: str) -> AirsideError:
    """The error of Airside for an SQLSTATE and the server's words."""
    code = state or ""
    kind, next_step = _NEXT_STEPS.get(code) or _NEXT_STEPS.get(code[:2]) or (TerminalError, "")
    text = " ".join(message.split()) or "no reason given"
    return kind(f"{address}: {text}{'; ' if next_step else ''}{next_step}")


def unreachable(address: Address, message: str) -> AirsideError:
    """The error of Airside where no connection comes about, from the driver's words."""
    text = " ".join(message.split()) or "no reason given"
    if any(mark in text for mark in ("authentication", "no password", "password")):
        return explained(address, "28P01", text)
    if "does not exist" in text:
        return explained(address, "3D000", text)
    return UnreachableError(
        f"{address} cannot be reached ({text}); check that the server runs and lets this machine in"
    )
