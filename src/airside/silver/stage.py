"""The consumer that cleans: one batch at a time from the stream to lake, quarantine and staging."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol

from airside.events import Feed
from airside.lake import Lake
from airside.ledger import Ledger
from airside.silver.dedupe import Dedupe
from airside.silver.drift_store import DriftKeeper
from airside.silver.files import CLEAN, QUARANTINE, QUARANTINE_COLUMNS, publish
from airside.silver.kernel import Kernel
from airside.silver.quarantine import quarantined
from airside.stream import Frame, Position, SequenceRange, frames_to_arrow
from airside.warehouse import LoadedBatch, Warehouse

SILVER = "silver"
_BATCH = "silver_batch"
_REFUSED = "silver_refused"


class Source(Protocol):
    """What silver reads: the stream, or the archive in its place."""

    def read(
        self, after: Position, *, through: Position | None = None, max_records: int, max_bytes: int
    ) -> list[Frame]:
        """See `airside.stream.Stream.read`."""


class Silver:
    """Reads the stream, judges every record once, and commits what it found.

    A batch is planned in the ledger, then its files are published, then its rows, its duplicates
    and the checkpoint are committed to the warehouse in one transaction. A crash before the commit
    means that the same batch is done again and overwrites its files; a crash after it, that there
    is nothing left to do.

    Args:
        source: The stream, or the archive when silver is rebuilt from it.
        lake: Takes the Parquet files.
        ledger: Holds the plans.
        warehouse: Takes the rows, and runs the transform.
        feed: The kind of record.
        dedupe_horizon: An id seen again within it is a duplicate.
        dedupe_max_ids: So many accepted ids are remembered.
        max_batch_records: A batch holds at most so many records …
        max_batch_bytes: … and so many uncompressed bytes.
        published: Zone of the lake → through where it has each shard's rows already, when what the
            warehouse has lost is made anew.
    """

    def __init__(
        self,
        source: Source,
        lake: Lake,
        ledger: Ledger,
        warehouse: Warehouse,
        feed: Feed,
        *,
        dedupe_horizon: timedelta = timedelta(hours=24),
        dedupe_max_ids: int = 5_000_000,
        max_batch_records: int = 100_000,
        max_batch_bytes: int = 128 * 1024 * 1024,
        published: Mapping[str, Position] = MappingProxyType({}),
    ) -> None:
        self._source = source
        self._lake = lake
        self._ledger = ledger
        self._warehouse = warehouse
        self._feed = feed
        self._kernel = Kernel(warehouse.transform, feed)
        self._dedupe = Dedupe(
            warehouse.transform, feed, horizon=dedupe_horizon, max_ids=dedupe_max_ids
        )
        self._drift = DriftKeeper(warehouse, feed)
        self._max_records = max_batch_records
        self._max_bytes = max_batch_bytes
        self._published = published

    def run_once(self) -> int:
        """Do one batch of what waits; returns its records, 0 at the end of the stream.

        What a crash or an error cut off comes first, over exactly the same records. So does what
        had been done where the warehouse has lost it (a disk that broke its word, a file restored
        from a copy): the lake has its files, under the names of just these batches.
        """
        after = self._warehouse.checkpoint()
        begun = self._ledger.planned(SILVER, after)
        if begun is not None:
            planned = SequenceRange(begun.plan["after"], begun.plan["through"])
            frames = self._source.read(
                planned.after, through=planned.through, max_records=0, max_bytes=0
            )
            return self._process(planned, frames)
        pending = self._ledger.pending(SILVER)
        if pending is not None:
            # The checkpoint has moved on: it was committed, and only the ledger had not heard.
            self._ledger.succeed(pending.attempt_id, {}, after)
        frames = self._source.read(after, max_records=self._max_records, max_bytes=self._max_bytes)
        return self._process(SequenceRange.of(after, frames), frames) if frames else 0

    def _process(self, planned: SequenceRange, frames: Sequence[Frame]) -> int:
        attempt_id = self._ledger.begin(
            SILVER, {"after": planned.after, "through": planned.through}
        )
        try:
            counts = self._load(planned, frames)
        except Exception as error:
            self._ledger.fail(attempt_id, str(error))
            raise
        self._ledger.succeed(attempt_id, counts, planned.through)
        return counts["records"]

    def _load(self, planned: SequenceRange, frames: Sequence[Frame]) -> dict[str, int]:
        records = frames_to_arrow(frames)
        verdicts = self._kernel.read(records, into=_BATCH)
        refused = quarantined(records, verdicts)
        with self._warehouse.transaction():
            duplicates = self._dedupe.run(_BATCH)
            clean = self._dedupe.accepted(_BATCH)
            batch = LoadedBatch(
                received=records.num_rows,
                quarantined=refused.num_rows,
                duplicates=duplicates,
                first_arrived_at_us=min(frame.first_arrived_at_us for frame in frames),
                last_arrived_at_us=max(frame.runs[-1].arrived_at_us for frame in frames),
                through=planned.through,
            )
            files = self._publish(CLEAN, self._feed.column_names, clean, planned)
            if refused.num_rows:
                self._warehouse.transform.register(_REFUSED, refused)
                rows = f"FROM {_REFUSED}"
                files += self._publish(QUARANTINE, QUARANTINE_COLUMNS, rows, planned)
                self._warehouse.transform.unregister(_REFUSED)
            self._warehouse.load(batch, clean=clean, quarantined=refused)
        self._drift.look(records)
        return {
            "records": batch.received,
            "clean": batch.clean,
            "quarantined": batch.quarantined,
            "duplicates": batch.duplicates,
            "files": files,
        }

    def _publish(self, zone: str, columns: Sequence[str], rows: str, planned: SequenceRange) -> int:
        return publish(
            self._warehouse.transform,
            self._lake,
            f"{zone}/{self._feed.name}",
            columns=columns,
            rows=rows,
            planned=planned,
            published=self._published.get(zone, {}),
        )
