"""Gold built anew where staging is kept short: all rows come back, and stay until gold has them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airside.gold import Gold
from airside.gold.control import Control
from airside.gold.dbt_process import DbtProcess
from airside.lake import LocalLake
from airside.runtime import upkeep
from airside.runtime.pipeline import Pipeline
from support.worlds import DAY_US, HOUR_US, QUALITY, World, another_version

HISTORY = (
    QUALITY,
    "SELECT leg_key, events FROM fct_flight_legs ORDER BY ALL",
    "SELECT tail_number, first_seen_at FROM dim_aircraft ORDER BY ALL",
)
OLD_ROWS = 6 * 4


class Crash(BaseException):
    """The process is gone: nobody handles it."""


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A directory of whose batches gold has all, and staging the newest."""
    world = World(tmp_path / "data", **{"warehouse.staging_days": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 6, HOUR_US // 2, refresh=True)
        world.now_us += DAY_US
        world.live(pipeline, 2, HOUR_US // 2, refresh=True)
        assert pipeline.upkeep.run_once()["staging_rows_removed"] == OLD_ROWS
    return world


def upgrade(patch: pytest.MonkeyPatch, changed: str) -> None:
    """Let it be a version of Airside that builds gold, or its dimensions, anew."""
    version = another_version(**{changed: "another"})
    patch.setattr("airside.gold.refresh.Fingerprints.of", version)


def history(pipeline: Pipeline) -> list[list[Any]]:
    """What gold knows of the past."""
    return [pipeline.warehouse.query(question).to_pylist() for question in HISTORY]


@pytest.mark.parametrize("changed", ["models", "reference"])
def test_nothing_leaves_while_gold_is_built_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    upgrade(monkeypatch, changed)
    ticks: list[dict[str, int]] = []
    with world.pipeline() as pipeline:
        known = history(pipeline)
        hear = DbtProcess._hear

        def ticking(work: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                ticks.append(pipeline.upkeep.run_once())
                return work(*arguments)

            return call

        def between_models(process: DbtProcess, event: Any) -> None:
            if event.info.name == "NodeStart":
                ticks.append(pipeline.upkeep.run_once())
            hear(process, event)

        with monkeypatch.context() as patch:
            patch.setattr(LocalLake, "local", ticking(LocalLake.local))
            patch.setattr(Gold, "refresh", ticking(Gold.refresh))
            patch.setattr(DbtProcess, "_hear", between_models)
            pipeline.refresh()
        assert len(ticks) > 10
        assert not any(ticks)
        assert history(pipeline) == known
        assert pipeline.upkeep.run_once()["staging_rows_removed"] == OLD_ROWS


@pytest.mark.parametrize(
    ("owner", "name", "calls"),
    [(LocalLake, "local", 2), (Gold, "refresh", 0), (Control, "store_fingerprints", 0)],
    ids=["as rows come back", "when all are back", "when the models are built"],
)
def test_a_rebuild_that_is_cut_off_is_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, calls: int
) -> None:
    upgrade(monkeypatch, "models")
    work, left = getattr(owner, name), calls

    def cut_off(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash
        return work(*arguments)

    with world.pipeline() as pipeline:
        known = history(pipeline)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, cut_off)
            with pytest.raises(Crash):
                pipeline.refresh()
    with world.pipeline() as pipeline:
        assert "staging_rows_removed" not in pipeline.upkeep.run_once()
        pipeline.refresh()
        assert history(pipeline) == known


def test_a_rebuild_begins_before_a_removal_or_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: dict[str, bool] = {}
    with world.pipeline() as pipeline:

        def noting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                alone[name] = pipeline.upkeep.at_staging.locked()
                return work(*arguments, **named)

            return call

        for work in (upkeep.remove_rows, upkeep.fold_batches):
            monkeypatch.setattr(upkeep, work.__name__, noting(work.__name__, work))
        monkeypatch.setattr(Gold, "begin_rebuild", noting("begin_rebuild", Gold.begin_rebuild))
        pipeline.upkeep.run_once()
        pipeline.refresh()
    assert alone == {"remove_rows": True, "fold_batches": True, "begin_rebuild": True}
