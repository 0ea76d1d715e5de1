"""What a `Warehouse` promises of loading, on each implementation."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from airside.events import FLIGHT_EVENTS
from airside.warehouse import LoadedBatch, Warehouse
from support.warehouses import COMMITTED_US, open_warehouse

ARRIVED_US = 1_758_737_720_000_000
IMPLEMENTATIONS: dict[str, Callable[[Path], closing]] = {
    "embedded": lambda folder: open_warehouse(folder / "warehouse.duckdb")
}
QUARANTINE = pa.schema(
    [
        # In another order than the table's: columns go by name.
        ("reason", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("detail", pa.string()),
        ("payload", pa.binary()),
        ("arrived_at", pa.timestamp("us")),
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
    ]
)


@pytest.fixture(params=IMPLEMENTATIONS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], closing]:
    """Opens the same warehouse, again and again."""
    return lambda: IMPLEMENTATIONS[request.param](tmp_path)


@pytest.fixture
def warehouse(opened: Callable[[], closing]) -> Iterator[Warehouse]:
    with opened() as warehouse:
        yield warehouse


def clean(*event_ids: str) -> str:
    """A SELECT that gives a row for each id, its columns in no particular order."""
    typed = {column.name: column.type for column in FLIGHT_EVENTS.columns}
    values = {
        "event_id": "id",
        "quality_flags": "['bad_heading']",
        "passenger_count": "180",
        "event_at": "TIMESTAMP '2025-09-24 18:15:30.5'",
    }
    columns = ", ".join(
        f"{values.get(name, 'NULL')}::{kind} AS {name}" for name, kind in reversed(typed.items())
    )
    ids = ", ".join(f"'{event_id}'" for event_id in event_ids)
    return f"SELECT {columns} FROM unnest([{ids}]) AS t(id)"


def refused(*numbers: int) -> pa.Table:
    rows = [
        {
            "reason": "not_json",
            "reasons": ["not_json"],
            "detail": "line 1",
            "payload": b"\xff\x00{",
            "arrived_at": datetime(2025, 9, 24, 18),  # noqa: DTZ001 - TIMESTAMP has no zone
            "shard_id": "shard-000",
            "sequence_number": f"{number:020}",
        }
        for number in numbers
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINE)


def batch(through: dict[str, str], received: int = 4) -> LoadedBatch:
    return LoadedBatch(
        received=received,
        quarantined=1,
        duplicates=1,
        first_arrived_at_us=ARRIVED_US,
        last_arrived_at_us=ARRIVED_US + 5,
        through=through,
    )


def load(warehouse: Warehouse, through: str, *event_ids: str) -> int:
    with warehouse.transaction():
        return warehouse.load(
            batch({"shard-000": through}), clean=clean(*event_ids), quarantined=refused(3)
        )


def counts(warehouse: Warehouse) -> tuple[int, ...]:
    (row,) = warehouse.query(
        "SELECT (SELECT count(*) FROM staging.flight_events) AS events,"
        " (SELECT count(*) FROM staging.quarantine) AS refused,"
        " (SELECT count(*) FROM staging.batches) AS batches"
    ).to_pylist()
    return tuple(row.values())


def test_a_new_warehouse_is_empty(warehouse: Warehouse) -> None:
    assert warehouse.checkpoint() == {}
    assert counts(warehouse) == (0, 0, 0)


def test_what_is_loaded_is_there(warehouse: Warehouse) -> None:
    batch_id = load(warehouse, "07", "a", "b")
    rows = warehouse.query("FROM staging.flight_events ORDER BY event_id").to_pylist()
    assert [row["event_id"] for row in rows] == ["a", "b"]
    assert list(rows[0]) == [*FLIGHT_EVENTS.column_names, "batch_id"]
    assert rows[0]["event_at"] == datetime(2025, 9, 24, 18, 15, 30, 500_000)  # noqa: DTZ001
    assert rows[0]["quality_flags"] == ["bad_heading"]
    assert rows[0]["passenger_count"] == 180
    assert rows[0]["heading"] is None
    assert rows[0]["batch_id"] == batch_id


def test_what_is_refused_keeps_its_bytes(warehouse: Warehouse) -> None:
    batch_id = load(warehouse, "07", "a")
    assert warehouse.query("FROM staging.quarantine").to_pylist() == [
        {
            "shard_id": "shard-000",
            "sequence_number": f"{3:020}",
            "arrived_at": datetime(2025, 9, 24, 18),  # noqa: DTZ001
            "reason": "not_json",
            "reasons": ["not_json"],
            "detail": "line 1",
            "payload": b"\xff\x00{",
            "batch_id": batch_id,
        }
    ]


def test_a_batch_leaves_its_account(warehouse: Warehouse) -> None:
    batch_id = load(warehouse, "07", "a", "b")
    (row,) = warehouse.query(
        "SELECT * REPLACE (epoch_us(first_arrived_at) AS first_arrived_at,"
        " epoch_us(last_arrived_at) AS last_arrived_at, epoch_us(committed_at) AS committed_at)"
        " FROM staging.batches"
    ).to_pylist()
    assert row == {
        "batch_id": batch_id,
        "received": 4,
        "clean": 2,
        "quarantined": 1,
        "duplicates": 1,
        "first_arrived_at": ARRIVED_US,
        "last_arrived_at": ARRIVED_US + 5,
        "committed_at": COMMITTED_US,
    }


def test_batch_ids_ascend_across_restarts(opened: Callable[[], closing]) -> None:
    ids = []
    for restart in range(3):
        with opened() as warehouse:
            ids += [load(warehouse, f"{restart}{number}", "a") for number in range(2)]
    assert ids == sorted(set(ids))
    assert ids[0] == 1


def test_a_batch_without_clean_or_refused_rows(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        warehouse.load(batch({"shard-000": "07"}), clean=clean(), quarantined=refused())
    assert counts(warehouse) == (0, 0, 1)
    assert warehouse.checkpoint() == {"shard-000": "07"}


def test_the_checkpoint_moves_by_shard(warehouse: Warehouse) -> None:
    for through in ({"a": "07", "b": "03"}, {"b": "09"}, {"c": "01"}):
        with warehouse.transaction():
            warehouse.load(batch(through), clean=clean(), quarantined=refused())
    assert warehouse.checkpoint() == {"a": "07", "b": "09", "c": "01"}


class Boom(BaseException):
    """Whatever ends a process's work."""


