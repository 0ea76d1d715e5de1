"""What runs in Spark's workers, without Spark."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from airside.errors import TerminalError
from airside.events import FLIGHT_EVENTS
from airside.silver.spark.chunks import from_bytes
from airside.silver.spark.workers import judge
from oracle.sample import SAMPLE

HOUR_US = 3_600_000_000
START_US = int(datetime(2025, 9, 24, 18, tzinfo=UTC).timestamp()) * 1_000_000


def batch(*places: tuple[str, int, int]) -> pa.RecordBatch:
    """Records at (shard, number, microseconds after the start)."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array([shard for shard, _, _ in places], pa.string()),
            pa.array([f"{number:020}" for _, number, _ in places], pa.string()),
            pa.array([START_US + after for _, _, after in places], pa.int64()),
            pa.array([SAMPLE.encode() + b"\n" for _ in places], pa.binary()),
        ],
        names=["shard_id", "sequence_number", "arrived_at_us", "payload"],
    )


def test_a_chunk_is_of_one_shard_and_one_hour_however_the_batches_are_cut() -> None:
    batches = [
        batch(("a", 1, 0), ("a", 2, 1)),
        batch(),
        batch(("a", 3, HOUR_US - 1), ("a", 4, HOUR_US), ("b", 1, HOUR_US)),
        batch(("b", 2, HOUR_US + 1)),
    ]

    chunks = [made.to_pylist()[0] for made in judge(batches, FLIGHT_EVENTS)]

    assert [(c["shard_id"], int(c["first"]), int(c["last"]), c["received"]) for c in chunks] == [
        ("a", 1, 3, 3),
        ("a", 4, 4, 1),
        ("b", 1, 2, 2),
    ]
    assert [c["hour_us"] - START_US for c in chunks] == [0, HOUR_US, HOUR_US]
    assert [from_bytes(c["rows"]).num_rows for c in chunks] == [3, 1, 2]


def test_records_that_share_a_place_are_not_passed_over() -> None:
    several = batch(("a", 1, 0), ("a", 2, 0), ("a", 2, 0))
    payloads = pa.array([b"{}\n", b"[1]\n", b"[2]\n"], pa.binary())
    unpacked = several.set_column(3, "payload", payloads)
    with pytest.raises(TerminalError, match="AggregationEnabled = false"):
        list(judge([unpacked.slice(0, 2), unpacked.slice(2)], FLIGHT_EVENTS))


def test_a_record_that_is_given_twice_is_one_record() -> None:
    batches = [
        batch(("a", 1, 0), ("a", 1, 0)),
        batch(("a", 1, 0), ("a", 2, 0)),
        batch(("b", 2, 0), ("b", 2, 0)),
    ]

    chunks = [made.to_pylist()[0] for made in judge(batches, FLIGHT_EVENTS)]

    assert [(c["shard_id"], c["received"]) for c in chunks] == [("a", 2), ("b", 1)]
