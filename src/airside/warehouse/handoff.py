"""From the embedded warehouse to the lake: what a warehouse on a server is fed from.

The embedded pipeline loads its own DuckDB file and writes no batch documents. `hand_over` writes
what that file's staging holds beyond the last document: files in `handoff/…`, some batches
together, and a document for them. It reads as anybody does, so a pipeline may run meanwhile.
Rows are written while they are read: a document of many takes no more memory than one of few.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq

from airside.errors import CorruptDataError, UsageError
from airside.events import Feed
from airside.lake import Lake
from airside.warehouse.arrow_parts import gathered
from airside.warehouse.batch_document import (
    BatchDocument,
    BatchFile,
    batch_folder,
    publish_batch,
    published_batches,
    read_batch,
)
from airside.warehouse.protocol import Reader, StreamingReader
from airside.warehouse.schema import QUARANTINE_COLUMNS

FOLDER = "handoff"
MAX_RECORDS = 100_000
"""Batches are put together up to so many records; a larger one stands alone, and so does a larger
account of batches that upkeep has folded into one."""

_DAY_US = 86_400_000_000
_NAME = re.compile(r"embedded-(\d{12})-(\d{12})")
# One statement, so that the last batch and the checkpoint after it belong together.
_END = """
SELECT
    (SELECT max(batch_id) FROM staging.batches) AS last_batch,
    checkpoints.shard_id,
    checkpoints.sequence_number
FROM staging.checkpoints AS checkpoints
"""
_BATCHES = """
SELECT
    batch_id, received, clean, quarantined, duplicates,
    epoch_us(first_arrived_at) AS first_us, epoch_us(last_arrived_at) AS last_us
FROM staging.batches
WHERE batch_id > ? AND batch_id <= ?
ORDER BY batch_id
"""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Consecutive batches that are handed over as one."""

    first: int
    last: int
    counts: tuple[int, int, int, int]
    """Received, clean, quarantined and duplicates."""
    first_us: int
    last_us: int

    @property
    def name(self) -> str:
        return f"embedded-{self.first:012}-{self.last:012}"


def hand_over(
    reader: StreamingReader,
    lake: Lake,
    feed: Feed,
    *,
    max_records: int = MAX_RECORDS,
    progress: Callable[[int], None] = lambda _: None,
) -> list[str]:
    """Publish what the lake does not have yet. One at a time on a data directory.

    A lake that has documents of another writer, such as the Spark job, is left to it: the records
    would come twice. A crash leaves a file without its document at most, which the next call
    removes.

    Args:
        reader: The embedded warehouse.
        lake: Takes files and documents.
        feed: Which.
        max_records: See `MAX_RECORDS`.
        progress: Told the records of each document when it is there.

    Returns:
        The names of the new documents.

    Raises:
        CorruptDataError: The warehouse does not hold what was handed over last; it has been built
            anew since.
        UsageError: Retention has removed rows that were not handed over.
        AirsideError: The warehouse cannot be read, or the lake not written.
    """
    done = published_batches(lake, feed)
    if not all(_NAME.fullmatch(name) for name in done):
        return []  # somebody else cleans the same records into this lake
    _remove_unpublished(lake, feed, done)
    after = _last_handed(reader, lake, feed, done[-1]) if done else 0
    end = reader.query(_END).to_pylist()
    if not end or end[0]["last_batch"] is None:
        return []
    checkpoint = {row["shard_id"]: row["sequence_number"] for row in end}
    handed = []
    last_batch = end[0]["last_batch"]
    for chunk in _chunks(_batches(reader, after, last_batch), max_records):
        is_last = chunk.last == last_batch
        _publish(reader, lake, feed, chunk, checkpoint if is_last else None)
        handed.append(chunk.name)
        progress(chunk.counts[0])
    return handed


