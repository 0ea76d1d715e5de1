"""The consumer that cleans: one batch at a time from the stream to lake, quarantine and staging."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from airside.events import Feed
from airside.lake import Lake
from airside.ledger import Ledger
from airside.silver.ahead import Batch, Preparation, Source
from airside.silver.dedupe import Dedupe
from airside.silver.drift_store import DriftKeeper
from airside.silver.files import CLEAN, QUARANTINE, publish
from airside.silver.kernel import Kernel
from airside.stream import Position, SequenceRange
from airside.warehouse import LoadedBatch, Warehouse

SILVER = "silver"
DRIFT = "drift"
_CLEAN = "silver_clean"


class Silver:
    """Reads the stream, judges every record once, and commits what it found.

    A batch is planned in the ledger, then its files are published, then its rows, its duplicates
    and the checkpoint are committed to the warehouse in one transaction. A crash before the commit
    means that the same batch is done again and overwrites its files; a crash after it, that there
    is nothing left to do. While a full batch is loaded, the next one is prepared in memory.

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
        max_batch_records: int = 135_000,
        max_batch_bytes: int = 128 * 1024 * 1024,
        published: Mapping[str, Position] = MappingProxyType({}),
    ) -> None:
        self._lake = lake
        self._ledger = ledger
        self._warehouse = warehouse
        self._feed = feed
        self._preparation = Preparation(
            source,
            Kernel(warehouse.transform, feed),
            max_records=max_batch_records,
            max_bytes=max_batch_bytes,
        )
        self._dedupe = Dedupe(
            warehouse.transform, feed, horizon=dedupe_horizon, max_ids=dedupe_max_ids
        )
        self._drift = DriftKeeper(warehouse, feed)
        self._drift_told: str | None = None
        """What was wrong at the last look."""
        self._published = published

    def run_once(self, committed: Callable[[], None] = lambda: None) -> int:
        """Do one batch of what waits; returns its records, 0 at the end of the stream.

        Args:
            committed: Called as soon as the batch's rows can be read, before its books are closed;
                it must be quick.

        What a crash or an error cut off comes first, over exactly the same records. So does what
        had been done where the warehouse has lost it (a disk that broke its word, a file restored
        from a copy): the lake has its files, under the names of just these batches.
        """
        after = self._warehouse.checkpoint()
        begun = self._ledger.planned(SILVER, after)
        if begun is not None:
            planned = SequenceRange(begun.plan["after"], begun.plan["through"])
            return self._process(self._preparation.planned(planned), committed)
        pending = self._ledger.pending(SILVER)
        if pending is not None:
            # The checkpoint has moved on: it was committed, and only the ledger had not heard.
            self._ledger.succeed(pending.attempt_id, {}, after)
        batch = self._preparation.next(after)
        return self._process(batch, committed) if batch is not None else 0

    def forget(self) -> int:
        """Forget the ids that no later record can be a duplicate of; returns how many went."""
        with self._warehouse.transaction():
            return self._dedupe.prune()

    def _process(self, batch: Batch, committed: Callable[[], None]) -> int:
        planned = batch.planned
        attempt_id = self._ledger.begin(
            SILVER, {"after": planned.after, "through": planned.through}
        )
        try:
            counts = self._load(batch, committed)
        except Exception as error:
            self._ledger.fail(attempt_id, str(error))
            raise
        self._ledger.succeed(attempt_id, counts, planned.through)
        return counts["records"]

    def _load(self, batch: Batch, committed: Callable[[], None]) -> dict[str, int]:
        records, verdicts, refused = batch.judged()
        received = records.num_rows
        self._drift.choose(records)
        del records  # the next batch is decompressed to where they are
        self._preparation.look_ahead(batch)
        connection = self._warehouse.transform
        with self._warehouse.transaction():
            is_duplicate = self._dedupe.run(verdicts)
            is_accepted = pc.and_not(verdicts["reason"].is_null(), is_duplicate)
            clean = verdicts.select(self._feed.column_names).filter(is_accepted)
            del verdicts
            loaded = LoadedBatch(
                received=received,
                quarantined=refused.num_rows,
                duplicates=is_duplicate.true_count,
                first_arrived_at_us=batch.first_arrived_at_us,
                last_arrived_at_us=batch.last_arrived_at_us,
                through=batch.planned.through,
            )
            files = self._publish(CLEAN, clean, batch.planned)
            files += self._publish(QUARANTINE, refused, batch.planned)
            connection.register(_CLEAN, clean)
            self._warehouse.load(loaded, clean=f"FROM {_CLEAN}", quarantined=refused)
            connection.unregister(_CLEAN)
        committed()
        self._look_for_drift()
        return {
            "records": loaded.received,
            "clean": loaded.clean,
            "quarantined": loaded.quarantined,
            "duplicates": loaded.duplicates,
            "files": files,
        }

    def _look_for_drift(self) -> None:
        """Examine the batch's sample; what is wrong with that stops nothing, but is told once."""
        self._drift.look()
        error, told = self._drift.error, self._drift_told
        self._drift_told = error
        if error is not None and error != told:
            self._ledger.fail(self._ledger.begin(DRIFT, {}), error)

    def _publish(self, zone: str, rows: pa.Table, planned: SequenceRange) -> int:
        return publish(
            self._lake,
            f"{zone}/{self._feed.name}",
            rows,
            planned=planned,
            published=self._published.get(zone, {}),
        )
