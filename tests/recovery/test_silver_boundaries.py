"""A crash at every boundary of a silver batch: the restart gives exactly the undisturbed result."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.ledger import Ledger
from airside.silver import SILVER, Silver
from airside.silver.ahead import Batch, Judged, Preparation
from airside.stream import EmbeddedStream
from airside.warehouse import DuckDBWarehouse
from oracle.corpus import hostile
from support.contents import lake_contents

RECORDS = 1_200
BATCH = 400


class Crash(BaseException):
    """The process is gone: nothing that catches errors may see it."""


class Ticking:
    """A clock that moves on a second with every look."""

    def __init__(self) -> None:
        self.now_us = 1_790_000_000_000_000

    def __call__(self) -> int:
        self.now_us += 1_000_000
        return self.now_us


class Site:
    """The stores of one data directory, and a Silver on them that crashes on demand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        clock = Ticking()
        self.stream = EmbeddedStream(root / "stream.db", clock=clock)
        self.ledger = Ledger(root / "ledger.db", clock=clock)
        self.warehouse = DuckDBWarehouse(root / "warehouse.duckdb", clock=clock)
        self.lake = LocalLake(root)

    def silver(self) -> Silver:
        return Silver(
            self.stream,
            self.lake,
            self.ledger,
            self.warehouse,
            FLIGHT_EVENTS,
            max_batch_records=BATCH,
        )

    def close(self) -> None:
        self.warehouse.close()
        self.ledger.close()
        self.stream.close()

    def result(self) -> dict[str, Any]:
        query = self.warehouse.query
        return {
            "staging": query("SELECT * FROM staging.flight_events ORDER BY ALL").to_pylist(),
            "quarantine": query("SELECT * FROM staging.quarantine ORDER BY ALL").to_pylist(),
            "batches": query(
                "SELECT batch_id, received, clean, quarantined, duplicates FROM staging.batches"
                " ORDER BY ALL"
            ).to_pylist(),
            "checkpoint": self.warehouse.checkpoint(),
            "position": self.ledger.position(SILVER),
            "lake": lake_contents(self.root),
            "files": self.lake.names("silver"),
            "pending": self.ledger.pending(SILVER),
        }


def crash_after(owner: Any, method: str) -> Callable[[], None]:
    """Let a method do its work and then crash; returns what undoes it."""
    original = getattr(owner, method)

    def crashing(*args: Any, **kwargs: Any) -> Any:
        original(*args, **kwargs)
        raise Crash

    setattr(owner, method, crashing)
    return lambda: setattr(owner, method, original)


def crash_before(owner: Any, method: str) -> Callable[[], None]:
    original = getattr(owner, method)

    def crashing(*_args: Any, **_kwargs: Any) -> Any:
        raise Crash

    setattr(owner, method, crashing)
    return lambda: setattr(owner, method, original)


def crash_in_publish(lake: Any, *, after: bool) -> Callable[[], None]:
    original = lake.publish

    @contextmanager
    def crashing(name: str) -> Iterator[Path]:
        with original(name) as path:
            yield path
            if not after:
                raise Crash
        raise Crash

    lake.publish = crashing
    return lambda: setattr(lake, "publish", original)


BOUNDARIES: dict[str, Callable[[Site], Callable[[], None]]] = {
    "before the plan is written": lambda s: crash_before(s.ledger, "begin"),
    "after the plan is written": lambda s: crash_after(s.ledger, "begin"),
    "before the file is renamed": lambda s: crash_in_publish(s.lake, after=False),
    "after the file is renamed": lambda s: crash_in_publish(s.lake, after=True),
    "before the rows are loaded": lambda s: crash_before(s.warehouse, "load"),
    "after the rows are loaded, before the commit": lambda s: crash_after(s.warehouse, "load"),
    "after the commit": lambda s: crash_before(s.ledger, "succeed"),
    "after the ledger has heard": lambda s: crash_after(s.ledger, "succeed"),
}


