"""The streaming job on AWS Glue: all of it but what only Glue can give.

`infra/glue/silver_job.py` brings Glue's session, arguments and connections; the rest is here, where
it can be tested.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from airside.errors import UsageError
from airside.lake import Lake
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.kinesis import Connector, run_batch, source_options
from airside.silver.spark.session import SETTINGS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

REQUIRED = ("stream_arn", "lake_url", "checkpoint_url")
"""The job's arguments, each written as `--name value`."""

OPTIONAL = {
    "connector": "kinesis",
    "window_seconds": "60",
    "dedupe_horizon_hours": "24",
    "dedupe_max_ids": "5000000",
}
"""Further ones, with what holds where they are not given."""


@dataclass(frozen=True, slots=True)
class JobArguments:
    """What the job is to do."""

    stream: str
    region: str
    lake_url: str
    checkpoint_url: str
    connector: Connector
    window_seconds: float
    dedupe_horizon: timedelta
    dedupe_max_ids: int

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "JobArguments":
        """Read the arguments as Glue hands them over.

        Raises:
            UsageError: One is missing or wrong; says which, and what would do.
        """
        values = {**OPTIONAL, **given}
        if missing := [name for name in REQUIRED if not values.get(name)]:
            raise UsageError(
                f"the job's argument --{missing[0]} is missing; it takes all of: "
                + ", ".join(f"--{name}" for name in REQUIRED)
            )
        # arn:aws:kinesis:<region>:<account>:stream/<name>
        parts = values["stream_arn"].split(":", 5)
        if len(parts) != 6 or parts[2] != "kinesis" or not parts[5].startswith("stream/"):
            raise UsageError(
                f"--stream_arn {values['stream_arn']} is not the ARN of a data stream; write "
                "arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"
            )
        if values["connector"] not in get_args(Connector):
            raise UsageError(
                f"--connector {values['connector']} is unknown; write "
                + " or ".join(get_args(Connector))
            )
        return cls(
            stream=parts[5].removeprefix("stream/"),
            region=parts[3],
            lake_url=values["lake_url"],
            checkpoint_url=values["checkpoint_url"],
            connector="aws-kinesis" if values["connector"] == "aws-kinesis" else "kinesis",
            window_seconds=_positive("window_seconds", values),
            dedupe_horizon=timedelta(hours=_positive("dedupe_horizon_hours", values)),
            dedupe_max_ids=int(_positive("dedupe_max_ids", values)),
        )


def given_arguments(argv: Sequence[str]) -> list[str]:
    """The names to ask Glue for: the required ones, and those of the others that are there."""
    return [*REQUIRED, *(name for name in OPTIONAL if f"--{name}" in argv)]


def read_stream(spark: "SparkSession", arguments: JobArguments) -> "DataFrame":
    """The stream's records, as the connector gives them."""
    options = source_options(arguments.connector, arguments.stream, arguments.region)
    return spark.readStream.format(arguments.connector).options(**options).load()


def start(
    spark: "SparkSession",
    arguments: JobArguments,
    records: "DataFrame",
    open_lake: Callable[[], Lake],
) -> "StreamingQuery":
    """Start the query that keeps silver up to date.

    Args:
        spark: Glue's session.
        arguments: The job's.
        records: As `read_stream` gives them.
        open_lake: Gives the lake at `lake_url`; pickles.
    """
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    silver = SparkSilver(
        open_lake,
        dedupe_horizon=arguments.dedupe_horizon,
        dedupe_max_ids=arguments.dedupe_max_ids,
    )

    def batch(frame: "DataFrame", epoch: int) -> None:  # noqa: ARG001 - Spark's signature
        run_batch(silver, frame)

    return (
        records.writeStream.queryName("airside-silver")
        .foreachBatch(batch)
        .option("checkpointLocation", arguments.checkpoint_url)
        .trigger(processingTime=f"{arguments.window_seconds} seconds")
        .start()
    )


def _positive(name: str, values: Mapping[str, str]) -> float:
    try:
        value = float(values[name])
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"--{name} is {values[name]!r}; write a number above 0")
    return value
