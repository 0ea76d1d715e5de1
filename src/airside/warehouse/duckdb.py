"""The embedded warehouse: one DuckDB file."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from airside.errors import CorruptDataError, UsageError
from airside.events import FLIGHT_EVENTS, Feed
from airside.warehouse.arrow_parts import in_parts
from airside.warehouse.duckdb_errors import interrupted, is_damage, translated_errors
from airside.warehouse.protocol import LoadedBatch
from airside.warehouse.read_only import check
from airside.warehouse.schema import ddl

_OURS = (duckdb.OutOfMemoryException, duckdb.InterruptException)
"""What a question may run into without being at fault itself."""
_READING_ERRORS: dict[str, type[duckdb.Error]] = {
    "FATAL": duckdb.FatalException,
    "INTERNAL": duckdb.InternalException,
    "INTERRUPT": duckdb.InterruptException,
    "IO": duckdb.IOException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "Serialization": duckdb.SerializationException,
}
"""How the text of an error begins → the kinds that are not the question's own fault."""
_ROWS_AT_A_TIME = 2_048  # DuckDB makes no fewer
_INTERRUPT_SECONDS = 0.1  # again and again, as a question that is just starting does not notice
_REMEMBERED_QUESTIONS = 256
_REMEMBERED_CHARACTERS = 4_096
_LONGEST_LOG = 10
"""By its usual length: a commit that makes it so long merges it itself, and whoever loads waits."""
_VACUUM_TASKS = "SET GLOBAL max_vacuum_tasks = {}"
"""How many stretches of rows a merge of the log may write anew, to close the gaps in them: most of
what it takes where it may at all."""
_TASKS_AT_WORK, _TASKS_AT_THE_END = 1, 100
_VACUUM_EVERY_US, _VACUUM_EVERY_MERGES = 600_000_000, 50
"""Whichever comes first: gaps grow with what is written, and while little is, with each refresh."""


