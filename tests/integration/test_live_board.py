"""What the dashboard makes of new events by itself is what the warehouse says of them."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from airside.dashboard import live_board
from airside.dashboard.live_board import LiveBoard
from airside.dashboard.queries import live
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.serve import liveness
from airside.settings import Settings
from support.command import airside_here

BATCHES = 12
WHOLE = "leg_last_event_at >="
SAID = "FROM main.rpt_live_flights"
NARROW = {"live_departure_minutes": 40, "live_landed_minutes": 2, "live_stale_minutes": 4}


class Asked:
    """A warehouse that remembers what it was asked for."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.questions: list[str] = []

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> pa.Table:
        self.questions.append(sql)
        return self._pipeline.warehouse.query(sql, parameters)

    def count(self, part: str) -> int:
        return len([sql for sql in self.questions if part in sql])


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A morning with records that come late, twice, out of order and in strange shapes.

    Air India's flights have no airline.
    """
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    airside_here(
        *("simulate", "--flights", 900, "--mess", "hostile", "--events", 4_000, "--seed", 11),
        *("--start", "2026-03-01T06:00:00", "--output", path),
    )
    return re.sub(rb'"airline_iata": ?"AI"', b'"airline_iata":null', path.read_bytes()).splitlines()


def by_leg(table: pa.Table) -> dict[str, dict[str, object]]:
    return {row["leg_key"]: row for row in table.to_pylist()}


@pytest.mark.parametrize("gold", [{}, NARROW], ids=["default", "narrow"])
def test_every_batch_makes_of_the_board_what_the_warehouse_says(
    tmp_path: Path, lines: list[bytes], gold: dict[str, int]
) -> None:
    settings = Settings.model_validate({"gold": gold})
    with open_pipeline(DataDir(tmp_path / "data"), settings) as pipeline:
        half = len(lines) // 2
        pipeline.stream.put(lines[:half])
        pipeline.drain()
        asked = Asked(pipeline)
        now = 0.0
        board = LiveBoard(asked, liveness(settings), monotonic=lambda: now)
        board.read(live.version(asked)[0])
        size = half // BATCHES
        compared = 0
        for number, first in enumerate(range(half, len(lines), size)):
            pipeline.stream.put(lines[first : first + size])
            assert pipeline.silver.run_once()
            version = live.version(asked)[0]
            if number % 3 == 1:
                pipeline.stream.put(lines[: size // 2] + lines[first + size : first + size + 9])
                assert pipeline.silver.run_once()
                pipeline.refresh()
                board.read(version)  # gold is ahead of it
                version = live.version(asked)[0]
            table, watermark = board.read(version)
            (at,) = pipeline.warehouse.query("FROM main.rpt_watermark")["watermark_at"].to_pylist()
            assert watermark == at
            assert by_leg(table) == by_leg(pipeline.warehouse.query(SAID))
            assert table.column_names == pipeline.warehouse.query(SAID).column_names
            compared += table.num_rows
            assert table["airline_iata"].null_count
            assert board.renew() is None, "it is not time yet"
        assert compared > 10 * BATCHES
        # so narrow that legs which are no longer kept here are heard of again
        assert bool(asked.count("WHERE leg_key IN")) == bool(gold)
        assert (asked.count(WHOLE) > 1) == bool(gold)

        whole_looks = asked.count(WHOLE)
        now += 3_600
        renewed = board.renew()
        assert renewed is not None
        assert asked.count(WHOLE) == whole_looks + 1
        assert by_leg(renewed) == by_leg(pipeline.warehouse.query(SAID))


def test_a_backlog_is_taken_in_a_few_batches_at_a_time(
    tmp_path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it takes no more memory than a large batch does."""
    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as pipeline:
        half, size = len(lines) // 2, 200
        pipeline.stream.put(lines[:half])
        pipeline.drain()
        asked = Asked(pipeline)
        board = LiveBoard(asked, liveness(Settings()))
        board.read(live.version(asked)[0])
        for first in range(half, half + 5 * size, size):
            pipeline.stream.put(lines[first : first + size])
            assert pipeline.silver.run_once()
        monkeypatch.setattr(live_board, "_EVENTS", 2 * size)
        asked.questions.clear()
        table, _ = board.read(live.version(asked)[0])
        assert asked.count("FROM staging.flight_events\nWHERE batch_id > ?") == 3
        assert by_leg(table) == by_leg(pipeline.warehouse.query(SAID))
