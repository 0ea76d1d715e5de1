"""Duplicates as a Spark driver tells them, whatever happens to drivers, against the oracle's."""

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.silver.spark import accepted
from airside.silver.spark.accepted import AcceptedIds
from oracle.sample import SAMPLE

START = datetime(2025, 9, 24)  # noqa: DTZ001 - instants are naive UTC
IDS = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("event_id", pa.string()),
    ]
)

Clean = list[tuple[str, str, datetime, str]]


@pytest.fixture(autouse=True, scope="module")
def _early_snapshots() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accepted, "SNAPSHOT_BATCHES", 3)
        yield


class Drivers:
    """One driver after the other on a lake; a batch is published when it says so."""

    def __init__(self, root: Path, horizon: timedelta, max_ids: int) -> None:
        self.lake = LocalLake(root)
        self._limits = (horizon, max_ids)
        self._batches: list[str] = []
        self._driver = self.another()

    def another(self) -> AcceptedIds:
        horizon, max_ids = self._limits
        return AcceptedIds(
            self.lake,
            FLIGHT_EVENTS,
            self._batches,
            horizon=horizon,
            max_ids=max_ids,
            memory_limit="100MB",
        )

    def batch(self, clean: Clean, fate: str) -> list[str]:
        """Do a batch; `fate` is what happens to the driver."""
        name = f"batch-{len(self._batches):04}"
        ids = pa.Table.from_pylist([dict(zip(IDS.names, row, strict=True)) for row in clean], IDS)
        if fate in {"dies before it saves", "dies after it saved"}:
            self._driver.duplicates(ids)
            if fate == "dies after it saved":
                self._driver.save(name)
            self._driver.close()
            self._driver = self.another()
        found = self._driver.duplicates(ids)["sequence_number"].to_pylist()
        self._driver.save(name)
        self._batches.append(name)  # its document is there
        if fate != "dies before it tidies":
            self._driver.tidy()
        if fate.startswith("dies"):
            self._driver.close()
            self._driver = self.another()
        return found

    def close(self) -> None:
        self._driver.close()


FATES = [
    "lives",
    "dies before it saves",
    "dies after it saved",
    "dies before it tidies",
    "dies then",
]


@settings(max_examples=25, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 0, 1, 5, 24])), max_size=25
    ),
    cuts=st.lists(st.integers(0, 25), max_size=8),
    fates=st.lists(st.sampled_from(FATES), min_size=9, max_size=9),
    horizon=st.sampled_from([0, 1, 5, 24, 30]),
    max_ids=st.integers(1, 6),
)
def test_any_stream_in_any_batches_by_any_drivers(
    arrivals: list[tuple[str, int]],
    cuts: list[int],
    fates: list[str],
    horizon: int,
    max_ids: int,
) -> None:
    records, clean = [], []
    at = START
    for number, (event_id, hours) in enumerate(arrivals):
        at += timedelta(hours=hours)
        payload = SAMPLE.replace("a1b2c3d4", event_id)
        place = ("shard-0", f"{number:020}", at)
        records.append((*place, payload.encode()))
        clean.append((*place, event_id))
    limits = (timedelta(hours=horizon), max_ids)
    edges = [0, *sorted(min(cut, len(clean)) for cut in cuts), len(clean)]

    with tempfile.TemporaryDirectory() as folder:
        drivers = Drivers(Path(folder), *limits)
        found = []
        for (start, end), fate in zip(pairwise(edges), fates, strict=False):
            found += drivers.batch(clean[start:end], fate)
        files = drivers.lake.names("dedupe")
        drivers.close()

    outcome = oracle.run(records, *limits)
    assert sorted(found) == [record.sequence_number for record in outcome.duplicates]
    assert len(files) <= 2 * accepted.SNAPSHOT_BATCHES
