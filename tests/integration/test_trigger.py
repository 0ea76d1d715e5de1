"""The micro-batch trigger: what waits is done, what arrives meanwhile waits for the next one."""

import os
import sys
import threading
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from airside.runtime import pipeline as pipeline_module
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Health, Pipeline, open_pipeline
from airside.settings import Settings, load
from airside.stream import EmbeddedStream


def test_a_steady_producer_does_not_stretch_a_batch(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "data")
    with open_pipeline(directory, Settings()) as pipeline:
        producer = EmbeddedStream(directory.stream, clock=wall_clock)
        producer.put([b"first", b"second"])
        pipeline.on_load(lambda: producer.put([b"sent while the batch was done"]))
        pipeline._transform()
        batches = pipeline.warehouse.query("SELECT received FROM staging.batches")
        assert batches["received"].to_pylist() == [2]
        assert producer.backlog(pipeline.warehouse.checkpoint()).records == 1
        producer.close()


def test_exports_work_for_a_twentieth_of_the_time_at_most_and_rest_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    exported: list[float] = []
    pieces = 1

    def export(_pipeline: Pipeline, rest: Callable[[float], object]) -> None:
        exported.append(now)
        for _ in range(pieces):
            wait(1.0)
            before = now
            rest(1.0)
            assert now == before + 4

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(Pipeline, "export", export)
    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as pipeline:
        monkeypatch.setattr(pipeline_module, "time", SimpleNamespace(monotonic=lambda: now))
        monkeypatch.setattr(pipeline, "stopping", SimpleNamespace(wait=wait))
        pipeline._export()
        assert not exported  # nothing has been refreshed yet
        for refreshed in range(1, 400):
            pipeline._refreshed_through = refreshed
            pipeline._export()
            wait(5)
            pieces = 1 if now < 1_200 else 30
    gaps = [later - earlier for earlier, later in pairwise(exported)]
    assert gaps[:3] == pytest.approx([60, 60, 60], abs=5)
    assert gaps[-1] == pytest.approx(600, abs=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives threads priorities")
def test_exports_and_upkeep_leave_the_processors_to_loading(tmp_path: Path) -> None:
    niceness: dict[str, int] = {}

    def work() -> None:
        name = threading.current_thread().name
        niceness[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        if len(niceness) == len(stages):
            pipeline.stopping.set()

    stages = ("silver", "export", "upkeep")
    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as pipeline:
        pipeline.health |= {name: Health() for name in stages}
        threads = [
            threading.Thread(target=pipeline._loop, args=(name, work, 0.01, 0.0), name=name)
            for name in stages
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert niceness["silver"] < niceness["export"] == niceness["upkeep"]


def test_catching_up_says_of_every_batch_that_it_was_done(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "data")
    settings = load({"silver.max_batch_records": 1}, {}).settings
    instants = count(1_800_000_000_000_000)
    with open_pipeline(directory, settings, clock=lambda: next(instants)) as pipeline:
        producer = EmbeddedStream(directory.stream, clock=wall_clock)
        for number in range(3):
            producer.put([b"record %d" % number])
        told: list[int | None] = []
        pipeline.on_load(lambda: told.append(pipeline.health["silver"].last_success_us))
        pipeline._transform()
        assert len(told) == 3
        assert told == sorted(set(told))
        producer.close()
