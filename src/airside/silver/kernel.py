"""Runs a feed's SQL over Arrow batches, in DuckDB.

The kernel is the engine's half of the transform: the rules are in the feed's SQL file beside this
module, which knows nothing of Arrow. What the SQL cannot do safely, tell UTF-8 from other bytes,
happens here before it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

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

_POSITION = ("shard_id", "sequence_number", "arrived_at")
_DECODED = RECORDS.remove(3).append(pa.field("text", pa.string()))

_BATCH_ROWS = 4096
"""DuckDB's threads share the work by Arrow batches: two of its vectors each spread it well."""


def feed_sql(feed: Feed) -> str:
    """The SELECT that turns the relation `records` into the feed's silver rows and verdicts."""
    return files(__package__).joinpath(f"{feed.name}.sql").read_text("utf-8")


def decode_utf8(payloads: pa.BinaryArray) -> pa.StringArray:
    """The same values as text, without a copy; NULL where the bytes are not UTF-8."""
    try:
        return payloads.cast(pa.string())
    except pa.ArrowInvalid:
        pass
    _, offset_buffer, data = payloads.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[payloads.offset :][: len(payloads) + 1]
    start, end = offsets[0], offsets[-1]
    beyond_ascii = np.flatnonzero(np.frombuffer(data, np.uint8)[start:end] >= 0x80) + start
    suspects = np.unique(np.searchsorted(offsets, beyond_ascii, side="right") - 1)
    is_text = payloads.is_valid().to_numpy(zero_copy_only=False).copy()
    for row in suspects:
        is_text[row] = is_text[row] and _is_utf8(payloads[int(row)].as_buffer())
    validity = np.packbits(is_text, bitorder="little")
    return pa.Array.from_buffers(
        pa.string(),
        len(payloads),
        # The slice of the offsets starts at the array's own first row, as does `validity`.
        [pa.py_buffer(validity), pa.py_buffer(offsets), data],
    )


def _is_utf8(payload: pa.Buffer) -> bool:
    try:
        str(payload, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Kernel:
    """One feed's transform on one DuckDB connection.

    Not safe for use from two threads at once, as a DuckDB connection is not.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, feed: Feed = FLIGHT_EVENTS) -> None:
        """Set the connection's time zone to UTC, on which the feeds' SQL relies."""
        self._connection = connection
        self._sql = feed_sql(feed)
        connection.execute("SET timezone = 'UTC'")

    def read(self, records: pa.Table, into: str) -> None:
        """Replace the temporary table `into` by the silver rows and verdicts of `records`.

        Args:
            records: One row per record, in the columns of `RECORDS`.
            into: A plain identifier. The table gets one row per record: the feed's silver columns,
                all NULL but shard_id, sequence_number and arrived_at where the record is not
                clean, then `reason` and `reasons VARCHAR[]`, NULL where it is.
        """
        with self._registered(records):
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {self._sql}")

    def to_arrow(self, records: pa.Table) -> pa.Table:
        """The rows that `read` stores, as an Arrow table."""
        with self._registered(records):
            return self._connection.sql(self._sql).to_arrow_table()

    @contextmanager
    def _registered(self, records: pa.Table) -> Iterator[None]:
        self._connection.register("records", self._decoded(records))
        try:
            yield
        finally:
            self._connection.unregister("records")

    def _decoded(self, records: pa.Table) -> pa.Table:
        batches = [
            pa.RecordBatch.from_arrays(
                [batch[name] for name in _POSITION] + [decode_utf8(batch["payload"])],
                names=[*_POSITION, "text"],
            )
            for batch in records.to_batches(max_chunksize=_BATCH_ROWS)
        ]
        return pa.Table.from_batches(batches, _DECODED)
