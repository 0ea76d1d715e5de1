"""Finds the records whose id was already accepted, exactly, however the stream is cut into batches.

The rule, over the clean records in stream order: a record is a duplicate if and only if the last
*accepted* record of its id arrived no more than `horizon` before it, and no more than `max_ids`
ordinals before it; a record's ordinal is the running count of accepted ones. Whether one record is
accepted so depends on the one before it, which set-based SQL cannot follow. It need not: nearly
every id occurs once in its batch and never before, and is accepted whatever the others are. SQL
finds the few that do recur, and those are walked through one by one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from airside.events import FLIGHT_EVENTS, Feed

STATE = "staging.accepted_event_ids"
"""One row per accepted record that may still make a later one a duplicate."""

DUPLICATES = "duplicate_records"
"""Temporary table (shard_id, sequence_number): the duplicates of the batch last run."""

_STREAM_ORDER = "arrived_at, shard_id, sequence_number"
_REACHED = "max(arrived_at) OVER (PARTITION BY shard_id ORDER BY sequence_number)"
"""Arrivals on a shard of Kinesis need not ascend, and on one shard the sequence rules: with this in
the place of the arrival, the order is that of the stream and never against a shard's own."""
_PRUNE_SHARE = 5  # prune each time a fifth of `max_ids` has been accepted since


class _Accepted(NamedTuple):
    """The last accepted record of an id."""

    arrived_at: datetime
    ordinal: int


class _Recurrence(NamedTuple):
    """A clean record of the batch whose id occurs elsewhere too."""

    shard_id: str
    sequence_number: str
    event_id: str
    arrived_at: datetime
    rank: int
    """Its place among the batch's clean records in stream order, from 1."""


