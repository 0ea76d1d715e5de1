"""An archive's files, written again from the stream."""

from pathlib import Path

import pytest

from airside.bronze import remove_before
from airside.runtime.mending import Mender
from airside.stream import SequenceRange
from support.archives import HOUR_US, Bench, bench, read_in_batches


def archived(desk: Bench) -> dict[str, str]:
    """Archive files of several hours; gives where they end."""
    archiver = desk.archiver(cut_seconds=0)
    for _ in range(4):
        desk.put()
        desk.put()
        archiver.run_once(flush=True)
        desk.now_us += HOUR_US // 2
    return dict(SequenceRange.of({}, read_in_batches(desk.stream)).through)


def mended(desk: Bench, end: dict[str, str]) -> list[str]:
    """Mend the archive; gives what was told."""
    told: list[str] = []
    Mender(desk.archive, desk.stream, told.append).mend(end)
    return told


@pytest.mark.parametrize("shards", [1, 2])
def test_every_missing_file_is_written_again(tmp_path: Path, shards: int) -> None:
    with bench(tmp_path, shards=shards) as desk:
        end = archived(desk)
        whole = {name: desk.lake.read(name) for name in desk.files()}
        assert len(whole) > 4 * shards - 1
        for name in whole:
            desk.lake.delete(name)
            assert mended(desk, end) == [
                f"{name} was missing, and has been written again from the stream."
            ]
            assert {name: desk.lake.read(name) for name in desk.files()} == whole


@pytest.mark.parametrize("shards", [1, 2])
def test_what_retention_has_removed_stays_away(tmp_path: Path, shards: int) -> None:
    with bench(tmp_path, shards=shards) as desk:
        end = archived(desk)
        first_hour_us = desk.now_us - HOUR_US
        assert remove_before(desk.archive, arrived_before_us=first_hour_us, through=end)
        left = desk.snapshot()
        assert not mended(desk, end)
        assert desk.snapshot() == left
        for name in desk.files():
            desk.lake.delete(name)
            assert mended(desk, end) == [
                f"{name} was missing, and has been written again from the stream."
            ]
            assert desk.snapshot() == left, "its index says what it follows, as before"
