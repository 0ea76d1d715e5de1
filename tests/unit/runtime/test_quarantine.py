"""Sending refused records again: in bounded memory, and whole however often it is cut off."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from airside.errors import RetryableError
from airside.ledger import Ledger
from airside.runtime import quarantine
from airside.stream import Patience, producer
from airside.warehouse import DuckDBWarehouse
from support.warehouses import open_warehouse

MIB = 1024 * 1024


class Puts:
    """Takes records, until a put is said to fail: before it takes them, or once it has."""

    def __init__(self) -> None:
        self.taken: list[list[bytes]] = []
        self.fails_before: int | None = None
        self.fails_after: int | None = None

    def put(self, payloads: Sequence[bytes]) -> None:
        if len(self.taken) == self.fails_before:
            raise RetryableError("not now")
        self.taken.append(list(payloads))
        if len(self.taken) == self.fails_after:
            raise KeyboardInterrupt

    @property
    def records(self) -> list[bytes]:
        return [payload for put in self.taken for payload in put]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    with open_warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        yield warehouse


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db", clock=lambda: 0)) as ledger:
        yield ledger


def refuse(warehouse: DuckDBWarehouse, shard: int, reason: str, payloads: Sequence[bytes]) -> None:
    for number, payload in enumerate(payloads):
        warehouse.transform.execute(
            "INSERT INTO staging.quarantine VALUES (?, ?, TIMESTAMP '2026-03-01', ?, [], '', ?, 1)",
            [f"shard-{shard:03}", f"{number:020}", reason, payload],
        )


def replay(warehouse: DuckDBWarehouse, ledger: Ledger, puts: Puts) -> quarantine.Replayed:
    patience = Patience(0, lambda: 0, lambda _seconds: False)
    return quarantine.replay(warehouse, puts, ledger, patience)


def test_large_records_are_put_some_at_a_time(
    warehouse: DuckDBWarehouse, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "_PAGE_BYTES", 8 * MIB)
    large = [bytes([number]) * MIB for number in range(20)]
    refuse(warehouse, 0, "not_json", large)
    held: list[int] = []
    query = warehouse.query

    def noting(*question: object) -> object:
        rows = query(*question)
        held.append(rows.nbytes)
        return rows

    monkeypatch.setattr(warehouse, "query", noting)
    puts = Puts()
    assert replay(warehouse, ledger, puts) == quarantine.Replayed(20, 0)
    assert puts.records == large
    assert max(map(len, puts.taken)) == 4
    assert max(held) < 9 * MIB


@pytest.mark.parametrize("fails", ["fails_before", "fails_after"])
@pytest.mark.parametrize("at", range(1, 5))
def test_a_replay_that_is_cut_off_goes_on(
    warehouse: DuckDBWarehouse,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    at: int,
) -> None:
    monkeypatch.setattr(producer, "_PUT_RECORDS", 2)
    monkeypatch.setattr(quarantine, "_PAGE_BYTES", 300)
    for shard in range(2):
        refuse(warehouse, shard, "not_json", [b"%d-%d" % (shard, n) for n in range(5)])
    refuse(warehouse, 2, "bad_route", [b"{}"])
    refused = {b"%d-%d" % (shard, n) for shard in range(2) for n in range(5)} | {b"{}"}
    puts = Puts()
    setattr(puts, fails, at)
    with pytest.raises((RetryableError, KeyboardInterrupt)):
        replay(warehouse, ledger, puts)
    puts.fails_before = puts.fails_after = None
    done = replay(warehouse, ledger, puts)
    assert set(puts.records) == refused
    assert len(puts.records) - len(refused) <= 2, "the last put may come twice"
    assert done.left_out == 11 - done.put
    assert replay(warehouse, ledger, puts) == quarantine.Replayed(0, 11)


def test_what_is_refused_meanwhile_is_left_to_the_next_replay(
    warehouse: DuckDBWarehouse, ledger: Ledger
) -> None:
    """A pipeline that runs refuses what was put, for a reason whose turn is still to come."""
    refuse(warehouse, 0, "not_json", [b"once"])

    class Judged(Puts):
        def put(self, payloads: Sequence[bytes]) -> None:
            super().put(payloads)
            refuse(warehouse, 1, "bad_status", payloads)

    puts = Judged()
    assert replay(warehouse, ledger, puts) == quarantine.Replayed(1, 0)
    assert puts.records == [b"once"]
    assert replay(warehouse, ledger, Puts()) == quarantine.Replayed(1, 1)
