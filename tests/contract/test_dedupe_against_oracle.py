"""Duplicates as the pipeline finds them, batch by batch, against the oracle's one by one."""

from datetime import datetime, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

import oracle
from airside.silver.dedupe import Dedupe
from oracle.corpus import hostile
from oracle.sample import SAMPLE

START = datetime(2025, 9, 24)  # noqa: DTZ001 - instants are naive UTC

Records = list[tuple[str, str, datetime, bytes]]

BATCH = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("event_id", pa.string()),
        ("reason", pa.string()),
    ]
)
"""What of a batch matters here; the verdicts are the oracle's, as `Kernel` has tests of its own."""


def as_batch(records: Records) -> pa.Table:
    verdicts = [oracle.read_record(payload) for *_, payload in records]
    rows = [
        (*position, verdict.row and verdict.row["event_id"], verdict.reason)
        for (*position, _), verdict in zip(records, verdicts, strict=True)
    ]
    return pa.table(list(zip(*rows, strict=True)) or [[]] * len(BATCH), schema=BATCH)


def duplicates_by_batch(
    records: Records, cuts: list[int], horizon: timedelta, max_ids: int
) -> list[str]:
    """Sequence numbers of the duplicates, the records being loaded in batches cut at `cuts`."""
    found: set[str] = set()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE SCHEMA staging")
        dedupe = Dedupe(connection, horizon=horizon, max_ids=max_ids)
        edges = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
        for start, end in pairwise(edges):
            batch = as_batch(records[start:end])
            found |= set(batch["sequence_number"].filter(dedupe.run(batch)).to_pylist())
            dedupe.prune()
    return sorted(found)


@settings(max_examples=25, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 0, 1, 5, 24]), st.booleans()),
        max_size=25,
    ),
    cuts=st.lists(st.integers(0, 25), max_size=6),
    horizon=st.sampled_from([0, 1, 2, 5, 6, 24, 30]),
    max_ids=st.integers(1, 6),
)
# what is forgotten after the second record must leave what the third one needs
@example([("a", 0, True), ("b", 0, True), ("a", 0, True)], [1, 2], 30, 2)
@example([("a", 0, True), ("b", 5, True), ("a", 0, True)], [1, 2], 5, 6)
def test_any_stream_in_any_batches(
    arrivals: list[tuple[str, int, bool]],
    cuts: list[int],
    horizon: int,
    max_ids: int,
) -> None:
    records: Records = []
    at = START
    for number, (event_id, hours, is_good) in enumerate(arrivals):
        at += timedelta(hours=hours)
        payload = SAMPLE.replace("a1b2c3d4", event_id).replace("route", "route" if is_good else "")
        records.append(("shard-0", f"{number:020}", at, payload.encode()))

    found = duplicates_by_batch(records, cuts, timedelta(hours=horizon), max_ids)

    outcome = oracle.run(records, timedelta(hours=horizon), max_ids)
    assert found == [record.sequence_number for record in outcome.duplicates]


def test_hostile_records_in_batches() -> None:
    records: Records = [
        ("shard-0", f"{number:020}", START + timedelta(seconds=number // 7), payload)
        for number, payload in enumerate(hostile(1_200, seed=4))
    ]
    limits = (timedelta(seconds=60), 200)  # narrow enough to matter

    found = duplicates_by_batch(records, [1, 300, 301, 900], *limits)

    wide, narrow = oracle.run(records), oracle.run(records, *limits)
    assert found == [record.sequence_number for record in narrow.duplicates]
    assert 0 < len(narrow.duplicates) < len(wide.duplicates)
