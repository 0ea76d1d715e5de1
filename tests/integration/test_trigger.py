"""The micro-batch trigger: what waits is done, what arrives meanwhile waits for the next one."""

from itertools import count
from pathlib import Path

from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
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