class Dedupe:
    """Remembers accepted ids in a table beside the data they guard.

    All changes are made inside the caller's transaction, so that ids are remembered if and only if
    their rows are.

    Args:
        connection: The connection on which batches are loaded; its database has a schema `staging`.
        feed: Says which column is the id.
        horizon: The longest time between two arrivals that makes the second a duplicate.
        max_ids: The greatest distance of ordinals that does; it bounds the table.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        feed: Feed = FLIGHT_EVENTS,
        *,
        horizon: timedelta = timedelta(hours=24),
        max_ids: int = 5_000_000,
    ) -> None:
        self._connection = connection
        self._key = feed.key
        self._horizon = horizon
        self._max_ids = max_ids
        self._accepted_since_pruned = 0
        self._found: list[_Recurrence] = []
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {STATE}"
            " (event_id VARCHAR, arrived_at TIMESTAMP, ordinal BIGINT, id_hash UBIGINT)"
        )
        self._rehash()

    def run(self, batch: str) -> int:
        """Tell the duplicates of a batch, and remember its other ids.

        Batches must come in stream order, and each holds its rows in any order. The duplicates are
        then in `DUPLICATES`; `accepted` gives the rows to load.

        Args:
            batch: A temporary table as `Kernel.read` makes it.

        Returns:
            How many records are duplicates.
        """
        base, clean = self._fetch_one(
            f"SELECT (SELECT coalesce(max(ordinal), 0) FROM {STATE}),"
            f" (SELECT count(*) FROM {batch} WHERE reason IS NULL)"
        )
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {DUPLICATES} (shard_id VARCHAR, sequence_number VARCHAR)"
        )
        duplicates = self._found = self._duplicates(batch, base, clean)
        if duplicates:
            self._connection.execute(
                f"INSERT INTO {DUPLICATES} SELECT unnest($1), unnest($2)",
                [[d.shard_id for d in duplicates], [d.sequence_number for d in duplicates]],
            )
        self._connection.execute(
            f"INSERT INTO {STATE} SELECT {self._key}, arrived_at,"
            f" {base} + row_number() OVER (ORDER BY {_STREAM_ORDER}), hash({self._key})"
            f" FROM ({self.accepted(batch)})"
        )
        self._accepted_since_pruned += clean - len(duplicates)
        if self._accepted_since_pruned * _PRUNE_SHARE > self._max_ids:
            self.prune()
        return len(duplicates)

    def accepted(self, batch: str) -> str:
        """A SELECT of the rows of the batch last run that are clean and no duplicates."""
        but = f" ANTI JOIN {DUPLICATES} USING (shard_id, sequence_number)" if self._found else ""
        return f"SELECT * FROM {batch}{but} WHERE reason IS NULL"

    def is_accepted(self, rows: pa.Table) -> pa.ChunkedArray:
        """Which rows of the batch last run are clean and no duplicates, one truth value each."""
        accepted = rows["reason"].is_null()
        sequences: dict[str, list[str]] = {}
        for duplicate in self._found:
            sequences.setdefault(duplicate.shard_id, []).append(duplicate.sequence_number)
        for shard_id, numbers in sequences.items():
            is_duplicate = pc.and_(
                pc.equal(rows["shard_id"], shard_id),
                pc.is_in(rows["sequence_number"], pa.array(numbers, pa.string())),
            )
            accepted = pc.and_not(accepted, is_duplicate)
        return accepted

    def remember(self, accepted: pa.Table) -> None:
        """Take over what another instance remembered: rows as `remembered` gives them."""
        self._connection.register("remembered_ids", accepted)
        self._connection.execute(
            f"INSERT INTO {STATE} SELECT event_id, arrived_at, ordinal, hash(event_id)"
            " FROM remembered_ids"
        )
        self._connection.unregister("remembered_ids")

    def remembered(self, beyond: int = 0) -> pa.Table:
        """The accepted ids past an ordinal: event_id, arrived_at, ordinal, in their order."""
        return self._connection.sql(
            f"SELECT event_id, arrived_at, ordinal FROM {STATE} WHERE ordinal > {int(beyond)}"
            " ORDER BY ordinal"
        ).to_arrow_table()

    @property
    def last_ordinal(self) -> int:
        """The ordinal of the record last accepted; 0 before the first."""
        return int(self._fetch_one(f"SELECT coalesce(max(ordinal), 0) FROM {STATE}")[0])

    def prune(self) -> int:
        """Forget what no later record can be a duplicate of; returns how many ids went.

        What goes is the oldest part in stream order: an id's last accepted record never goes
        before an earlier one of its records.
        """
        (forgotten,) = self._fetch_one(
            f"""
            DELETE FROM {STATE} WHERE ordinal <= (
                SELECT greatest(
                    max(ordinal) - $1,
                    min(ordinal) FILTER (WHERE arrived_at >= latest - $2) - 1
                )
                FROM {STATE}, (SELECT max(arrived_at) AS latest FROM {STATE})
            )
            """,
            [self._max_ids, self._horizon],
        )
        self._accepted_since_pruned = 0
        return int(forgotten)

    def _duplicates(self, batch: str, base: int, clean: int) -> list[_Recurrence]:
        last = self._priors(batch)
        recurrences = self._recurrences(batch, last)
        # Ordinals only decide where the batch reaches far enough from an id's last acceptance.
        oldest = min((accepted.ordinal for accepted in last.values()), default=base + 1)
        if recurrences and base + clean - oldest > self._max_ids:
            recurrences = self._ranked(batch, recurrences)
        duplicates: list[_Recurrence] = []
        for record in recurrences:
            ordinal = base + record.rank - len(duplicates)
            prior = last.get(record.event_id)
            if (
                prior is not None
                and record.arrived_at - prior.arrived_at <= self._horizon
                and ordinal - prior.ordinal <= self._max_ids
            ):
                duplicates.append(record)
            else:
                last[record.event_id] = _Accepted(record.arrived_at, ordinal)
        return duplicates

    def _priors(self, batch: str) -> dict[str, _Accepted]:
        """The last accepted record of each id of the batch that has one, and maybe of some more.

        The hashes are probed first, as they are much cheaper to read than the ids, and the few rows
        that hit are fetched by their place; other ids of the same hash do no harm.
        """
        rows = self._connection.execute(
            f"""
            SELECT event_id, arg_max(arrived_at, ordinal), max(ordinal)
            FROM {STATE}
            WHERE rowid IN (
                SELECT state.rowid
                FROM {STATE} AS state
                SEMI JOIN (SELECT hash({self._key}) AS id_hash FROM {batch} WHERE reason IS NULL)
                USING (id_hash)
            )
            GROUP BY event_id
            """
        ).fetchall()
        return {event_id: _Accepted(arrived_at, ordinal) for event_id, arrived_at, ordinal in rows}

    def _recurrences(self, batch: str, known: Iterable[str]) -> list[_Recurrence]:
        """The clean records whose id is known, or occurs twice in the batch, in stream order."""
        rows = self._connection.execute(
            f"""
            WITH clean AS (
                SELECT shard_id, sequence_number, {self._key} AS event_id, arrived_at
                FROM {batch} WHERE reason IS NULL
            )
            SELECT *, 0 FROM clean
            WHERE
                event_id IN (SELECT unnest($1))
                OR hash(event_id) IN (
                    SELECT hash(event_id) FROM clean GROUP BY ALL HAVING count(*) > 1
                )
            ORDER BY {_REACHED}, shard_id, sequence_number
            """,
            [list(known)],
        ).fetchall()
        return [_Recurrence(*row) for row in rows]

    def _ranked(self, batch: str, recurrences: list[_Recurrence]) -> list[_Recurrence]:
        rows = self._connection.execute(
            f"""
            SELECT shard_id, sequence_number, rank FROM (
                SELECT shard_id, sequence_number,
                    row_number() OVER (ORDER BY reached_at, shard_id, sequence_number) AS rank
                FROM (SELECT *, {_REACHED} AS reached_at FROM {batch} WHERE reason IS NULL)
            )
            SEMI JOIN (SELECT unnest($1) AS shard_id, unnest($2) AS sequence_number)
            USING (shard_id, sequence_number)
            """,
            [[r.shard_id for r in recurrences], [r.sequence_number for r in recurrences]],
        ).fetchall()
        ranks = {(shard_id, sequence_number): rank for shard_id, sequence_number, rank in rows}
        ranked = [r._replace(rank=ranks[r.shard_id, r.sequence_number]) for r in recurrences]
        return sorted(ranked, key=lambda record: record.rank)

    def _rehash(self) -> None:
        """Compute the hashes anew where another release of DuckDB hashes in another way."""
        any_row = self._connection.execute(
            f"SELECT id_hash <> hash(event_id) FROM {STATE} LIMIT 1"
        ).fetchall()
        if any_row == [(True,)]:
            self._connection.execute(f"UPDATE {STATE} SET id_hash = hash(event_id)")

    def _fetch_one(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
        (row,) = self._connection.execute(sql, list(parameters)).fetchall()
        return tuple(row)
