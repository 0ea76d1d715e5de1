"""One batch after the other: judged by the workers, told apart by the driver, published last.

What enters is chunks (`airside.silver.spark.chunks`) of records that lie beyond what is published;
what leaves is Parquet files, the accepted ids, and the batch's document. A crash before the
document is there means that the batch's files are removed and the batch is done again; a crash
after it, that there is nothing left to do.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from airside.errors import RetryableError
from airside.events import FLIGHT_EVENTS, Feed
from airside.lake import Lake
from airside.silver.files import CLEAN, QUARANTINE
from airside.silver.spark.accepted import AcceptedIds
from airside.silver.spark.chunks import HEADER, Header, from_bytes
from airside.silver.spark.journal import Journal, Published
from airside.silver.spark.problems import translated_errors
from airside.silver.spark.workers import FILES_DDL, Batches, Duplicates, write_files
from airside.stream import Position
from airside.warehouse.batch_document import BatchDocument, BatchFile

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, Row


@dataclass
class _State:
    """What the driver knows; made anew from the lake after anything went wrong."""

    published: Published
    accepted: AcceptedIds


@dataclass
class SparkSilver:
    """The stage that cleans, on Spark. One driver writes to a lake at a time.

    Args:
        open_lake: Gives the lake that takes all files; workers call it too, so it has to pickle.
        feed: The kind of record.
        dedupe_horizon: An id seen again within it is a duplicate.
        dedupe_max_ids: So many accepted ids are remembered.
        memory_limit: For the ids, on the driver; beyond it they spill to disk.
        lake: Instead of what `open_lake` gives, for the driver.
    """

    open_lake: Callable[[], Lake]
    feed: Feed = FLIGHT_EVENTS
    dedupe_horizon: timedelta = timedelta(hours=24)
    dedupe_max_ids: int = 5_000_000
    memory_limit: str = "700MB"
    lake: Lake | None = None
    _state: _State | None = field(default=None, init=False)

    def position(self) -> Position:
        """Shard → the last sequence number that is done."""
        return self._recovered().published.through

    def planned(self) -> Position | None:
        """How far the next batch has to go, as a crash cut it off; None where it is free."""
        return self._recovered().published.planned

    def run(self, chunks: "DataFrame") -> BatchDocument | None:
        """Do one batch.

        Args:
            chunks: Of records beyond `position`, and up to `planned` where there is a plan.

        Returns:
            The batch as it was published; None where there was no record.

        Raises:
            AirsideError: As it was raised, here or in a worker. The batch is not published, and
                the same call may be made again.
        """
        state = self._recovered()
        chunks = chunks.persist()
        try:
            with translated_errors():
                rows = chunks.select(*HEADER).collect()
                headers = [Header(**row.asDict()) for row in rows]
                return self._publish(state, chunks, headers) if headers else None
        except BaseException:
            self._forget()
            raise
        finally:
            chunks.unpersist()

    def close(self) -> None:
        """Release the memory; what is published is safe without it."""
        self._forget()

    def _publish(
        self, state: _State, chunks: "DataFrame", headers: Sequence[Header]
    ) -> BatchDocument:
        journal = self._journal()
        batch = state.published.next_batch
        duplicates = state.accepted.duplicates(pa.concat_tables(from_bytes(h.ids) for h in headers))
        by_chunk = _by_chunk(headers, duplicates)
        through = _through(state.published.through, headers)
        journal.intend(batch, through, self._names(headers, by_chunk))
        broadcast = chunks.sparkSession.sparkContext.broadcast(by_chunk)
        try:
            work = partial(_write, open_lake=self.open_lake, feed=self.feed, duplicates=broadcast)
            files = chunks.mapInArrow(work, FILES_DDL).collect()
        finally:
            broadcast.destroy()
        document = BatchDocument(
            batch=batch,
            received=sum(h.received for h in headers),
            clean=sum(file.rows for file in files if file.is_clean),
            quarantined=sum(file.rows for file in files if not file.is_clean),
            duplicates=duplicates.num_rows,
            first_arrived_at_us=min(h.first_arrived_at_us for h in headers),
            last_arrived_at_us=max(h.last_arrived_at_us for h in headers),
            through=through,
            clean_files=_listed(files, is_clean=True),
            quarantine_files=_listed(files, is_clean=False),
        )
        if document.received != document.clean + document.quarantined + document.duplicates:
            raise RetryableError(
                f"batch {batch}: {document.received:,} records were read, but "
                f"{document.clean:,} clean, {document.quarantined:,} quarantined and "
                f"{document.duplicates:,} duplicate ones came of them, as the source gave other "
                "records when it was asked again; nothing was published, run it again"
            )
        state.accepted.save(batch)
        journal.publish(document)
        state.accepted.tidy()
        state.published = Published([batch], document.through)
        return document

    def _names(self, headers: Sequence[Header], duplicates: Duplicates) -> list[str]:
        """The files that chunks become: of clean rows, and of quarantined ones."""
        names = []
        for header in headers:
            clean = header.received - header.quarantined - len(duplicates.get(header.key, ()))
            if clean:
                names.append(header.name(f"{CLEAN}/{self.feed.name}"))
            if header.quarantined:
                names.append(header.name(f"{QUARANTINE}/{self.feed.name}"))
        return names

    def _recovered(self) -> _State:
        if self._state is None:
            published = self._journal().recover()
            accepted = AcceptedIds(
                self._lake(),
                self.feed,
                published.batches,
                horizon=self.dedupe_horizon,
                max_ids=self.dedupe_max_ids,
                memory_limit=self.memory_limit,
            )
            self._state = _State(published, accepted)
        return self._state

    def _forget(self) -> None:
        if self._state is not None:
            self._state.accepted.close()
            self._state = None

    def _journal(self) -> Journal:
        return Journal(self._lake(), self.feed)

    def _lake(self) -> Lake:
        if self.lake is None:
            self.lake = self.open_lake()
        return self.lake


def _write(
    batches: Batches,
    open_lake: Callable[[], Lake],
    feed: Feed,
    duplicates: "Broadcast[Duplicates]",
) -> Iterator[pa.RecordBatch]:
    """`write_files`, in a worker."""
    return write_files(batches, open_lake, feed, duplicates.value)


def _by_chunk(headers: Sequence[Header], duplicates: pa.Table) -> Duplicates:
    """Chunk → the sequence numbers of its duplicates."""
    firsts: dict[str, list[str]] = {}
    for header in sorted(headers, key=lambda header: header.key):
        firsts.setdefault(header.shard_id, []).append(header.first)
    found: dict[tuple[str, str], list[str]] = {}
    for shard_id, sequence_number in zip(
        *(column.to_pylist() for column in duplicates.columns), strict=True
    ):
        at = bisect_right(firsts[shard_id], sequence_number) - 1
        found.setdefault((shard_id, firsts[shard_id][at]), []).append(sequence_number)
    return found


def _through(after: Position, headers: Sequence[Header]) -> dict[str, str]:
    through = dict(after)
    for header in headers:
        through[header.shard_id] = max(through.get(header.shard_id, ""), header.last)
    return through


def _listed(files: "Sequence[Row]", *, is_clean: bool) -> list[BatchFile]:
    return sorted(
        (BatchFile(f.name, f.rows, f.bytes) for f in files if f.is_clean == is_clean),
        key=lambda file: file.name,
    )
