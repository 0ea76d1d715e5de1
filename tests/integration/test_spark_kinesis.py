"""The streaming job as it runs on Glue, but for where the records come from.

Spark's own file source hands on rows of the columns that the Kinesis connectors give, in real
micro-batches with a real checkpoint.
"""

import ast
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import oracle
from airside.errors import RetryableError, TerminalError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.silver.spark import glue
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.kinesis import (
    check_shards,
    run_batch,
    shard_of,
    source_options,
    to_records,
)
from airside.silver.spark.problems import translated_errors
from oracle.corpus import hostile
from support.spark import contents, crashing, stage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

START = datetime(2025, 9, 24, 18, tzinfo=UTC)
DDL = (
    "data binary, streamName string, partitionKey string, sequenceNumber string,"
    " approximateArrivalTimestamp timestamp"
)
RECORDS = 1_000
FILES = 2
GLUE_SCRIPT = Path(__file__).parents[2] / "infra" / "glue" / "silver_job.py"


def sequence_number(shard: int, number: int) -> str:
    """Laid out as Kinesis' own of version 2."""
    created, at = 0x1_5000_0000, 0x1_5000_0100
    digits = f"2{created:09x}0{number:016x}00{at:09x}{shard:08x}2"
    return str(int(digits, 16))


class Stream:
    """Records of two shards, as a connector would hand them over."""

    def __init__(self) -> None:
        payloads = [payload.replace(b"\n", b" ") for payload in hostile(RECORDS, seed=21)]
        self.rows = [
            {
                "data": payload + b"\n" * (number % 2),  # producers for Firehose end lines
                "streamName": "events",
                "partitionKey": str(number),
                "sequenceNumber": sequence_number(number % 2, number),
                "approximateArrivalTimestamp": START + timedelta(seconds=10 * number),
            }
            for number, payload in enumerate(payloads)
        ]
        self.outcome = oracle.run(
            (
                f"shardId-{number % 2:012}",
                row["sequenceNumber"].zfill(56),
                row["approximateArrivalTimestamp"].replace(tzinfo=None),
                payload,
            )
            for number, (row, payload) in enumerate(zip(self.rows, payloads, strict=True))
        )

    def write(self, folder: Path, files: int = FILES) -> Path:
        """As files, each of which the source hands on as one micro-batch."""
        folder.mkdir(exist_ok=True)
        share = RECORDS // files
        for index in range(files):
            rows = self.rows[index * share : (index + 1) * share]
            self.write_file(folder / f"{index:03}.parquet", rows)
        return folder

    def write_file(self, path: Path, rows: list[dict[str, Any]]) -> None:
        arrivals = pa.timestamp("us", "UTC")
        table = pa.Table.from_pylist(rows)
        index = table.schema.get_field_index("approximateArrivalTimestamp")
        table = table.set_column(index, table.field(index).name, table.column(index).cast(arrivals))
        pq.write_table(table, path.with_suffix(".partial"))
        path.with_suffix(".partial").rename(path)


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream()


