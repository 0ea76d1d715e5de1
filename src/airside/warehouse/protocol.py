"""What every warehouse promises."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import duckdb
import pyarrow as pa

from airside.stream import Position


class Reader(Protocol):
    """Answers questions, and changes nothing."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one read-only statement.

        Args:
            sql: One statement in the warehouse's dialect, `?` where a value goes.
            parameters: The values, in order: text, numbers, booleans or None.

        Raises:
            UsageError: The statement is not valid, or would change something.
        """


@runtime_checkable
class StreamingReader(Reader, Protocol):
    """Answers questions whose answers nobody could hold in memory."""

    def stream(
        self, sql: str, parameters: Sequence[object] = ()
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Run one read-only statement, and give its rows some at a time.

        They are found while they are read; what is not read is not looked for. The transaction
        lasts as long as the block, so whoever reads should not rest.

        Args:
            sql: As for `query`.
            parameters: As for `query`.

        Raises:
            UsageError: As for `query`; from reading rows, too, where one cannot be made.
        """


@dataclass(frozen=True, slots=True)
class LoadedBatch:
    """What one silver batch brings."""

    received: int
    quarantined: int
    duplicates: int
    first_arrived_at_us: int
    last_arrived_at_us: int
    through: Position
    """The checkpoint after the batch."""

    @property
    def clean(self) -> int:
        """Records accepted: each is one row of staging."""
        return self.received - self.quarantined - self.duplicates


class Warehouse(Reader, Protocol):
    """Loads batches exactly once."""

    @property
    def transform(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection on which silver runs its SQL and keeps its temporary tables."""

    def checkpoint(self) -> dict[str, str]:
        """Shard → the last sequence number loaded."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make all that is loaded inside durable together, or none of it."""

    def load(self, batch: LoadedBatch, *, clean: str, quarantined: pa.Table) -> int:
        """Load a batch, inside `transaction`.

        Args:
            batch: Its counts and the checkpoint after it.
            clean: A SELECT over `transform`'s tables that gives the accepted rows, in the feed's
                columns.
            quarantined: The rows for `staging.quarantine`, without `batch_id`.

        Returns:
            The batch's id, greater than those of all batches before it.
        """

    def close(self) -> None:
        """Release what the instance holds."""
