"""The implementations of `Stream` that the contract tests run on.

A new implementation is one more class here and one more entry in `IMPLEMENTATIONS`. Other processes
reach the same stream through its `recipe`: `python -m support.streams RECIPE WRITER PUTS RECORDS`
puts batches until they are done or the process is killed, and says so after each.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from airside.stream import (
    MAX_RECORD_BYTES,
    EmbeddedStream,
    Frame,
    Position,
    SequenceRange,
    Stream,
    frames_to_arrow,
)
from airside.stream.kinesis import KinesisStream
from airside.stream.kinesis.writer import MAX_PAYLOAD_BYTES
from support import kinesis

START_US = 1_758_737_730_000_000  # 2025-09-24 18:15:30
TESTS = Path(__file__).parents[1]


class StreamUnderTest(Protocol):
    """One stream, empty at first, and what may be expected of it."""

    recipe: str
    """From which `open_recipe` opens the same stream in another process."""
    shards: int
    atomic_puts: bool
    """Whether a put is on the stream whole or not at all, whatever happens to the writer."""
    counts: bool
    """Whether the stream can say how many records it has taken."""
    merged_to_us: int
    """Across shards, records come in the order of arrival to within so many microseconds."""
    max_record_bytes: int
    large_put: int
    """So many records need several frames, or several requests."""

    def open(self) -> Stream:
        """Another instance on the same stream."""

    def set_clock(self, now_us: int) -> bool:
        """Set the clock that stamps arrivals; False where it is not ours to set."""


class EmbeddedUnderTest:
    atomic_puts = True
    counts = True
    merged_to_us = 1
    max_record_bytes = MAX_RECORD_BYTES
    large_put = 12_000

    def __init__(self, folder: Path, shards: int, stack: ExitStack) -> None:
        self.path = folder / "stream.db"
        self.shards = shards
        self.recipe = json.dumps({"kind": "embedded", "path": str(self.path), "shards": shards})
        self.now_us = START_US
        self._stack = stack

    def open(self) -> EmbeddedStream:
        stream = EmbeddedStream(self.path, clock=lambda: self.now_us, shards=self.shards)
        self._stack.callback(stream.close)
        return stream

    def set_clock(self, now_us: int) -> bool:
        self.now_us = now_us
        return True


class KinesisUnderTest:
    atomic_puts = False
    counts = False
    merged_to_us = 1_000_000
    max_record_bytes = MAX_PAYLOAD_BYTES
    large_put = 1_200

    def __init__(self, shards: int) -> None:
        self.name = kinesis.create(shards)
        self.shards = shards
        self.recipe = json.dumps(
            {"kind": "kinesis", "name": self.name, "environment": kinesis.environment()}
        )

    def open(self) -> KinesisStream:
        return kinesis.open_stream(self.name)

    def set_clock(self, now_us: int) -> bool:
        del now_us
        return False


@contextmanager
def _kinesis(shards: int) -> Iterator[KinesisUnderTest]:
    yield KinesisUnderTest(shards)


@contextmanager
def _embedded(folder: Path, shards: int) -> Iterator[EmbeddedUnderTest]:
    with ExitStack() as stack:
        yield EmbeddedUnderTest(folder, shards, stack)


IMPLEMENTATIONS: dict[str, Callable[[Path], contextmanager]] = {
    "embedded-1-shard": lambda folder: _embedded(folder, 1),
    "embedded-3-shards": lambda folder: _embedded(folder, 3),
    "kinesis-1-shard": lambda _folder: _kinesis(1),
    "kinesis-3-shards": lambda _folder: _kinesis(3),
}


def open_recipe(recipe: str) -> Stream:
    """Open a stream in a process that knows no more than its recipe."""
    parts = json.loads(recipe)
    if parts["kind"] == "kinesis":
        os.environ.update(parts["environment"])
        return KinesisStream.open(f"kinesis://{parts['name']}")
    return EmbeddedStream(Path(parts["path"]), clock=lambda: START_US, shards=parts["shards"])


class Record(NamedTuple):
    """One record as a reader sees it."""

    arrived_at_us: int
    shard_id: str
    sequence_number: str
    payload: bytes


def records(frames: list[Frame]) -> list[Record]:
    """The records of frames, without the LF that ends each line."""
    table = frames_to_arrow(frames)
    arrived = table.column("arrived_at").cast("int64").to_pylist()
    payloads = table.column("payload").to_pylist()
    assert all(payload.endswith(b"\n") for payload in payloads)
    return [
        Record(*row)
        for row in zip(
            arrived,
            table.column("shard_id").to_pylist(),
            table.column("sequence_number").to_pylist(),
            [payload[:-1] for payload in payloads],
            strict=True,
        )
    ]


def read_all(
    stream: Stream, after: Position | None = None, *, max_records: int = 10**9
) -> list[Frame]:
    """Read to the end, as a consumer does: from where it stands, again and again."""
    at = dict(after or {})
    frames = []
    while taken := stream.read(at, max_records=max_records, max_bytes=2**30):
        frames += taken
        at = dict(SequenceRange.of(at, taken).through)
    return frames


def position(stream: Stream) -> Position:
    """Where a reader of all that is there stands."""
    return SequenceRange.of({}, read_all(stream)).through


def batch(writer: str, number: int, size: int) -> list[bytes]:
    """What a writer process puts: each record says where it belongs."""
    return [b"%s %d %d" % (writer.encode(), number, index) for index in range(size)]


def start_writer(
    under_test: StreamUnderTest, writer: str, puts: int, size: int
) -> subprocess.Popen:
    """Start a process that puts `puts` batches and prints a line after each."""
    return subprocess.Popen(
        [sys.executable, "-m", "support.streams", under_test.recipe, writer, str(puts), str(size)],
        cwd=TESTS,
        stdout=subprocess.PIPE,
    )


def _write(recipe: str, writer: str, puts: int, size: int) -> None:
    stream = open_recipe(recipe)
    for number in range(puts):
        stream.put(batch(writer, number, size))
        print(number, flush=True)  # noqa: T201 - whoever started us reads along


if __name__ == "__main__":
    _write(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