@pytest.mark.parametrize("error", [ValueError, Boom, KeyboardInterrupt])
def test_an_error_in_a_transaction_leaves_nothing_of_it(
    warehouse: Warehouse, error: type[BaseException]
) -> None:
    load(warehouse, "07", "a")

    def fail() -> None:
        with warehouse.transaction():
            warehouse.load(batch({"shard-000": "12"}), clean=clean("b"), quarantined=refused(9))
            raise error

    with pytest.raises(error):
        fail()
    assert counts(warehouse) == (1, 1, 1)
    assert warehouse.checkpoint() == {"shard-000": "07"}
    assert load(warehouse, "12", "b") == 2  # and the next one goes on as if nothing had been
    assert counts(warehouse) == (2, 2, 2)


def test_an_error_of_the_load_itself_leaves_nothing(warehouse: Warehouse) -> None:
    def fail() -> None:
        with warehouse.transaction():
            warehouse.load(
                batch({"shard-000": "12"}),
                clean=f"{clean('b')} WHERE error('no') IS NULL",
                quarantined=refused(9),
            )

    with pytest.raises(Exception, match="no"):
        fail()
    assert counts(warehouse) == (0, 0, 0)
    assert load(warehouse, "12", "b") == 1


def test_nobody_sees_what_is_not_committed(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        warehouse.load(batch({"shard-000": "12"}), clean=clean("b"), quarantined=refused(9))
        assert counts(warehouse) == (0, 0, 0)
        assert warehouse.checkpoint() == {}
    assert counts(warehouse) == (1, 1, 1)


def test_what_is_committed_is_there_after_a_restart(opened: Callable[[], closing]) -> None:
    with opened() as warehouse:
        load(warehouse, "07", "a", "b")
    with opened() as warehouse:
        assert counts(warehouse) == (2, 1, 1)
        assert warehouse.checkpoint() == {"shard-000": "07"}
