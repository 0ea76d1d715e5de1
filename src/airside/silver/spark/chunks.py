"""Chunks: what travels between Spark's workers and its driver.

A chunk is a run of records of one shard that arrived in one hour: what becomes one file. Its silver
rows travel as bytes of Arrow, which Spark carries without looking into them, so that no value
passes through a second type system on its way from DuckDB to Parquet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airside.silver.files import SUFFIX
from airside.stream import RangeFile, hour_folder

_HOUR_US = 3_600_000_000
_MAX_ROWS = 100_000
_MAX_BYTES = 64 * 1024 * 1024
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")

SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("first", pa.string()),
        ("last", pa.string()),
        ("hour_us", pa.int64()),
        ("received", pa.int64()),
        ("quarantined", pa.int64()),
        ("first_arrived_at_us", pa.int64()),
        ("last_arrived_at_us", pa.int64()),
        ("ids", pa.binary()),
        ("rows", pa.binary()),
        ("refused", pa.binary()),
    ]
)
"""One row is one chunk. The last three are Arrow streams: the clean records' ids, for the driver;
the clean rows and the quarantined ones, for whoever writes the files."""

DDL = (
    "shard_id string, first string, last string, hour_us bigint, received bigint,"
    " quarantined bigint, first_arrived_at_us bigint, last_arrived_at_us bigint,"
    " ids binary, rows binary, refused binary"
)
"""The same for Spark."""

HEADER = SCHEMA.names[:9]
"""What the driver looks at."""


@dataclass(frozen=True, slots=True)
class Header:
    """A chunk as the driver sees it."""

    shard_id: str
    first: str
    """Sequence number of its first record, clean or not."""
    last: str
    hour_us: int
    """The hour of arrival, in microseconds since the Unix epoch."""
    received: int
    quarantined: int
    first_arrived_at_us: int
    last_arrived_at_us: int
    ids: bytes

    @property
    def key(self) -> tuple[str, str]:
        """What no other chunk of the stream has."""
        return self.shard_id, self.first

    def name(self, root: str) -> str:
        """The file that it becomes, below a folder."""
        return chunk_name(root, self.hour_us, self.shard_id, self.first, self.last)


def chunk_name(root: str, hour_us: int, shard_id: str, first: str, last: str) -> str:
    """Name a chunk's file by its hour of arrival and its range, as the pipeline names its own."""
    return RangeFile(hour_folder(root, hour_us), shard_id, first, last, SUFFIX).name


def groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put tables together up to a size, as a run of the SQL has a price of its own."""
    held: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        if held and (rows + table.num_rows > _MAX_ROWS or size + table.nbytes > _MAX_BYTES):
            yield pa.concat_tables(held)
            held, rows, size = [], 0, 0
        if table.num_rows:
            held.append(table)
        rows += table.num_rows
        size += table.nbytes
    if held:
        yield pa.concat_tables(held)


def runs(records: pa.Table) -> Iterator[slice]:
    """Find the stretches of records of one shard and one hour of arrival."""
    hours = records["arrived_at"].cast(pa.int64()).to_numpy() // _HOUR_US
    shards = records["shard_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    changes = np.flatnonzero((np.diff(hours) != 0) | (np.diff(shards) != 0)) + 1
    for start, end in pairwise([0, *changes.tolist(), records.num_rows]):
        yield slice(start, end)


def make_chunk(
    records: pa.Table, verdicts: pa.Table, refused: pa.Table, key: str
) -> pa.RecordBatch:
    """Put a run of records and what was made of them into one row of `SCHEMA`.

    Args:
        records: Of one shard and one hour, in order.
        verdicts: As a kernel gives them, row for row.
        refused: The quarantined ones among them.
        key: The column that identifies an event.
    """
    clean = verdicts.filter(pc.is_null(verdicts["reason"])).drop_columns(["reason", "reasons"])
    arrived = pc.min_max(records["arrived_at"].cast(pa.int64())).as_py()
    sequence_numbers = records["sequence_number"]
    row = {
        "shard_id": records["shard_id"][0].as_py(),
        "first": sequence_numbers[0].as_py(),
        "last": sequence_numbers[-1].as_py(),
        "hour_us": arrived["min"] // _HOUR_US * _HOUR_US,
        "received": records.num_rows,
        "quarantined": refused.num_rows,
        "first_arrived_at_us": arrived["min"],
        "last_arrived_at_us": arrived["max"],
        "ids": to_bytes(clean.select(["shard_id", "sequence_number", "arrived_at", key])),
        "rows": to_bytes(clean),
        "refused": to_bytes(refused),
    }
    return pa.RecordBatch.from_pylist([row], SCHEMA)


def to_bytes(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_LZ4) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_bytes(data: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    return pa.ipc.open_stream(data).read_all()
