"""An archive's files, written again from the stream."""

from pathlib import Path

import pytest

from airside.runtime.mending import Mender
from airside.stream import SequenceRange
from support.archives import HOUR_US, bench, read_in_batches


@pytest.mark.parametrize("shards", [1, 2])
def test_every_missing_file_is_written_again(tmp_path: Path, shards: int) -> None:
    with bench(tmp_path, shards=shards) as desk:
        archiver = desk.archiver(cut_seconds=0)
        for _ in range(4):
            desk.put()
            desk.put()
            archiver.run_once(flush=True)
            desk.now_us += HOUR_US // 2
        end = SequenceRange.of({}, read_in_batches(desk.stream)).through
        whole = {name: desk.lake.read(name) for name in desk.files()}
        assert len(whole) > 4 * shards - 1
        # what is gone before a shard's first file may have been removed for its age
        for name in (name for name in whole if f"-{1:020}-" not in name):
            desk.lake.delete(name)
            told: list[str] = []
            Mender(desk.archive, desk.stream, told.append).mend(end)
            assert told == [f"{name} was missing, and has been written again from the stream."]
            assert {name: desk.lake.read(name) for name in desk.files()} == whole