def run(
    spark: "SparkSession",
    source: Path,
    lake: Path,
    checkpoint: Path,
    silver: SparkSilver | None = None,
) -> None:
    """A query that does what there is, a file at a time, and ends."""
    silver = silver or stage(lake)
    records = spark.readStream.schema(DDL).option("maxFilesPerTrigger", 1).parquet(str(source))
    with translated_errors():
        query: StreamingQuery = (
            records.writeStream.foreachBatch(lambda frame, _epoch: run_batch(silver, frame))
            .option("checkpointLocation", str(checkpoint))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
    silver.close()


@pytest.fixture(scope="module")
def done(spark: "SparkSession", stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("done")
    stream.write(root / "source")
    run(spark, root / "source", root / "lake", root / "checkpoint")
    return root


def test_every_record_has_its_verdict(done: Path, stream: Stream) -> None:
    made = contents(done / "lake")
    assert [document.received for document in made["documents"]] == [RECORDS // FILES] * FILES
    assert len(made["silver"]) == len(stream.outcome.clean)
    assert sum(d.duplicates for d in made["documents"]) == len(stream.outcome.duplicates) > 10
    assert sorted(row[1] for row in made["quarantine"]) == sorted(
        record.sequence_number for record in stream.outcome.quarantined
    )
    assert {row[-1] for row in made["quarantine"]} == {
        record.payload for record in stream.outcome.quarantined
    }
    expected = [[row[name] for name in FLIGHT_EVENTS.column_names] for row in stream.outcome.clean]
    assert sorted(map(repr, map(list, made["silver"]))) == sorted(map(repr, expected))


def test_a_checkpoint_lost_changes_nothing(
    spark: "SparkSession", done: Path, tmp_path: Path
) -> None:
    before = contents(done / "lake")

    run(spark, done / "source", done / "lake", tmp_path / "new-checkpoint")

    assert contents(done / "lake") == before


def test_a_batch_that_was_not_committed_comes_again(
    spark: "SparkSession", done: Path, tmp_path: Path
) -> None:
    """The driver died after it had published the last batch, and before Spark had noted it."""
    shutil.copytree(done, tmp_path / "again")
    root = tmp_path / "again"
    commits = sorted((root / "checkpoint" / "commits").glob("[0-9]*"))
    commits[-1].unlink()
    (commits[-1].parent / f".{commits[-1].name}.crc").unlink()

    run(spark, done / "source", root / "lake", root / "checkpoint")

    assert contents(root / "lake") == contents(done / "lake")


def test_a_batch_that_comes_again_with_more_records(
    spark: "SparkSession", done: Path, stream: Stream, tmp_path: Path
) -> None:
    """Some connectors read on to the end of the shard when a batch is redone."""
    lake, source = tmp_path / "lake", tmp_path / "source"
    source.mkdir()
    for through in (300, 700, RECORDS):
        stream.write_file(source / "000.parquet", stream.rows[:through])
        run(spark, source, lake, tmp_path / f"checkpoint-{through}")

    made, expected = contents(lake), contents(done / "lake")
    assert made["silver"] == expected["silver"]
    assert made["quarantine"] == expected["quarantine"]
    assert [document.received for document in made["documents"]] == [300, 400, RECORDS - 700]


def test_a_batch_that_was_cut_off_comes_again_with_more_records(
    spark: "SparkSession", done: Path, stream: Stream, tmp_path: Path
) -> None:
    """The document is missing: what was planned is done first, the rest is a batch of its own."""
    lake, source = LocalLake(tmp_path / "lake"), tmp_path / "source"
    source.mkdir()
    stream.write_file(source / "000.parquet", stream.rows[:400])
    with (
        crashing(lake, 2, lambda: RetryableError("gone before the document")),
        pytest.raises(RetryableError, match="gone before the document"),
    ):
        run(spark, source, tmp_path, tmp_path / "one", stage(tmp_path / "lake", lake=lake))

    stream.write_file(source / "000.parquet", stream.rows)
    run(spark, source, tmp_path / "lake", tmp_path / "two")

    made = contents(tmp_path / "lake")
    assert made["silver"] == contents(done / "lake")["silver"]
    assert [document.received for document in made["documents"]] == [400, RECORDS - 400]


def test_a_connector_without_sequence_numbers_is_refused(
    spark: "SparkSession", tmp_path: Path
) -> None:
    frame = spark.createDataFrame([("{}",)], "`$json$data_infer_schema$_temporary$` string")
    with pytest.raises(TerminalError, match="without data, sequenceNumber") as raised:
        run_batch(stage(tmp_path), frame)
    assert "aws-kinesis" in str(raised.value)


@pytest.mark.parametrize(
    ("number", "shard"),
    [  # as AWS publishes them in examples of event source mappings
        ("49590338271490256608559692538361571095921575989136588898", "shardId-000000000006"),
        ("49628566489653659107048838082246518393102916603510521906", "shardId-000000000003"),
    ],
)
def test_published_sequence_numbers_name_their_shards(number: str, shard: str) -> None:
    assert shard_of(number) == shard


def test_sequence_numbers_of_another_layout_are_refused() -> None:
    with pytest.raises(TerminalError, match="version 1"):
        shard_of("49545115243490985018280067714973144582180062593244200961")


def test_a_stream_whose_shards_read_otherwise_is_refused() -> None:
    good = {
        "ShardId": "shardId-000000000001",
        "SequenceNumberRange": {"StartingSequenceNumber": sequence_number(1, 0)},
    }
    check_shards([good])
    with pytest.raises(TerminalError, match="shardId-000000000007"):
        check_shards([good, good | {"ShardId": "shardId-000000000007"}])


def test_records_are_lines_in_stream_order_and_beyond_the_position() -> None:
    numbers = [sequence_number(1, n) for n in range(3)]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([b"{}", b"a\nb\n", b""]),
            pa.array(numbers),
            pa.array([START] * 3, pa.timestamp("us", "Europe/Vienna")),
        ],
        names=["data", "sequenceNumber", "approximateArrivalTimestamp"],
    )

    (made,) = to_records([batch], {"shardId-000000000001": numbers[0].zfill(56)})

    assert made["payload"].to_pylist() == [b"a b\n", b"\n"]
    assert made["shard_id"].to_pylist() == ["shardId-000000000001"] * 2
    assert made["sequence_number"].to_pylist() == [n.zfill(56) for n in numbers[1:]]
    assert made["arrived_at_us"].to_pylist() == [int(START.timestamp() * 1e6)] * 2


def test_glues_connector_starts_at_the_oldest_record() -> None:
    assert source_options("kinesis", "events", "eu-central-1") == {
        "streamName": "events",
        "endpointUrl": "https://kinesis.eu-central-1.amazonaws.com",
        "startingPosition": "TRIM_HORIZON",
        "addRecordTimestamp": "true",
        "emitConsumerLagMetrics": "true",
        "avoidEmptyBatches": "true",
    }


def test_aws_labs_connector_starts_at_the_oldest_record_and_skips_none() -> None:
    assert source_options("aws-kinesis", "events", "cn-north-1") == {
        "kinesis.region": "cn-north-1",
        "kinesis.streamName": "events",
        "kinesis.endpointUrl": "https://kinesis.cn-north-1.amazonaws.com.cn",
        "kinesis.consumerType": "GetRecords",
        "kinesis.startingPosition": "TRIM_HORIZON",
        "kinesis.failOnDataLoss": "true",
    }


GIVEN = {
    "stream_arn": "arn:aws:kinesis:eu-central-1:123456789012:stream/events",
    "lake_url": "s3://clean",
    "checkpoint_url": "s3://clean/checkpoints/silver/",
}


def test_the_jobs_arguments() -> None:
    parsed = glue.JobArguments.parse({**GIVEN, "JOB_NAME": "silver", "window_seconds": "30"})

    assert (parsed.stream, parsed.region, parsed.connector) == ("events", "eu-central-1", "kinesis")
    assert parsed.window_seconds == 30
    assert parsed.dedupe_horizon == timedelta(hours=24)
    assert parsed.dedupe_max_ids == 5_000_000
    assert glue.given_arguments(["job", "--window_seconds", "30"]) == [
        *GIVEN,
        "window_seconds",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lake_url": ""}, "--lake_url is missing"),
        ({"stream_arn": "events"}, "not the ARN of a data stream"),
        ({"connector": "kafka"}, "write kinesis or aws-kinesis"),
        ({"window_seconds": "soon"}, "write a number above 0"),
        ({"dedupe_max_ids": "-1"}, "write a number above 0"),
    ],
)
def test_wrong_arguments_are_explained(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        glue.JobArguments.parse(GIVEN | wrong)


def test_the_query_that_glue_starts(
    spark: "SparkSession", done: Path, stream: Stream, tmp_path: Path
) -> None:
    """All of the job but Glue's own session and connector."""
    arguments = glue.JobArguments.parse(
        GIVEN | {"checkpoint_url": str(tmp_path / "checkpoint"), "window_seconds": "1"}
    )
    stream.write(tmp_path / "source", files=1)
    records = spark.readStream.schema(DDL).parquet(str(tmp_path / "source"))
    lake = tmp_path / "lake"

    query = glue.start(spark, arguments, records, stage(lake).open_lake)
    query.processAllAvailable()
    query.stop()

    assert contents(lake)["silver"] == contents(done / "lake")["silver"]


def test_the_script_calls_what_is_there() -> None:
    """It needs Glue to run; its syntax and the names that it takes from the wheel do not."""
    tree = ast.parse(GLUE_SCRIPT.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airside"):
            module = __import__(node.module or "", fromlist=["*"])
            assert all(hasattr(module, name.name) for name in node.names)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "glue":
            assert hasattr(glue, node.attr)
