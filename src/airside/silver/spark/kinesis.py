"""Records of a Kinesis stream, as Spark's connectors hand them over.

Two connectors give a stream's records with their sequence numbers: the one that AWS Glue brings
(`kinesis`) and the open one of AWS Labs (`aws-kinesis`, a jar; EMR brings it). Neither says which
shard a record is of, but its sequence number does; `check_shards` makes sure of that before the
first batch.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from airside.errors import TerminalError
from airside.silver.spark.chunks import DDL
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.workers import RECORDS_DDL, Batches, judge
from airside.stream import Position
from airside.stream.kinesis.cut import SEQUENCE_DIGITS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Connector = Literal["kinesis", "aws-kinesis"]

_ARRIVALS = ("approximateArrivalTimestamp", "__src_timestamp")
_PARTITIONS = 8
"""However many cores there are: the files of a batch do not depend on them."""
_VERSION = 2
"""The layout of sequence numbers since 2014: their lowest 4 bits."""


def source_options(connector: Connector, stream: str, region: str) -> dict[str, str]:
    """The connector's options: from the oldest record that the stream has, and nothing skipped.

    A query that has a checkpoint goes on from there, whatever the starting position is.

    Args:
        connector: `kinesis` on AWS Glue, `aws-kinesis` elsewhere.
        stream: The stream's name.
        region: Such as `eu-central-1`.
    """
    suffix = ".cn" if region.startswith("cn-") else ""
    endpoint = f"https://kinesis.{region}.amazonaws.com{suffix}"
    if connector == "aws-kinesis":
        return {
            "kinesis.region": region,
            "kinesis.streamName": stream,
            "kinesis.endpointUrl": endpoint,
            "kinesis.consumerType": "GetRecords",
            "kinesis.startingPosition": "TRIM_HORIZON",
            "kinesis.failOnDataLoss": "true",
        }
    return {
        "streamName": stream,
        "endpointUrl": endpoint,
        "startingPosition": "TRIM_HORIZON",
        "addRecordTimestamp": "true",
        "emitConsumerLagMetrics": "true",
        "avoidEmptyBatches": "true",
    }


def shard_of(sequence_number: str) -> str:
    """The shard that a sequence number names.

    The 32 bits above the lowest 4 are the shard's number. AWS does not document it; it holds for
    every published example, and `check_shards` holds it against the stream itself.

    Raises:
        TerminalError: It is laid out in another way.
    """
    number = int(sequence_number)
    if number & 0xF != _VERSION:
        raise TerminalError(
            f"the sequence number {sequence_number} is of version {number & 0xF}, expected "
            f"{_VERSION}: its shard cannot be told; run the embedded pipeline on this stream "
            "instead, with `airside run --stream kinesis://NAME`"
        )
    return f"shardId-{number >> 4 & 0xFFFFFFFF:012}"


def check_shards(shards: Iterable[Mapping[str, Any]]) -> None:
    """Make sure that `shard_of` is right about a stream.

    Args:
        shards: What ListShards gives: each shard with the sequence number at which it starts.

    Raises:
        TerminalError: It is wrong about one; then positions would be mixed up, and records lost.
    """
    for shard in shards:
        start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
        if shard_of(start) != shard["ShardId"]:
            raise TerminalError(
                f"{shard['ShardId']} starts at the sequence number {start}, which reads as "
                f"{shard_of(start)}: Kinesis numbers records in another way than this version of "
                "Airside knows; run the embedded pipeline on this stream instead, with "
                "`airside run --stream kinesis://NAME`"
            )


def run_batch(silver: SparkSilver, frame: "DataFrame") -> None:
    """Do what a streaming query hands on: the body of `foreachBatch`.

    What is published already is passed over, so a batch that comes twice, or comes again with more
    records than before, as connectors may give it after a crash, changes nothing twice.

    Args:
        silver: The stage.
        frame: As the connector gives it.

    Raises:
        AirsideError: See `SparkSilver.run`.
    """
    rows = frame.select(*_columns(frame.columns))
    planned = silver.planned()
    if planned is None:
        silver.run(_chunks(silver, rows, None))
        return
    rows = rows.persist()  # read once, for two batches
    try:
        silver.run(_chunks(silver, rows, planned))
        silver.run(_chunks(silver, rows, None))
    finally:
        rows.unpersist()


def _chunks(silver: SparkSilver, rows: "DataFrame", through: Position | None) -> "DataFrame":
    """Chunks of the records that are next, up to a position where there is one."""
    work = partial(to_records, after=dict(silver.position()), through=through)
    records = (
        rows.mapInArrow(work, RECORDS_DDL)
        .repartition(_PARTITIONS, "shard_id")
        .sortWithinPartitions("shard_id", "sequence_number")
    )
    return records.mapInArrow(partial(judge, feed=silver.feed), DDL)


def to_records(
    batches: Batches, after: Position, through: Position | None = None
) -> Iterator[pa.RecordBatch]:
    """Turn a connector's rows into records beyond a position; runs in a worker.

    Args:
        batches: Columns data, sequence number and arrival, in this order.
        after: What is done already.
        through: Where to stop; None gives all.
    """

    def is_next(shard: str, number: str) -> bool:
        is_in_plan = through is None or number <= through.get(shard, "")
        return is_in_plan and number > after.get(shard, "")

    for batch in batches:
        data, numbers, arrivals = batch.columns
        padded = [number.zfill(SEQUENCE_DIGITS) for number in numbers.to_pylist()]
        shards = [shard_of(number) for number in padded]
        is_wanted = pa.array(map(is_next, shards, padded), pa.bool_())
        lines = [_line(payload) for payload in data.to_pylist()]
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(shards, pa.string()),
                pa.array(padded, pa.string()),
                arrivals.cast(pa.timestamp("us", "UTC")).cast(pa.int64()),
                pa.array(lines, pa.binary()),
            ],
            names=["shard_id", "sequence_number", "arrived_at_us", "payload"],
        ).filter(is_wanted)


def _columns(given: list[str]) -> list[str]:
    """The connector's columns that make a record.

    Raises:
        TerminalError: One is missing.
    """
    arrival = next((name for name in _ARRIVALS if name in given), _ARRIVALS[0])
    wanted = ["data", "sequenceNumber", arrival]
    if missing := [name for name in wanted if name not in given]:
        raise TerminalError(
            f"the connector gives the columns {', '.join(given)}, without {', '.join(missing)}: "
            "records could not be told apart; use the connector of AWS Labs "
            "(--connector aws-kinesis, its jar by --extra-jars)"
        )
    return wanted


def _line(payload: bytes) -> bytes:
    """A record as one line, as it is in every archive: ended by LF, and with none inside."""
    return payload.removesuffix(b"\n").replace(b"\n", b" ") + b"\n"
