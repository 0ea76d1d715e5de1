"""The databases that gold can be built in: what dbt and the control tables need of each.

The models are the same everywhere; `dbt/macros/dialect.sql` spells what dialects spell differently.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from airside.warehouse.duckdb_errors import translated_errors
from airside.warehouse.server import Server
from airside.warehouse.server import Session as ServerSession

Row = tuple[Any, ...]


class Session(Protocol):
    """A connection to the control tables."""

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a statement, `?` where a value goes; gives its rows, if it has any."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add a few thousand rows at most to a table that has their columns."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all that is done inside, or nothing."""


class Database(Protocol):
    """Where gold is built."""

    profile: dict[str, object]
    """The output of a dbt profile, but for its schema and threads."""
    secrets: dict[str, str]
    """Variable → value, what the profile takes from dbt's environment."""
    text: str
    """The type of a text column."""
    tests: tuple[str, ...]
    """Arguments that choose the tests of dbt that can run here."""
    keeps_scripts: bool
    """Whether a refresh runs the statements of an earlier one; see `airside.gold.script`."""

    def session(self) -> AbstractContextManager[Session]:
        """Connect for the length of a block."""

    def release(self) -> None:
        """Let go of connections that dbt keeps."""


class DuckDBDatabase:
    """The embedded warehouse's file. Other connections of this process may have it open."""

    text = "VARCHAR"
    tests: tuple[str, ...] = ()
    keeps_scripts = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.secrets: dict[str, str] = {}
        self.profile: dict[str, object] = {
            "type": "duckdb",
            "path": str(path.resolve()),
            "keep_open": False,  # the host's own connection keeps the file open; dbt need not
        }

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection like those that the rest of the process has to this file."""
        with translated_errors(self._path), duckdb.connect(str(self._path)) as connection:
            yield _DuckDBSession(connection, self._path)

    def release(self) -> None:
        """Let go of the file."""
        from dbt.adapters.duckdb.connections import (  # noqa: PLC0415  slow, and loaded by now
            DuckDBConnectionManager,
        )

        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]  # dbt's


class _DuckDBSession:
    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        with translated_errors(self._path):
            return self._connection.execute(sql, list(parameters)).fetchall()

    def insert(self, table: str, rows: pa.Table) -> None:
        with translated_errors(self._path):
            self._connection.register("rows_to_insert", rows)
            self._connection.execute(f"INSERT INTO {table} BY NAME FROM rows_to_insert")
            self._connection.unregister("rows_to_insert")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with translated_errors(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has ended it already
                    self._connection.execute("ROLLBACK")
                raise


class ServerDatabase:
    """A warehouse on PostgreSQL or Redshift."""

    # dbt cannot make up rows with a list in them here; DuckDB runs the unit tests.
    tests: tuple[str, ...] = ("--exclude", "test_type:unit")
    # Each refresh waits for the server much longer than for dbt.
    keeps_scripts = False

    def __init__(self, server: Server) -> None:
        self._server = server
        self.text = server.types["VARCHAR"]
        self.secrets = server.secrets
        self.profile = server.profile

    def session(self) -> AbstractContextManager[ServerSession]:
        """A connection of its own."""
        return self._server.session()

    def release(self) -> None:
        """Nothing to do: dbt closes its connections after every command."""
