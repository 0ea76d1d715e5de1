"""PostgreSQL, through psycopg2, which dbt-postgres brings."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.csv

from airside.errors import AirsideError, RetryableError
from airside.events import Feed
from airside.lake import Lake
from airside.warehouse.address import Address
from airside.warehouse.batch_document import BatchFile
from airside.warehouse.batch_files import read_parts
from airside.warehouse.server import Parameters, Session, explained, unreachable

_CONNECT_SECONDS = 10
_LOCK = 0x0A125D1E
"""The number of the advisory lock: any would do, as long as it is always the same."""
_PASSWORD = "DBT_ENV_SECRET_AIRSIDE_WAREHOUSE_PASSWORD"  # noqa: S105 - the name of a variable
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?|%""", re.DOTALL)


class PostgresServer:
    """See `Server` for what each method promises.

    Args:
        url: `postgresql://…`, as libpq reads it.
    """

    # Text in the order of its bytes, as in DuckDB and Redshift: models take the least and the
    # greatest of texts, and order events by them.
    types: Mapping[str, str] = {
        "VARCHAR": 'TEXT COLLATE "C"',
        "VARCHAR[]": 'TEXT[] COLLATE "C"',
        "TIMESTAMP": "TIMESTAMP",
        "DOUBLE": "DOUBLE PRECISION",
        "INTEGER": "INTEGER",
        "BIGINT": "BIGINT",
        "BLOB": "BYTEA",
    }

    def __init__(self, url: str) -> None:
        self.address = Address.parse(url)
        self._url = re.sub(r"^[^:]+", "postgresql", url)
        self._login: dict[str, Any] | None = None

    @property
    def profile(self) -> dict[str, object]:
        """Everything as a connection of our own found it, so that dbt logs in as we do."""
        login = self._logged_in()
        parameters = login["parameters"]
        more = {
            name: parameters[name]
            for name in ("sslmode", "sslcert", "sslkey", "sslrootcert")
            if parameters.get(name)
        }
        return {
            "type": "postgres",
            "host": login["host"],
            "port": login["port"],
            "user": login["user"],
            "password": f"{{{{ env_var('{_PASSWORD}', '') }}}}",
            "dbname": login["database"],
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "airside",
            **more,
        }

    @property
    def secrets(self) -> dict[str, str]:
        """The password, wherever libpq found it."""
        return {_PASSWORD: self._logged_in()["password"]}

    def connect(self, *, timeout_seconds: float | None = None) -> Any:  # noqa: ANN401 - psycopg2's
        """Open a connection."""
        try:
            connection = psycopg2.connect(
                self._url,
                connect_timeout=_CONNECT_SECONDS,
                application_name="airside",
            )
        except psycopg2.Error as error:
            raise unreachable(self.address, str(error)) from error
        connection.autocommit = True
        settings = {"timezone": "'UTC'", "standard_conforming_strings": "on"}
        if timeout_seconds is not None:
            settings["statement_timeout"] = str(int(timeout_seconds * 1000))
        # Not as options of the connection, which poolers in between refuse.
        with self.translated_errors(), connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
        return connection

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Connect for the length of a block."""
        with closing(self.connect()) as connection:
            yield Session(connection, self)

    def run(self, cursor: Any, sql: str, parameters: Parameters) -> None:  # noqa: ANN401 - psycopg2's
        """Execute a statement, which psycopg2 wants with `%s` for its values."""
        if parameters:
            cursor.execute(_PARTS.sub(_for_psycopg, sql), list(parameters))
        else:
            cursor.execute(sql)

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Turn psycopg2's errors into Airside's."""
        try:
            yield
        except AirsideError:
            raise
        except psycopg2.Error as error:
            if error.pgcode is None and isinstance(
                error, psycopg2.OperationalError | psycopg2.InterfaceError
            ):
                raise unreachable(self.address, str(error)) from error
            message = error.diag.message_primary or str(error)
            raise explained(self.address, error.pgcode or "42000", message) from error

    def table_options(self, table: str) -> str:  # noqa: ARG002 - Redshift needs it
        """Rows lie as they come."""
        return ""

    def indexes(self, feed: Feed) -> list[str]:
        """What a refresh takes in next, and the events of a leg."""
        return [
            f"CREATE INDEX IF NOT EXISTS {feed.name}_batch_id ON staging.{feed.name} (batch_id)",
            f"CREATE INDEX IF NOT EXISTS {feed.name}_leg_key ON staging.{feed.name} (leg_key)",
            "CREATE INDEX IF NOT EXISTS quarantine_batch_id ON staging.quarantine (batch_id)",
        ]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other refreshes out, by an advisory lock, which the server gives back at the end."""
        with self.session() as session:
            ((is_ours,),) = session.execute("SELECT pg_try_advisory_lock(?)", [_LOCK])
            if not is_ours:
                raise RetryableError(
                    f"another refresh is running on {self.address}; try again when it has ended"
                )
            yield

    def copy_in(
        self,
        session: Session,
        lake: Lake,
        *,
        table: str,
        columns: Mapping[str, str],
        files: Sequence[BatchFile],
        batch: str,  # noqa: ARG002 - Redshift needs it
        batch_id: int,
    ) -> int:
        """Read the files and send their rows with COPY FROM STDIN."""
        names = ", ".join([*columns, "batch_id"])
        copy = f"COPY staging.{table} ({names}) FROM STDIN (FORMAT csv)"
        rows = 0
        for file in files:
            for part in read_parts(lake, file, list(columns)):
                text = _as_csv(part.append_column("batch_id", pa.repeat(batch_id, part.num_rows)))
                with self.translated_errors(), session.connection.cursor() as cursor:
                    cursor.copy_expert(copy, io.BytesIO(text))
                rows += part.num_rows
        return rows

    def _logged_in(self) -> dict[str, Any]:
        if self._login is None:
            with closing(self.connect()) as connection:
                info = connection.info
                self._login = {
                    "host": info.host,
                    "port": info.port,
                    "user": info.user,
                    "password": info.password or "",
                    "database": info.dbname,
                    "parameters": info.dsn_parameters,
                }
        return self._login


def _for_psycopg(part: re.Match[str]) -> str:
    text = part[0]
    return "%s" if text == "?" else text.replace("%", "%%")


def _as_csv(table: pa.Table) -> bytes:
    """Rows as COPY reads them: an empty field is NULL, and empty text stands in quotes."""
    sink = io.BytesIO()
    pa.csv.write_csv(
        pa.table([_writable(column) for column in table.columns], names=table.column_names),
        sink,
        pa.csv.WriteOptions(include_header=False, quoting_style="all_valid"),
    )
    return sink.getvalue().replace(b"\0", b"")  # PostgreSQL's text cannot hold U+0000


def _writable(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.array([_array(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = column.to_pylist()
        return pa.array([None if v is None else "\\x" + v.hex() for v in values], pa.string())
    return column


def _array(items: Sequence[str] | None) -> str | None:
    """The text of a PostgreSQL array."""
    if items is None:
        return None
    quoted = ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + ",".join(quoted) + "}"
