"""Runs a feed's SQL over Arrow batches, in DuckDB.

The rules are in the feed's SQL file beside this module, which knows nothing of Arrow; what it needs
done before, to tell UTF-8 from other bytes, is done here.

The SQL runs in engines of the kernel's own: databases in memory, of one thread each, in which it is
planned once. Planning it takes longer than transforming 4,000 records, and an Arrow result costs
less than a temporary table (`benchmarks/bench_silver_sql.py` prints both). It is also just how the
same file runs inside Spark.
"""

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa

from airside.events import FLIGHT_EVENTS, Feed

RECORDS = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("payload", pa.binary()),
    ]
)
"""What a kernel reads: one row per record of the stream."""

_PLACE = ["shard_id", "sequence_number", "arrived_at"]
_DECODED = pa.schema([*(RECORDS.field(name) for name in _PLACE), ("text", pa.string())])
_SHARE_ROWS = 2048
"""DuckDB's vector: fewer rows than this are not worth a second engine."""
_STRETCH_ROWS = 256
"""Looked through one by one where a record among them is not UTF-8."""


def feed_sql(feed: Feed) -> str:
    """The SELECT that turns the relation `records` into the feed's silver rows and verdicts."""
    return files(__package__).joinpath(f"{feed.name}.sql").read_text("utf-8")


def decode_utf8(payloads: pa.BinaryArray) -> pa.StringArray:
    """The same values as text, without a copy; NULL where the bytes are not UTF-8."""
    try:
        return payloads.cast(pa.string())
    except pa.ArrowInvalid:
        pass
    is_text = np.ones(len(payloads), np.bool_)
    for start in range(0, len(payloads), _STRETCH_ROWS):
        stretch = payloads.slice(start, _STRETCH_ROWS)
        try:
            stretch.cast(pa.string())
        except pa.ArrowInvalid:
            is_text[start : start + len(stretch)] = [_is_utf8(row.as_buffer()) for row in stretch]
    _, offset_buffer, data = payloads.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[payloads.offset :][: len(payloads) + 1]
    validity = np.packbits(is_text, bitorder="little")
    return pa.Array.from_buffers(
        pa.string(), len(payloads), [pa.py_buffer(validity), pa.py_buffer(offsets), data]
    )


def _is_utf8(payload: pa.Buffer) -> bool:
    try:
        str(payload, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Kernel:
    """One feed's transform, beside a DuckDB connection that takes its results.

    Use it from one thread at a time, as the connection itself.

    Args:
        connection: Where `read` leaves its results.
        feed: The kind of record.
        threads: So many records are transformed at once; by default as many as the connection's
            database has threads.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        feed: Feed = FLIGHT_EVENTS,
        *,
        threads: int | None = None,
    ) -> None:
        self._connection = connection
        if threads is None:
            ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
        sql = feed_sql(feed)
        self._engines = [_Engine(sql) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads, "silver-kernel")

    def read(self, records: pa.Table, into: str) -> pa.Table:
        """Replace the relation `into` by the silver rows and verdicts of `records`.

        Args:
            records: One row per record, in the columns of `RECORDS`.
            into: A plain identifier, known to this connection alone. The relation has one row per
                record, in their order: the feed's silver columns, all NULL but shard_id,
                sequence_number and arrived_at where the record is not clean, then `reason` and
                `reasons VARCHAR[]`, NULL where it is.

        Returns:
            The same rows.
        """
        rows = self.to_arrow(records)
        self._connection.register(into, rows)
        return rows

    def to_arrow(self, records: pa.Table) -> pa.Table:
        """The rows that `read` leaves, as an Arrow table."""
        count = max(1, min(len(self._engines), records.num_rows // _SHARE_ROWS))
        edges = [records.num_rows * share // count for share in range(count + 1)]
        shares = [records.slice(start, end - start) for start, end in pairwise(edges)]
        return pa.concat_tables(self._pool.map(_Engine.transform, self._engines[:count], shares))


class _Engine:
    """A database of one thread that has the SQL planned."""

    def __init__(self, sql: str) -> None:
        self._records = _Replaceable(_DECODED.empty_table())
        self._connection = duckdb.connect(
            config={
                "threads": 1,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._connection.execute("SET timezone = 'UTC'")
        self._connection.register("records", self._records)
        self._connection.execute(f"PREPARE transform AS {sql}")

    def transform(self, records: pa.Table) -> pa.Table:
        self._records.table = pa.Table.from_batches(
            [
                pa.RecordBatch.from_arrays(
                    [*(batch[name] for name in _PLACE), decode_utf8(batch["payload"])],
                    schema=_DECODED,
                )
                for batch in records.to_batches()
            ],
            _DECODED,
        )
        try:
            return self._connection.sql("EXECUTE transform").to_arrow_table()
        finally:
            self._records.table = _DECODED.empty_table()


class _Replaceable:
    """A relation whose rows change under a plan that stays.

    DuckDB asks a registered object for its rows each time it runs, so the plan, which holds the
    object, need not be made anew for another table.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_schema__(self) -> object:
        return self.table.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)
