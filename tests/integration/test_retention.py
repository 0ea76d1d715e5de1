"""What the stream forgets, and what it must not."""

from pathlib import Path

from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.settings import Settings
from airside.stream import EmbeddedStream

HOUR_US = 3_600_000_000


class Clock:
    def __init__(self) -> None:
        self.now_us = 1_790_000_000_000_000

    def __call__(self) -> int:
        return self.now_us


def test_records_past_the_retention_go_once_both_consumers_have_them(tmp_path: Path) -> None:
    clock = Clock()
    directory = DataDir(tmp_path / "data")
    with open_pipeline(directory, Settings(), clock) as pipeline:
        stream = EmbeddedStream(directory.stream, clock=clock)
        stream.put([b"old"])
        clock.now_us += 25 * HOUR_US

        trim(pipeline, stream, kept=1)  # nobody has read it
        while pipeline.silver.run_once():
            pass
        trim(pipeline, stream, kept=1)  # it is not archived yet
        pipeline.archiver.run_once(flush=True)
        stream.put([b"new"])
        trim(pipeline, stream, kept=1)  # the old one has gone, the new one is younger than a day

        pipeline.silver.run_once()
        assert stream.backlog({"shard-000": f"{1:020}"}).received == 2
        stream.close()


def trim(pipeline: Pipeline, stream: EmbeddedStream, *, kept: int) -> None:
    pipeline.trim()
    assert stream.backlog({}).records == kept
