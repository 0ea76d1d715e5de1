"""Hand-over: the same rows and counts, however their accounts were folded meanwhile."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.warehouse import DuckDBWarehouse, LoadedBatch, handoff
from airside.warehouse.batch_document import (
    BatchDocument,
    BatchFile,
    published_batches,
    read_batch,
)
from airside.warehouse.handoff import first_batch, hand_over
from airside.warehouse.postgres import PostgresServer
from airside.warehouse.schema import QUARANTINE_COLUMNS
from airside.warehouse.server import Session
from airside.warehouse.staging import fold_batches, remove_rows
from support.warehouses import open_warehouse

HOUR_US = 3_600_000_000
START_US = 1_790_002_800_000_000
SHARD = "shard-000"
NEVER_US = 2**60
MIB = 1024 * 1024


class Source:
    """A warehouse that is loaded batch by batch, and a lake that it is handed over to."""

    def __init__(self, folder: Path, warehouse: DuckDBWarehouse) -> None:
        self.warehouse = warehouse
        self.folder = folder / "lake"
        self.lake = LocalLake(self.folder)
        self.records = 0

    def load(self, *hours: float, payload: Callable[[], bytes] = lambda: b"{") -> None:
        """A batch for each hour: some accepted, some refused, some that were there before."""
        for hour in hours:
            arrived_us = START_US + int(hour * HOUR_US)
            clean, quarantined, duplicates = 3 + self.records % 4, 2, self.records % 2
            numbers = [f"{self.records + n:020}" for n in range(clean + quarantined)]
            self.records += clean + quarantined + duplicates
            with self.warehouse.transaction():
                self.warehouse.load(
                    LoadedBatch(
                        received=clean + quarantined + duplicates,
                        quarantined=quarantined,
                        duplicates=duplicates,
                        first_arrived_at_us=arrived_us,
                        last_arrived_at_us=arrived_us + 5,
                        through={SHARD: f"{self.records - 1:020}"},
                    ),
                    clean=_clean(numbers[:clean], arrived_us),
                    quarantined=_refused(numbers[clean:], arrived_us, payload),
                )

    def fold(self, through: int) -> int:
        """As upkeep does: never what the last document is compared with."""
        handed = published_batches(self.lake, FLIGHT_EVENTS)
        if handed:
            through = min(through, first_batch(handed[-1]) - 1)
        return fold_batches(self.warehouse, through=through, arrived_before_us=NEVER_US)

    def hand_over(self, max_records: int = 20) -> list[str]:
        return hand_over(self.warehouse, self.lake, FLIGHT_EVENTS, max_records=max_records)

    def documents(self) -> list[BatchDocument]:
        return [
            read_batch(self.lake, FLIGHT_EVENTS, name)
            for name in published_batches(self.lake, FLIGHT_EVENTS)
        ]

    def delivered(self) -> dict[str, Any]:
        """All that the lake says, but for where one document ends and the next begins."""
        documents = self.documents()
        counts = ("received", "clean", "quarantined", "duplicates")
        return {
            "counts": {name: sum(getattr(d, name) for d in documents) for name in counts},
            "first": min(d.first_arrived_at_us for d in documents),
            "last": max(d.last_arrived_at_us for d in documents),
            "through": documents[-1].through,
            "events": self._rows([file for d in documents for file in d.clean_files]),
            "refused": self._rows([file for d in documents for file in d.quarantine_files]),
        }

    def _rows(self, files: Sequence[BatchFile]) -> list[dict[str, Any]]:
        return [row for f in files for row in pq.read_table(self.folder / f.name).to_pylist()]


def _clean(numbers: Sequence[str], arrived_us: int) -> str:
    typed = {column.name: column.type for column in FLIGHT_EVENTS.columns}
    values = {
        "event_id": "'id-' || number",
        "shard_id": f"'{SHARD}'",
        "sequence_number": "number",
        "arrived_at": f"make_timestamp({arrived_us})",
    }
    columns = ", ".join(
        f"{values.get(name, 'NULL')}::{kind} AS {name}" for name, kind in typed.items()
    )
    listed = ", ".join(f"'{number}'" for number in numbers)
    return f"SELECT {columns} FROM unnest([{listed}]) AS t(number)"


def _refused(numbers: Sequence[str], arrived_us: int, payload: Callable[[], bytes]) -> pa.Table:
    rows = [
        {
            "shard_id": SHARD,
            "sequence_number": number,
            "arrived_at": datetime.fromtimestamp(arrived_us / 1e6, UTC).replace(tzinfo=None),
            "reason": "not_json",
            "reasons": ["not_json"],
            "detail": "line 1",
            "payload": payload(),
        }
        for number in numbers
    ]
    kinds = {"VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "BLOB": pa.binary()}
    kinds["VARCHAR[]"] = pa.list_(pa.string())
    schema = pa.schema([(name, kinds[kind]) for name, kind in QUARANTINE_COLUMNS.items()])
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Source]]:
    with ExitStack() as stack:

        def open_source(name: str) -> Source:
            folder = tmp_path / name
            folder.mkdir()
            return Source(folder, stack.enter_context(open_warehouse(folder / "warehouse.duckdb")))

        yield open_source


HOURS = (0, 0.1, 0.2, 0.9, 1, 1.1, 2, 2.5, 2.6, 3, 5, 5.1)


@pytest.fixture
def expected(opened: Callable[[str], Source]) -> dict[str, Any]:
    """What is handed over where nothing has been folded."""
    source = opened("expected")
    source.load(*HOURS)
    source.hand_over()
    return source.delivered()


@pytest.fixture
def source(opened: Callable[[str], Source]) -> Source:
    return opened("source")


@pytest.mark.parametrize("max_records", [1, 20, 1_000])
def test_folded_batches_are_handed_over_the_first_time(
    source: Source, expected: dict[str, Any], max_records: int
) -> None:
    source.load(*HOURS)
    assert source.fold(through=len(HOURS) - 1) == 6
    source.hand_over(max_records)
    assert source.delivered() == expected
    assert source.hand_over(max_records) == []


@pytest.mark.parametrize("before", range(1, len(HOURS)))
def test_folded_batches_are_handed_over_after_others(
    source: Source, expected: dict[str, Any], before: int
) -> None:
    source.load(*HOURS[:before])
    source.hand_over()
    source.load(*HOURS[before:])
    source.fold(through=len(HOURS) - 1)
    source.hand_over()
    assert source.delivered() == expected
    assert source.hand_over() == []


@pytest.mark.parametrize("crash_at", [1, 2, 3])
def test_a_hand_over_that_is_cut_off_goes_on_after_a_fold(
    source: Source, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    source.load(*HOURS)
    with monkeypatch.context() as patch:
        publish = CrashingAt(crash_at)
        patch.setattr("airside.warehouse.handoff.publish_batch", publish)
        with pytest.raises(Crash):
            source.hand_over()
    assert len(source.documents()) == crash_at - 1
    source.fold(through=len(HOURS) - 1)
    source.hand_over()
    assert source.delivered() == expected


class Crash(BaseException):
    """The process is gone: nobody handles it."""


class CrashingAt:
    """Publishes documents up to one, which it does not."""

    def __init__(self, number: int) -> None:
        from airside.warehouse.handoff import publish_batch  # noqa: PLC0415 - before it is replaced

        self._publish = publish_batch
        self._left = number

    def __call__(self, lake: LocalLake, feed: Any, document: BatchDocument) -> None:
        self._left -= 1
        if not self._left:
            raise Crash
        self._publish(lake, feed, document)


@pytest.mark.parametrize("seed", range(5))
def test_accounts_are_of_neighbours_where_hours_alternate(source: Source, seed: int) -> None:
    """Shards that are read side by side may give a batch of an hour that seemed over."""
    rng = random.Random(seed)
    source.load(*(n // 4 + rng.choice([-1, 0, 0, 0.5]) for n in range(40)))
    by_hour = (
        "SELECT date_trunc('hour', first_arrived_at) AS hour_at, sum(received) FROM batches"
        " GROUP BY hour_at ORDER BY hour_at"
    )
    before = source.warehouse.query(by_hour)
    assert source.fold(through=39) > 5
    assert source.warehouse.query(by_hour) == before
    source.hand_over(1)
    delivered = source.delivered()
    assert delivered["counts"]["received"] == source.records
    numbers = [row["sequence_number"] for row in delivered["events"] + delivered["refused"]]
    assert len(set(numbers)) == len(numbers) == source.records - delivered["counts"]["duplicates"]


def test_a_document_ends_with_its_day(source: Source) -> None:
    to_midnight = -START_US % (24 * HOUR_US) / HOUR_US
    source.load(*(to_midnight + after for after in (-0.2, -0.1, 0, 0.1)))
    source.hand_over()
    days = [d.first_arrived_at_us // (24 * HOUR_US) for d in source.documents()]
    assert len(days) == len(set(days)) == 2
    assert [d.last_arrived_at_us // (24 * HOUR_US) for d in source.documents()] == days


def test_a_last_document_of_several_days_is_known_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_midnight = -START_US % (24 * HOUR_US) / HOUR_US
    source.load(to_midnight - 0.1, to_midnight)
    with monkeypatch.context() as earlier_version:
        earlier_version.setattr(handoff, "_DAY_US", 2**60)
        (both,) = source.hand_over()
    source.load(to_midnight + 0.1)
    (added,) = source.hand_over()
    assert [d.batch for d in source.documents()] == [both, added]


def test_what_retention_has_removed_is_not_handed_over_in_part(source: Source) -> None:
    source.load(*HOURS)
    remove_rows(source.warehouse, FLIGHT_EVENTS, through=3, loaded_before_us=NEVER_US)
    with pytest.raises(UsageError, match="retention has removed the rest; run `airside backfill`"):
        source.hand_over()
    assert list(source.folder.rglob("*.parquet")) == list(source.folder.rglob("*.json")) == []


@pytest.fixture
def large(source: Source) -> Source:
    """Handed over in one document: refused records of a MiB, as large as one may be."""
    source.load(*[0.01 * n for n in range(30)], payload=lambda: os.urandom(MIB))
    source.fold(through=29)
    assert len(source.hand_over(100_000)) == 1
    return source


def test_a_file_is_read_in_parts_of_bounded_size(large: Source) -> None:
    (document,) = large.documents()
    (file,) = document.quarantine_files
    assert file.rows == 60
    parquet = pq.ParquetFile(large.folder / file.name)
    sizes = [parquet.metadata.row_group(n).total_byte_size for n in range(parquet.num_row_groups)]
    assert max(sizes) < 17 * MIB
    assert len(sizes) < 10


def test_what_is_sent_to_postgres_at_once_is_bounded(large: Source) -> None:
    (document,) = large.documents()
    server = PostgresServer("postgresql://host/database")
    connection = Recorded()
    copied = server.copy_in(
        Session(connection, server),
        large.lake,
        table="quarantine",
        columns=QUARANTINE_COLUMNS,
        files=document.quarantine_files,
        batch=document.batch,
        batch_id=1,
    )
    assert copied == 60
    assert sum(connection.copied) > 2 * 60 * MIB  # in hexadecimal digits
    assert max(connection.copied) < 34 * MIB


class Recorded:
    """A connection that notes how much is copied at once."""

    def __init__(self) -> None:
        self.copied: list[int] = []

    def cursor(self) -> "Recorded":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def copy_expert(self, _copy: str, file: Any) -> None:
        self.copied.append(len(file.read()))
