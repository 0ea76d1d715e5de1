"""The ids that were accepted lately, kept by the driver and written down batch by batch.

In memory they are the table of `airside.silver.dedupe`, so the rule is that one rule. In the lake
they are `dedupe/<feed>/<batch>.parquet`: what the batch accepted, and every so often all that is
still remembered, after which the older files go. A driver that starts reads the files of the
batches that were published and no others, so a batch that is done again finds the state as it was
before the batch.
"""

import io
from collections.abc import Sequence
from datetime import timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from airside.errors import CorruptDataError
from airside.events import Feed
from airside.lake import Lake
from airside.silver.dedupe import Dedupe

SNAPSHOT_BATCHES = 100
"""After so many files, one that replaces them; so many are read at a start at most."""

_SUFFIX = ".parquet"
_SNAPSHOT = "-all"


class AcceptedIds:
    """Tells duplicates, batch after batch.

    Args:
        lake: Holds the files.
        feed: Says which column is the id.
        batches: The published batches, in order.
        horizon: See `Dedupe`.
        max_ids: See `Dedupe`; with the horizon it bounds memory and files.
        memory_limit: DuckDB's; beyond it, it spills to disk.

    Raises:
        CorruptDataError: The file of a published batch is missing.
    """

    def __init__(
        self,
        lake: Lake,
        feed: Feed,
        batches: Sequence[str],
        *,
        horizon: timedelta,
        max_ids: int,
        memory_limit: str,
    ) -> None:
        self._lake = lake
        self._folder = f"dedupe/{feed.name}"
        self._connection = duckdb.connect(config={"memory_limit": memory_limit})
        self._connection.execute("CREATE SCHEMA staging")
        self._dedupe = Dedupe(self._connection, feed, horizon=horizon, max_ids=max_ids)
        self._before = 0
        self._files: list[str] = []
        self._load(batches)

    def duplicates(self, ids: pa.Table) -> pa.Table:
        """Tell the duplicates among clean records, and remember the others.

        Args:
            ids: shard_id, sequence_number, arrived_at and the feed's key, in any order.

        Returns:
            The duplicates' shard_id and sequence_number.
        """
        self._before = self._dedupe.last_ordinal
        is_duplicate = self._dedupe.run(
            ids.append_column("reason", pa.nulls(ids.num_rows, pa.string()))
        )
        return ids.select(["shard_id", "sequence_number"]).filter(is_duplicate)

    def save(self, batch: str) -> None:
        """Write down what the batch last run has accepted, before it is published."""
        is_snapshot = len(self._files) + 1 >= SNAPSHOT_BATCHES
        if is_snapshot:
            self._dedupe.prune()
        accepted = self._dedupe.remembered(0 if is_snapshot else self._before)
        name = f"{self._folder}/{batch}{_SNAPSHOT if is_snapshot else ''}{_SUFFIX}"
        with self._lake.publish(name) as path:
            pq.write_table(accepted, path, compression="zstd")
        self._files.append(name)

    def tidy(self) -> None:
        """Remove what the last file has replaced, once its batch is published."""
        if self._files and self._files[-1].endswith(_SNAPSHOT + _SUFFIX):
            for name in self._files[:-1]:
                self._lake.delete(name)
            del self._files[:-1]

    def close(self) -> None:
        """Release the memory."""
        self._connection.close()

    def _load(self, batches: Sequence[str]) -> None:
        present = set(self._lake.names(self._folder, _SUFFIX)) if batches else set()
        for batch in reversed(batches):
            snapshot = f"{self._folder}/{batch}{_SNAPSHOT}{_SUFFIX}"
            name = snapshot if snapshot in present else f"{self._folder}/{batch}{_SUFFIX}"
            if name not in present:
                raise CorruptDataError(
                    f"{name} is missing: without it, duplicates of what batch {batch} accepted "
                    "would pass; restore it from a copy of the lake, or rebuild into a new lake"
                )
            self._files.insert(0, name)
            if name == snapshot:
                break
        for name in self._files:
            self._dedupe.remember(pq.read_table(io.BytesIO(self._lake.read(name))))