def first_batch(name: str) -> int:
    """The first batch that a document covers; 0 where it is another writer's."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


def _batches(reader: Reader, after: int, last: int) -> list[_Chunk]:
    """The accounts of batches: a folded one begins where the one before it ends."""
    batches = []
    for row in reader.query(_BATCHES, [after, last]).to_pylist():
        counts = (row["received"], row["clean"], row["quarantined"], row["duplicates"])
        batches.append(_Chunk(after + 1, row["batch_id"], counts, row["first_us"], row["last_us"]))
        after = row["batch_id"]
    return batches


def _chunks(batches: Sequence[_Chunk], max_records: int) -> Iterator[_Chunk]:
    chunk: _Chunk | None = None
    for batch in batches:
        if chunk is None:
            chunk = batch
        elif (
            chunk.counts[0] + batch.counts[0] > max_records
            # as everywhere, duplicates count on the day on which their batch began to arrive
            or chunk.first_us // _DAY_US != batch.first_us // _DAY_US
        ):
            yield chunk
            chunk = batch
        else:
            chunk = _joined(chunk, batch)
    if chunk is not None:
        yield chunk


def _joined(one: _Chunk, other: _Chunk) -> _Chunk:
    received, clean, quarantined, duplicates = (
        a + b for a, b in zip(one.counts, other.counts, strict=True)
    )
    return _Chunk(
        one.first,
        other.last,
        (received, clean, quarantined, duplicates),
        min(one.first_us, other.first_us),
        max(one.last_us, other.last_us),
    )


def _publish(
    reader: StreamingReader,
    lake: Lake,
    feed: Feed,
    chunk: _Chunk,
    checkpoint: dict[str, str] | None,
) -> None:
    files: list[list[BatchFile]] = []
    received, clean, quarantined, duplicates = chunk.counts
    through: dict[str, str] = {}
    for table, columns, expected in (
        (feed.name, list(feed.column_names), clean),
        ("quarantine", list(QUARANTINE_COLUMNS), quarantined),
    ):
        # As they lie, which is by arrival: DuckDB runs out of memory where it sorts large payloads.
        with reader.stream(
            f"SELECT {', '.join(columns)} FROM staging.{table} WHERE batch_id BETWEEN ? AND ?",
            [chunk.first, chunk.last],
        ) as rows:
            parts = gathered(_all(rows, chunk, table, expected))
            files.append(_write(lake, f"{FOLDER}/{table}/{chunk.name}.parquet", parts, through))
    publish_batch(
        lake,
        feed,
        BatchDocument(
            batch=chunk.name,
            received=received,
            clean=clean,
            quarantined=quarantined,
            duplicates=duplicates,
            first_arrived_at_us=chunk.first_us,
            last_arrived_at_us=chunk.last_us,
            # Duplicates leave no row behind, so rows may end before the batch did.
            through=checkpoint or through,
            clean_files=files[0],
            quarantine_files=files[1],
        ),
    )


def _all(
    rows: Iterable[pa.RecordBatch], chunk: _Chunk, table: str, expected: int
) -> Iterator[pa.RecordBatch]:
    """The rows, and an error at their end where they are not as many as expected."""
    found = 0
    for batch in rows:
        found += batch.num_rows
        yield batch
    if found != expected:
        raise UsageError(
            f"batches {chunk.first} to {chunk.last} have {expected:,} rows, but staging.{table} "
            f"holds {found:,}: retention has removed the rest; run `airside backfill`, refresh, "
            "and let warehouse.staging_days be longer than the time between two refreshes"
        )


def _write(
    lake: Lake, name: str, parts: Iterator[pa.Table], through: dict[str, str]
) -> list[BatchFile]:
    """Write a file of a group of rows for each part, and note how far they reach."""
    first = next(parts, None)
    if first is None:
        return []
    rows = 0
    with lake.publish(name) as path:
        with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
            for part in chain([first], parts):
                writer.write_table(part)
                _advance(through, part)
                rows += part.num_rows
        size = path.stat().st_size
    return [BatchFile(name=name, rows=rows, bytes=size)]


def _advance(through: dict[str, str], rows: pa.Table) -> None:
    last = rows.group_by("shard_id").aggregate([("sequence_number", "max")])
    for row in last.to_pylist():
        shard_id, sequence_number = row["shard_id"], row["sequence_number_max"]
        through[shard_id] = max(through.get(shard_id, ""), sequence_number)


def _remove_unpublished(lake: Lake, feed: Feed, published: Sequence[str]) -> None:
    known = set(published)
    for table in (feed.name, "quarantine"):
        for name in lake.names(f"{FOLDER}/{table}", ".parquet"):
            if name.rpartition("/")[2].removesuffix(".parquet") not in known:
                lake.delete(name)


def _last_handed(reader: Reader, lake: Lake, feed: Feed, name: str) -> int:
    """The last batch that a document covers, if the warehouse still holds what it says."""
    document = read_batch(lake, feed, name)
    match = _NAME.fullmatch(name)
    assert match is not None  # noqa: S101 - chosen by it
    first, last = int(match[1]), int(match[2])
    batches = _batches(reader, first - 1, last)
    found = reduce(_joined, batches) if batches else None
    wanted = _Chunk(
        first,
        last,
        (document.received, document.clean, document.quarantined, document.duplicates),
        document.first_arrived_at_us,
        document.last_arrived_at_us,
    )
    if found != wanted:
        raise CorruptDataError(
            f"the embedded warehouse does not hold what was handed over last ({name}): it has been "
            f"built anew since; remove {FOLDER}/ and {batch_folder(feed)}/ from the lake, then "
            "refresh into an empty database"
        )
    return last
