"""Keeps what is known of drift in the warehouse, beside the rows it was seen in.

It has a transaction of its own after the batch's: DuckDB takes back all of a transaction in which
one statement fails, and a defect here must never cost a batch. So a crash in between loses the
sample of one batch, and no record of it. What cannot be kept is tried again with the next batch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from airside.events import Feed
from airside.silver.drift import DriftState, DriftWatch, FieldState, Sample, SourceState
from airside.warehouse import Warehouse
from airside.warehouse.drift import FIELDS, SOURCES, TOTALS

_EVERY_US = 10_000_000
"""Without news, counts are kept when records of ten seconds have come: a second's batch …"""
_SMALL_BATCH = 20_000
_EVERY_BATCHES = 8
"""… need not pay for it, nor each of those that catch up with hours."""
_STAGED = "drift_rows"
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}


class DriftKeeper:
    """Watches the batches of one warehouse. Belongs to the thread that loads.

    Args:
        warehouse: Keeps what is found.
        feed: The kind of record.
    """

    def __init__(self, warehouse: Warehouse, feed: Feed) -> None:
        self._warehouse = warehouse
        self._feed = feed
        self._watch: DriftWatch | None = None
        self._sample: Sample | None = None
        self._touched: set[str] = set()
        self._gone: set[str] = set()
        self._batches = 0
        """Since something was kept."""
        self._kept_us = 0
        self.error: str | None = None
        """Why the last look came to nothing; None where it did not."""

    def choose(self, records: pa.Table) -> None:
        """Take a sample of a batch, which `look` examines; raises nothing."""
        self._sample = None
        with self._guarded():
            if self._watch is None:
                self._watch = DriftWatch(self._feed, load_state(self._warehouse.transform))
                self._kept_us, self._batches = 0, _EVERY_BATCHES  # the first batch is kept
            self._sample = self._watch.choose(records)

    def look(self) -> None:
        """Examine the sample, of a batch that has been committed since, and keep what is found.

        Raises nothing.
        """
        sample, self._sample = self._sample, None
        if sample is not None and self._watch is not None:
            with self._guarded():
                self._look(self._watch, sample)
                self.error = None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream goes on
            self.error = f"{type(error).__name__}: {error}"
            self._watch = None  # from what is kept, at the next batch
            self._touched.clear()
            self._gone.clear()

    def _look(self, watch: DriftWatch, sample: Sample) -> None:
        looked = watch.look(sample)
        self._touched |= looked.touched
        self._gone = (self._gone | looked.gone) - looked.touched
        self._batches += 1
        arrived_us = watch.state.last_arrived_us
        is_due = arrived_us - self._kept_us >= _EVERY_US and (
            sample.received <= _SMALL_BATCH or self._batches >= _EVERY_BATCHES
        )
        if is_due or looked.has_news:
            with self._warehouse.transaction():
                self._keep(watch.state)
            self._touched.clear()
            self._gone.clear()
            self._batches, self._kept_us = 0, arrived_us

    def _keep(self, state: DriftState) -> None:
        touched = {name: state.sources[name] for name in self._touched if name in state.sources}
        stale = [*touched, *(self._gone - touched.keys())]
        self._replace("drift_sources", SOURCES, _source_rows(touched), stale)
        self._replace("drift_fields", FIELDS, _field_rows(touched), stale)
        totals = [(state.received, state.examined, state.unreadable, state.untracked)]
        self._warehouse.transform.execute("DELETE FROM staging.drift_totals")
        self._insert("drift_totals", TOTALS, totals)

    def _replace(
        self,
        table: str,
        columns: Mapping[str, str],
        rows: Iterable[tuple[Any, ...]],
        sources: Collection[str],
    ) -> None:
        self._warehouse.transform.execute(
            f"DELETE FROM staging.{table} WHERE list_contains(?, source_system_id)",
            [list(sources)],
        )
        self._insert(table, columns, rows)

    def _insert(
        self, table: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        connection = self._warehouse.transform
        schema = pa.schema([(name, _ARROW[kind.split()[0]]) for name, kind in columns.items()])
        listed = list(rows)
        arrays = [
            pa.array([row[place] for row in listed], type_.type)
            for place, type_ in enumerate(schema)
        ]
        connection.register(_STAGED, pa.Table.from_arrays(arrays, schema=schema))
        try:
            connection.execute(f"INSERT INTO staging.{table} BY NAME FROM {_STAGED}")
        finally:
            connection.unregister(_STAGED)


def load_state(connection: duckdb.DuckDBPyConnection) -> DriftState:
    """What a warehouse has kept."""
    state = DriftState()
    totals = connection.execute(f"SELECT {', '.join(TOTALS)} FROM staging.drift_totals").fetchall()
    if totals:
        state.received, state.examined, state.unreadable, state.untracked = totals[0]
    for name, *counts in connection.execute(
        "SELECT source_system_id, examined, received, epoch_us(first_seen_at),"
        " epoch_us(last_seen_at) FROM staging.drift_sources ORDER BY source_system_id"
    ).fetchall():
        state.sources[name] = SourceState(*counts)
    for name, path, json_type, *rest in connection.execute(
        "SELECT source_system_id, path, json_type, expected, records, after_records,"
        " after_received, last_record,"
        " epoch_us(first_seen_at), epoch_us(last_seen_at), example FROM staging.drift_fields"
    ).fetchall():
        source = state.sources.get(name)
        if source is None:
            continue
        known = source.fields[path, json_type] = FieldState(*rest)
        if known.expected is None:
            source.new_paths.add(path)
    return state


def _source_rows(sources: Mapping[str, SourceState]) -> Iterable[tuple[Any, ...]]:
    for name, source in sources.items():
        yield (
            name,
            source.examined,
            round(source.received),
            source.first_seen_us,
            source.last_seen_us,
        )


def _field_rows(sources: Mapping[str, SourceState]) -> Iterable[tuple[Any, ...]]:
    for name, source in sources.items():
        for (path, json_type), known in source.fields.items():
            yield (
                name,
                path,
                json_type,
                known.expected,
                known.records,
                known.after_records,
                known.after_received,
                known.last_record,
                known.first_seen_us,
                known.last_seen_us,
                known.example,
            )
