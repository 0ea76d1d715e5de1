"""What lies in a lake, for tests."""

import itertools
from pathlib import Path
from typing import Any

from airside.lake import Lake
from airside.stream import RangeFile
from support.contents import lake_contents


def fetched(lake: Lake, folder: Path) -> Path:
    """A local copy of a lake."""
    for name in lake.names(""):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lake.read(name))
    return folder


def clean_rows(lake: Lake, folder: Path) -> list[Any]:
    """The rows of the lake's cleaned zone, sorted; none is there twice."""
    assert_no_overlap(lake)
    return lake_contents(fetched(lake, folder))


def assert_no_overlap(lake: Lake) -> None:
    """No two files of an hour hold the same stretch of a shard."""
    for zone in ("silver", "quarantine"):
        files = sorted(RangeFile.parse(name, ".parquet") for name in lake.names(zone))
        for before, after in itertools.pairwise(files):
            if before[:2] == after[:2]:
                assert before.last <= after.first, f"{before.name} and {after.name} overlap"