@pytest.fixture(scope="module")
def records() -> list[bytes]:
    return hostile(RECORDS, seed=7)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, records: list[bytes]) -> dict[str, Any]:
    site = Site(tmp_path_factory.mktemp("undisturbed"))
    put(site, records)
    silver = site.silver()
    while silver.run_once():
        pass
    result = site.result()
    site.close()
    return result


def put(site: Site, records: list[bytes]) -> None:
    for start in range(0, len(records), 100):
        site.stream.put(records[start : start + 100])


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("batch", [0, 1])
def test_a_crash_changes_nothing(
    boundary: str,
    batch: int,
    tmp_path: Path,
    records: list[bytes],
    undisturbed: dict[str, Any],
) -> None:
    site = Site(tmp_path)
    put(site, records)
    silver = site.silver()
    for _ in range(batch):
        silver.run_once()
    undo = BOUNDARIES[boundary](site)
    with pytest.raises(Crash):
        silver.run_once()
    undo()
    site.close()

    restarted = Site(tmp_path)
    restarted.lake.sweep()
    silver = restarted.silver()
    while silver.run_once():
        pass
    assert restarted.result() == undisturbed
    restarted.close()


def test_a_batch_that_failed_is_done_again_over_the_same_records(
    tmp_path: Path, records: list[bytes], undisturbed: dict[str, Any]
) -> None:
    """Records that arrive after a failure must not widen the range: its file is there already."""
    site = Site(tmp_path)
    put(site, records[:300])
    silver = site.silver()

    def failing(*_args: Any, **_kwargs: Any) -> int:
        raise OSError(28, "No space left on device")

    load = site.warehouse.load
    site.warehouse.load = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space left"):
        silver.run_once()
    site.warehouse.load = load  # type: ignore[method-assign]
    put(site, records[300:])
    while silver.run_once():
        pass
    rows = site.result()
    assert len(rows["lake"]) == len(rows["staging"])
    assert rows["lake"] == lake_contents(site.root)
    assert sum(b["received"] for b in rows["batches"]) == RECORDS
    assert rows["batches"][0]["received"] == 300
    assert len(rows["staging"]) == len(undisturbed["staging"])
    site.close()


def test_a_batchs_records_are_let_go_before_the_next_ones_come_and_the_rest_before_loading(
    tmp_path: Path, records: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables: list[Any] = []
    alive: list[tuple[bool, ...]] = []
    judged, look_ahead, load = Batch.judged, Preparation.look_ahead, DuckDBWarehouse.load

    def taken(batch: Batch) -> Judged:
        made = judged(batch)
        tables[:] = [weakref.ref(made.records), weakref.ref(made.verdicts)]
        return made

    def looking(preparation: Preparation, batch: Batch) -> None:
        alive.append((tables[0]() is not None,))
        look_ahead(preparation, batch)

    def loading(*arguments: Any, **named: Any) -> int:
        alive.append(tuple(table() is not None for table in tables))
        return load(*arguments, **named)

    monkeypatch.setattr(Batch, "judged", taken)
    monkeypatch.setattr(Preparation, "look_ahead", looking)
    monkeypatch.setattr(DuckDBWarehouse, "load", loading)
    site = Site(tmp_path)
    put(site, records)
    silver = site.silver()
    while silver.run_once():
        pass
    assert alive == [(False,), (False, False)] * (RECORDS // BATCH)
    site.close()


@pytest.mark.parametrize("step", ["choose", "look"])
def test_trouble_with_drift_costs_no_batch(
    tmp_path: Path,
    records: list[bytes],
    undisturbed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def defect(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(f"airside.silver.drift.DriftWatch.{step}", defect)
    site = Site(tmp_path)
    put(site, records)
    silver = site.silver()
    while silver.run_once():
        pass
    assert site.result() == undisturbed
    site.close()
