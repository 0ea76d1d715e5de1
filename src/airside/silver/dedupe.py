"""Finds the records whose id was already accepted, exactly, however the stream is cut into batches.

The rule, over the clean records in stream order: a record is a duplicate if and only if the last
*accepted* record of its id arrived no more than `horizon` before it, and no more than `max_ids`
ordinals before it; a record's ordinal is the running count of accepted ones. Whether one record is
accepted so depends on the one before it, which no operation on whole columns can follow. It need
not: nearly every id occurs once in its batch and never before, and is accepted whatever the others
are. The few that do recur are found by column, and walked through one by one.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from airside.events import FLIGHT_EVENTS, Feed
from airside.silver.hash_index import Hashes, HashIndex

STATE = "staging.accepted_event_ids"
"""One row per accepted record that may still make a later one a duplicate."""

_IDS = "dedupe_ids"
_PRUNE_SHARE = 5  # prune each time a fifth of `max_ids` has been accepted since


class _Accepted(NamedTuple):
    """The last accepted record of an id."""

    arrived_at_us: int
    ordinal: int


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
        self._horizon_us = horizon // timedelta(microseconds=1)
        self._max_ids = max_ids
        self._accepted_since_pruned = 0
        self._index = HashIndex()
        """Of all that is remembered, and maybe more."""
        self._indexed_through = 0
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {STATE}"
            " (event_id VARCHAR, arrived_at TIMESTAMP, ordinal BIGINT, id_hash UBIGINT)"
        )
        self._rehash()

    def run(self, batch: pa.Table) -> pa.BooleanArray:
        """Tell the duplicates of a batch, and remember its other ids.

        Batches must come in stream order, and each holds its rows in any order.

        Args:
            batch: Rows with shard_id, sequence_number, arrived_at, the feed's key, and a `reason`
                where a record is not clean.

        Returns:
            For each row whether it is a duplicate; only clean ones are.
        """
        clean = np.flatnonzero(batch["reason"].is_null().to_numpy())
        columns = ["shard_id", "sequence_number", "arrived_at", self._key]
        ids = batch.select(columns).take(pa.array(clean)).combine_chunks()
        order = _stream_order(ids)
        if order is not None:
            clean, ids = clean[order], ids.take(pa.array(order))
        base = self.last_ordinal
        if base != self._indexed_through:
            self._build_index()
        known = pa.table({"event_id": ids[self._key], "arrived_at": ids["arrived_at"]})
        hashes = self._hashes(known)
        by_hash = np.argsort(hashes)
        repeated = self._duplicates(known, hashes, by_hash, base)
        is_accepted = np.ones(known.num_rows, np.bool_)
        is_accepted[repeated] = False
        ordinals = base + np.cumsum(is_accepted)
        accepted = known.filter(pa.array(is_accepted)) if repeated else known
        self._insert(accepted, pa.array(ordinals[is_accepted]))
        by_hash = by_hash[is_accepted[by_hash]]
        self._index.add(hashes[by_hash], ordinals[by_hash])
        self._indexed_through = base + accepted.num_rows
        self._accepted_since_pruned += accepted.num_rows
        if self._accepted_since_pruned * _PRUNE_SHARE > self._max_ids:
            self.prune()
        is_duplicate = np.zeros(batch.num_rows, np.bool_)
        is_duplicate[clean[repeated]] = True
        return pa.array(is_duplicate)

    def remember(self, accepted: pa.Table) -> None:
        """Take over what another instance remembered: rows as `remembered` gives them."""
        self._insert(accepted, accepted["ordinal"])
        self._indexed_through = -1

    def remembered(self, beyond: int = 0) -> pa.Table:
        """The accepted ids past an ordinal: event_id, arrived_at, ordinal, in their order."""
        return self._connection.sql(
            f"SELECT event_id, arrived_at, ordinal FROM {STATE} WHERE ordinal > {int(beyond)}"
            " ORDER BY ordinal"
        ).to_arrow_table()

    @property
    def last_ordinal(self) -> int:
        """The ordinal of the record last accepted; 0 before the first."""
        newest = f"SELECT max(ordinal) FROM {STATE} WHERE ordinal >= ?"
        # Ordinals ascend, so what lies far below the last known one is not even read.
        (last,) = self._fetch_one(newest, [self._indexed_through])
        if last is None:
            (last,) = self._fetch_one(newest, [0])
        return int(last or 0)

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
        (oldest,) = self._fetch_one(f"SELECT coalesce(min(ordinal), 0) FROM {STATE}")
        self._index.forget(oldest)
        return int(forgotten)

    def _duplicates(
        self, ids: pa.Table, hashes: Hashes, by_hash: npt.NDArray[np.int64], base: int
    ) -> list[int]:
        """The rows, in stream order as they are given, that repeat an accepted id."""
        ascending = hashes[by_hash]
        is_alike = ascending[1:] == ascending[:-1]
        recurs = np.zeros(len(hashes), np.bool_)
        recurs[by_hash[1:][is_alike]] = recurs[by_hash[:-1][is_alike]] = True
        last = self._priors(ascending)
        if last:
            recurs |= pc.is_in(ids["event_id"], pa.array(last, pa.string())).to_numpy()
        rows = np.flatnonzero(recurs)
        few = ids.take(pa.array(rows))
        arrivals = few["arrived_at"].cast(pa.int64()).to_pylist()
        duplicates: list[int] = []
        for row, event_id, arrived_at_us in zip(
            rows.tolist(), few["event_id"].to_pylist(), arrivals, strict=True
        ):
            ordinal = base + row + 1 - len(duplicates)
            prior = last.get(event_id)
            if (
                prior is not None
                and arrived_at_us - prior.arrived_at_us <= self._horizon_us
                and ordinal - prior.ordinal <= self._max_ids
            ):
                duplicates.append(row)
            else:
                last[event_id] = _Accepted(arrived_at_us, ordinal)
        return duplicates

    def _priors(self, hashes: Hashes) -> dict[str, _Accepted]:
        """The last accepted record of each id of the batch that has one, and maybe of some more.

        The few rows whose hashes hit are fetched by their ordinals, in whose order the table lies;
        other ids of the same hash do no harm.
        """
        ordinals = self._index.find(hashes)
        if not len(ordinals):
            return {}
        self._connection.register(_IDS, pa.table({"ordinal": ordinals}))
        rows = self._connection.execute(
            f"SELECT event_id, epoch_us(arg_max(arrived_at, ordinal)), max(ordinal) FROM {STATE}"
            f" SEMI JOIN {_IDS} USING (ordinal) GROUP BY event_id"
        ).fetchall()
        self._connection.unregister(_IDS)
        return {event_id: _Accepted(*accepted) for event_id, *accepted in rows}

    def _hashes(self, ids: pa.Table) -> Hashes:
        self._connection.register(_IDS, ids.select(["event_id"]))
        found = self._connection.sql(f"SELECT hash(event_id) AS id_hash FROM {_IDS}")
        hashes: Hashes = found.to_arrow_table()["id_hash"].to_numpy()
        self._connection.unregister(_IDS)
        return hashes

    def _build_index(self) -> None:
        """Index the table as it is, at the start and where a transaction was taken back."""
        self._index = HashIndex()
        for rows in self._connection.sql(f"SELECT id_hash, ordinal FROM {STATE}").to_arrow_reader():
            self._index.add(rows["id_hash"].to_numpy(), rows["ordinal"].to_numpy())

    def _insert(self, ids: pa.Table, ordinals: pa.Array) -> None:
        rows = ids.select(["event_id", "arrived_at"]).append_column("ordinal", ordinals)
        self._connection.register(_IDS, rows)
        self._connection.execute(
            f"INSERT INTO {STATE} SELECT event_id, arrived_at, ordinal, hash(event_id) FROM {_IDS}"
        )
        self._connection.unregister(_IDS)

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


def _stream_order(ids: pa.Table) -> npt.NDArray[np.int64] | None:
    """In which order to take rows so that they are in stream order; None where they are.

    Arrivals on a shard of Kinesis need not ascend, and on one shard the sequence rules: with the
    latest arrival so far in the place of the arrival, the order is that of the stream and never
    against a shard's own.
    """
    shards, sequences = ids["shard_id"], ids["sequence_number"]
    ascends = pc.all(pc.less(sequences[:-1], sequences[1:])).as_py() is not False
    if ascends and len(shards.unique()) <= 1:
        return None
    by_shard = pc.sort_indices(
        ids, [("shard_id", "ascending"), ("sequence_number", "ascending")]
    ).to_numpy()
    codes = shards.combine_chunks().dictionary_encode().indices.to_numpy()[by_shard]
    reached = ids["arrived_at"].cast(pa.int64()).to_numpy()[by_shard].copy()
    starts = np.flatnonzero(np.diff(codes)) + 1
    for stretch in np.split(reached, starts):
        np.maximum.accumulate(stretch, out=stretch)
    ordered: npt.NDArray[np.int64] = by_shard[np.argsort(reached, kind="stable")]
    return ordered
