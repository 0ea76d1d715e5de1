"""What the dashboard makes of new events by itself is what the warehouse says of them."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from airside.dashboard.live_board import LiveBoard
from airside.dashboard.queries import live
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.settings import Settings
from support.command import airside_here

BATCHES = 12
MAY_WAIT = {"scheduled", "landed"}
"""Flights in these states come and go as time passes, without an event of their own."""


class Asked:
    """A warehouse that remembers what it was asked for."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.questions: list[str] = []

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> pa.Table:
        self.questions.append(sql)
        return self._pipeline.warehouse.query(sql, parameters)

    @property
    def whole_looks(self) -> int:
        return self.questions.count(live.BOARD)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A morning with records that come late, twice, out of order and in strange shapes."""
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    airside_here(
        *("simulate", "--flights", 900, "--mess", "hostile", "--events", 4_000, "--seed", 11),
        *("--start", "2026-03-01T06:00:00", "--output", path),
    )
    return path.read_bytes().splitlines()


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as opened:
        yield opened


def by_leg(table: pa.Table) -> dict[str, dict[str, object]]:
    return {row["leg_key"]: row for row in table.to_pylist()}


def test_every_batch_makes_of_the_board_what_the_warehouse_says(
    pipeline: Pipeline, lines: list[bytes]
) -> None:
    half = len(lines) // 2
    pipeline.stream.put(lines[:half])
    pipeline.drain()
    asked = Asked(pipeline)
    board = LiveBoard(asked, monotonic=lambda: 0.0)
    board.read(live.version(asked)[0])
    size = half // BATCHES
    compared = 0
    for first in range(half, len(lines), size):
        pipeline.stream.put(lines[first : first + size])
        assert pipeline.silver.run_once()
        table, watermark = board.read(live.version(asked)[0])
        table = board.settle() or table
        mine, said = by_leg(table), by_leg(pipeline.warehouse.query(live.BOARD))
        (at,) = pipeline.warehouse.query("FROM main.rpt_watermark")["watermark_at"].to_pylist()
        assert watermark == at
        for leg in mine.keys() & said.keys():
            assert mine[leg] == said[leg]
            compared += 1
        for leg in mine.keys() ^ said.keys():
            assert (mine.get(leg) or said[leg])["flight_status"] in MAY_WAIT
    assert compared > 100 * BATCHES
    assert asked.whole_looks == 1, "only the first look took the whole board"

    pipeline.refresh()
    board.read(live.version(asked)[0])
    table = board.settle()
    assert table is not None
    assert by_leg(table) == by_leg(pipeline.warehouse.query(live.BOARD))


def test_legs_in_doubt_wait_while_asking_takes_long(pipeline: Pipeline, lines: list[bytes]) -> None:
    pipeline.stream.put(lines[:2_000])
    pipeline.drain()
    now = 0.0

    def seconds_later() -> float:
        nonlocal now
        now += 1.0
        return now

    asked = Asked(pipeline)
    board = LiveBoard(asked, monotonic=seconds_later)  # each question takes a second
    board.read(live.version(asked)[0])
    single = "leg_key IN"
    for first in (2_000, 2_400):
        pipeline.stream.put(lines[first : first + 400])
        assert pipeline.silver.run_once()
        board.read(live.version(asked)[0])
        board.settle()
    assert len([sql for sql in asked.questions if single in sql]) == 1
    now += 60
    table = board.settle()
    assert table is not None, "asked for though no batch is new"
    assert board.settle() is None
    said = by_leg(pipeline.warehouse.query(live.BOARD))
    mine = by_leg(table)
    assert all(mine[leg] == said[leg] for leg in mine.keys() & said.keys())