class DuckDBWarehouse:
    """See `Warehouse` for what each method promises.

    Loading belongs to one thread; `query` may be called from any.

    Args:
        path: The database file; made when missing, unless `read_only`.
        clock: Microseconds since the Unix epoch, for `committed_at`.
        threads: Worker threads of DuckDB.
        memory_limit: DuckDB's memory limit, such as `1GB`; beyond it DuckDB spills to disk.
        wal_bytes: `shorten_log` merges a write-ahead log of this size into the file, and a commit
            one of ten times.
        read_only: Ask only; other processes may do so at the same time.
        feed: The feed that is loaded.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int],
        threads: int = 2,
        memory_limit: str = "1GB",
        wal_bytes: int = 25_000_000,
        read_only: bool = False,
        feed: Feed = FLIGHT_EVENTS,
    ) -> None:
        self._path = path
        self._clock = clock
        self._wal_bytes = wal_bytes
        self._is_read_only = read_only
        self._vacuum_due_us = clock() + _VACUUM_EVERY_US
        self._merges = 0
        """Since gaps were closed."""
        self._feed = feed
        self._checked: set[str] = set()
        self._loads = 0
        self._known: tuple[int, dict[str, str]] = (-1, {})
        """The checkpoint after so many loads: every stage asks for it again and again."""
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._idle = threading.Condition()
        self._closed = False
        with translated_errors(path):
            self._connection = duckdb.connect(str(path), read_only=read_only)
            # Set globally after connecting, not in the connect call: dbt opens the same file in
            # this process, and connections to one file must be opened with the same settings.
            self._connection.execute(f"SET GLOBAL threads = {int(threads)}")
            self._connection.execute("SET GLOBAL memory_limit = ?", [memory_limit])
            self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
            self._connection.execute("SET GLOBAL autoinstall_known_extensions = false")
            self._connection.execute("SET GLOBAL autoload_known_extensions = false")
            if not read_only:
                self._connection.execute(_VACUUM_TASKS.format(0))
                longest = wal_bytes * _LONGEST_LOG
                self._connection.execute("SET GLOBAL checkpoint_threshold = ?", [f"{longest}B"])
                self._create_tables()

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    @property
    def transform(self) -> duckdb.DuckDBPyConnection:
        """The connection on which batches are transformed and loaded."""
        return self._connection

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one read-only statement, on a connection of its own."""
        with self._asked(sql, parameters) as answer:
            return answer.to_arrow_table()

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatchReader]:
        """Run one read-only statement, and give its rows some at a time."""
        with (
            self._asked(sql, parameters) as answer,
            closing(answer.to_arrow_reader(_ROWS_AT_A_TIME)) as rows,
        ):
            yield pa.RecordBatchReader.from_batches(rows.schema, in_parts(read_rows(rows)))

    @contextmanager
    def _asked(self, sql: str, parameters: Sequence[object]) -> Iterator[duckdb.DuckDBPyRelation]:
        """An answer that is worked out when it is taken."""
        with translated_errors(self._path), self._cursor() as cursor:
            self._check(cursor, sql)
            _look_in_both_schemas(self._path, cursor)
            cursor.execute("SET python_enable_replacements = false")  # our variables are no tables
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                yield cursor.sql(sql, params=list(parameters))
            except _OURS:
                raise
            except duckdb.Error as error:
                if is_damage(error) or self._is_about_the_file(error):
                    raise
                raise UsageError(str(error)) from error
            finally:
                cursor.execute("ROLLBACK")

    def _check(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Refuse what is more than a question; a page asks the same ones again and again."""
        if sql in self._checked:
            return
        check(cursor, sql)
        if len(sql) <= _REMEMBERED_CHARACTERS:
            if len(self._checked) >= _REMEMBERED_QUESTIONS:
                self._checked.clear()
            self._checked.add(sql)

    def checkpoint(self) -> dict[str, str]:
        """Shard → the last sequence number loaded."""
        loads, known = self._known
        if loads == self._loads:
            return dict(known)
        loads = self._loads  # what is loaded meanwhile may or may not be in the answer
        with translated_errors(self._path), self._cursor() as cursor:
            found = cursor.execute(
                "SELECT shard_id, sequence_number FROM staging.checkpoints"
            ).fetchall()
        self._known = loads, dict(found)
        return dict(found)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is loaded inside, or nothing."""
        with translated_errors(self._path):
            self._connection.execute("BEGIN TRANSACTION")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._rollback()
                raise
            finally:
                self._loads += 1

    def load(self, batch: LoadedBatch, *, clean: str, quarantined: pa.Table) -> int:
        """Load a batch, inside `transaction`."""
        execute = self._connection.execute
        (batch_id,) = execute(
            "SELECT coalesce(max(batch_id), 0) + 1 FROM staging.batches"
        ).fetchall()[0]
        names = ", ".join(self._feed.column_names)
        execute(
            f"INSERT INTO staging.{self._feed.name} ({names}, batch_id)"
            f" SELECT {names}, {batch_id} FROM ({clean})"
        )
        if quarantined.num_rows:
            self._connection.register("quarantined_rows", quarantined)
            execute(
                "INSERT INTO staging.quarantine BY NAME"
                f" SELECT *, {batch_id} AS batch_id FROM quarantined_rows"
            )
            self._connection.unregister("quarantined_rows")
        execute(
            "INSERT INTO staging.batches VALUES"
            " (?, ?, ?, ?, ?, make_timestamp(?), make_timestamp(?), make_timestamp(?))",
            [
                batch_id,
                batch.received,
                batch.clean,
                batch.quarantined,
                batch.duplicates,
                batch.first_arrived_at_us,
                batch.last_arrived_at_us,
                self._clock(),
            ],
        )
        for shard_id, sequence_number in batch.through.items():
            # An UPDATE, or INSERT OR REPLACE, would keep the log from being merged for as long as
            # any question runs that was asked before.
            execute("DELETE FROM staging.checkpoints WHERE shard_id = ?", [shard_id])
            execute("INSERT INTO staging.checkpoints VALUES (?, ?)", [shard_id, sequence_number])
        return int(batch_id)

    @contextmanager
    def beside(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Change rows that loading no longer touches, while it goes on: all, or none.

        Yields:
            A connection of its own, in a transaction.
        """
        with translated_errors(self._path), self._cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):  # its own report matters
                    cursor.execute("ROLLBACK")
                raise

    def shorten_log(self) -> bool:
        """Merge the write-ahead log into the file once it has `wal_bytes`, beside all else.

        Questions are answered meanwhile; a batch that is loaded waits.

        Returns:
            Whether it was merged: not where it is short, nor while tables are made or an `UPDATE`
            is under way.
        """
        if self._log_bytes() < self._wal_bytes:
            return False
        is_vacuum_due = self._merges >= _VACUUM_EVERY_MERGES or self._clock() >= self._vacuum_due_us
        with translated_errors(self._path), self._cursor() as cursor:
            cursor.execute(_VACUUM_TASKS.format(_TASKS_AT_WORK if is_vacuum_due else 0))
            try:
                cursor.execute("CHECKPOINT")
            except duckdb.TransactionException:
                return False
            finally:
                cursor.execute(_VACUUM_TASKS.format(0))
        self._merges += 1
        if is_vacuum_due:
            self._vacuum_due_us, self._merges = self._clock() + _VACUUM_EVERY_US, 0
        return True

    def close(self) -> None:
        """Close the file; what is committed is safe without it. Running questions are cut off."""
        with self._idle:
            self._closed = True
            while self._cursors:
                for cursor in self._cursors:
                    cursor.interrupt()
                self._idle.wait(_INTERRUPT_SECONDS)
            if not self._is_read_only:  # the log is merged now, and nobody waits for it
                with suppress(duckdb.Error):  # of a connection that a fatal error has ended
                    self._connection.execute(_VACUUM_TASKS.format(_TASKS_AT_THE_END))
            self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own, which `close` waits for."""
        with self._idle:
            if self._closed:
                raise interrupted(self._path)
            cursor = self._connection.cursor()
            self._cursors.add(cursor)
        try:
            yield cursor
        finally:
            with self._idle:  # or `close` would interrupt one that is closed already
                self._cursors.discard(cursor)
                cursor.close()
                self._idle.notify_all()

    def _log_bytes(self) -> int:
        log = self._path.with_name(self._path.name + ".wal")
        try:
            return log.stat().st_size
        except FileNotFoundError:
            return 0

    def _create_tables(self) -> None:
        """Make the tables that are missing, and see that the others are as this version has them.

        Raises:
            CorruptDataError: One is not; it would stop the first batch that needs it.
        """
        with duckdb.connect() as scratch:
            for statement in ddl(self._feed):
                scratch.execute(statement)
            expected = _layout(scratch)
        found = _layout(self._connection)
        for table, columns in expected.items():
            different = columns ^ found.get(table, columns)
            if different:
                self._connection.close()
                raise CorruptDataError(
                    f"{self._path}: staging.{table} is of another version of Airside, as the column"
                    f" {min(different)[0]} shows; `airside backfill` makes it anew from the archive"
                )
        for statement in ddl(self._feed):
            self._connection.execute(statement)

    def _is_about_the_file(self, error: duckdb.Error) -> bool:
        """Whether the file itself cannot be read, rather than one that the question names."""
        return isinstance(error, duckdb.IOException) and str(self._path.resolve()) in str(error)

    def _rollback(self) -> None:
        try:
            self._connection.execute("ROLLBACK")
        except duckdb.Error:
            return  # a fatal error has ended the transaction already; its own report matters


def read_rows(rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Rows of a running question, whose errors Arrow hands on as their texts alone.

    Raises:
        duckdb.Error: Of the kind that it was, for `translated_errors`.
    """
    try:
        yield from rows
    except OSError as error:
        kind, _, _ = str(error).partition(" Error: ")
        raise _READING_ERRORS.get(kind, duckdb.Error)(str(error)) from error


def _layout(connection: duckdb.DuckDBPyConnection) -> dict[str, set[tuple[str, str]]]:
    """Table of staging → its columns' names and types."""
    layout: dict[str, set[tuple[str, str]]] = {}
    for table, *column in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " INNER JOIN duckdb_tables() USING (database_name, schema_name, table_name)"
        " WHERE schema_name = 'staging' AND database_name = current_database()"
    ).fetchall():
        layout.setdefault(table, set()).add((column[0], column[1]))
    return layout


def _look_in_both_schemas(path: Path, cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.execute("SET search_path = 'main,staging'")
    except duckdb.CatalogException as error:
        raise CorruptDataError(
            f"{path} holds no tables of Airside's; `airside run` makes them, if the file is yours "
            "to change, or choose another data directory"
        ) from error
