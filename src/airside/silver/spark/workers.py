"""What runs inside Spark's Python workers, batch of Arrow by batch of Arrow (`mapInArrow`).

A worker process keeps one kernel, with the SQL planned once, for all tasks that it is given. The
functions here are told by value all they need (addresses, positions), as Spark sends them to other
machines.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from airside.errors import TerminalError
from airside.events import Feed
from airside.lake import Lake, open_lake
from airside.silver.files import CLEAN, QUARANTINE, write
from airside.silver.kernel import RECORDS, Kernel
from airside.silver.quarantine import quarantined
from airside.silver.spark.chunks import chunk_name, from_bytes, groups, make_chunk, runs
from airside.stream import Frame, Position, frames_to_arrow

RECORDS_DDL = "shard_id string, sequence_number string, arrived_at_us bigint, payload binary"
"""Records as a Spark frame; every payload ends with LF."""

FILES = pa.schema(
    [("name", pa.string()), ("is_clean", pa.bool_()), ("rows", pa.int64()), ("bytes", pa.int64())]
)
FILES_DDL = "name string, is_clean boolean, rows bigint, bytes bigint"
"""The files that a worker has written."""

_GROUP_BYTES = 32 * 1024 * 1024

Part = TypeVar("Part")
Batches = Iterable[pa.RecordBatch]
Duplicates = Mapping[tuple[str, str], Sequence[str]]
"""Chunk → the sequence numbers of its duplicates; chunks without any are absent."""


@cache
def lake_at(url: str) -> Lake:
    """The lake at an address, opened once in a process: a client of S3 takes a while to make."""
    return open_lake(url)


def judge(batches: Batches, feed: Feed) -> Iterator[pa.RecordBatch]:
    """Make chunks out of records.

    Args:
        batches: Records (`RECORDS_DDL`), by shard and sequence number.
        feed: The kind of record.
    """
    tables = (
        pa.Table.from_arrays(
            [
                batch["shard_id"],
                batch["sequence_number"],
                batch["arrived_at_us"].cast(pa.timestamp("us")),
                batch["payload"],
            ],
            schema=RECORDS,
        )
        for batch in _distinct(batches)
    )
    yield from _chunks(tables, feed)


def judge_parts(
    batches: Batches,
    tasks: Sequence[Sequence[Part]],
    read: Callable[[Part], Sequence[Frame]],
    after: Position,
    feed: Feed,
) -> Iterator[pa.RecordBatch]:
    """Make chunks out of parts of an archive.

    Args:
        batches: A column `id`: the tasks that are to be done here.
        tasks: The parts of each task of the batch.
        read: Gives a part's frames.
        after: What is done already; records up to it are passed over.
        feed: The kind of record.
    """
    tables = (
        _beyond(frames_to_arrow(group), after)
        for batch in batches
        for index in batch["id"].to_pylist()
        for part in tasks[index]
        for group in _groups(read(part))
    )
    yield from _chunks(tables, feed)


def write_files(
    batches: Batches, open_lake: Callable[[], Lake], feed: Feed, duplicates: Duplicates
) -> Iterator[pa.RecordBatch]:
    """Write the files of chunks: the accepted rows, and the quarantined ones.

    Args:
        batches: Chunks.
        open_lake: Gives the lake that takes the files.
        feed: Names the folders.
        duplicates: What is left out.
    """
    lake = open_lake()
    for batch in batches:
        for chunk in batch.to_pylist():
            place = [chunk[name] for name in ("hour_us", "shard_id", "first", "last")]
            rows = from_bytes(chunk["rows"])
            if found := duplicates.get((chunk["shard_id"], chunk["first"])):
                is_duplicate = pc.is_in(rows["sequence_number"], pa.array(found, pa.string()))
                rows = rows.filter(pc.invert(is_duplicate))
            refused = from_bytes(chunk["refused"])
            for is_clean, root, table in (
                (True, f"{CLEAN}/{feed.name}", rows),
                (False, f"{QUARANTINE}/{feed.name}", refused),
            ):
                if table.num_rows:
                    name = chunk_name(root, *place)
                    size = _write(lake, name, table)
                    file = {
                        "name": name,
                        "is_clean": is_clean,
                        "rows": table.num_rows,
                        "bytes": size,
                    }
                    yield pa.RecordBatch.from_pylist([file], FILES)


def _write(lake: Lake, name: str, table: pa.Table) -> int:
    connection = _database()
    connection.register("chunk", table)
    try:
        return write(connection, lake, "FROM chunk", name)
    finally:
        connection.unregister("chunk")


def _chunks(tables: Iterable[pa.Table], feed: Feed) -> Iterator[pa.RecordBatch]:
    for group in groups(tables):
        judged = _kernel(feed).to_arrow(group)
        for run in runs(group):
            records, verdicts = (
                table.slice(run.start, run.stop - run.start) for table in (group, judged)
            )
            yield make_chunk(records, verdicts, quarantined(records, verdicts), feed.key)


def _distinct(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Leave out what a connector gives a second time: the same record, not another with its id.

    Raises:
        TerminalError: Two records of one place differ: a connector has unpacked what a producer
            had put as one record, and positions cannot tell its parts apart.
    """
    last = ("", "", b"")
    for batch in batches:
        names = ("shard_id", "sequence_number", "payload")
        records = list(zip(*(batch[name].to_pylist() for name in names), strict=True))
        is_new = []
        for before, record in pairwise([last, *records]):
            is_new.append(before[:2] != record[:2])
            if not is_new[-1] and before != record:
                shard, number, _ = record
                raise TerminalError(
                    f"the connector gives several records for the sequence number {number} of "
                    f"{shard}: a producer aggregates (the Kinesis Producer Library does unless "
                    "AggregationEnabled = false). Turn that off; for what the stream holds "
                    "already run the embedded pipeline, `airside run --stream kinesis://NAME`, "
                    "which quarantines such packs"
                )
        yield batch.filter(pa.array(is_new, pa.bool_()))
        last = records[-1] if records else last


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """This worker's own; Spark runs a worker for each core, so it has one thread."""
    return duckdb.connect(config={"threads": 1})


@cache
def _kernel(feed: Feed) -> Kernel:
    return Kernel(_database(), feed, threads=1)


def _groups(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    """So many frames at a time as are decompressed together."""
    group: list[Frame] = []
    size = 0
    for frame in frames:
        if group and size + frame.raw_bytes > _GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(frame)
        size += frame.raw_bytes
    if group:
        yield group


def _beyond(records: pa.Table, after: Position) -> pa.Table:
    """Leave out the records up to a position."""
    for shard_id, last in after.items():
        is_done = pc.and_(
            pc.equal(records["shard_id"], shard_id),
            pc.less_equal(records["sequence_number"], last),
        )
        if pc.any(is_done).as_py():
            records = records.filter(pc.invert(is_done))
    return records
