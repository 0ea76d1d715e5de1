"""Opens the stream of a data directory: the embedded one inside it, or one of Kinesis."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airside.events import FLIGHT_EVENTS
from airside.ledger import Ledger
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir, Tell
from airside.settings import Settings
from airside.stream import EmbeddedStream, Stream
from airside.stream.kinesis import Continuity, KinesisStream

_LOOK_SECONDS = 1.0


def open_stream(
    data_dir: DataDir,
    clock: Callable[[], int] = wall_clock,
    *,
    shards: int = 1,
    max_bytes: int | None = None,
) -> Stream:
    """Open a directory's stream to read and to write it; who opens it closes it.

    Args:
        data_dir: The directory; says which stream feeds it.
        clock: Microseconds since the Unix epoch, for arrivals on the embedded stream.
        shards: How many shards a new embedded stream gets.
        max_bytes: What an embedded stream may hold.

    Raises:
        AirsideError: It cannot be opened or read; says why.
    """
    url = data_dir.stream_url
    if url is not None:
        stream = KinesisStream.open(url, identity=FLIGHT_EVENTS.identity)
        stream.check()
        return stream
    return EmbeddedStream(data_dir.stream, clock=clock, shards=shards, max_bytes=max_bytes)


def open_for_looking(data_dir: DataDir, clock: Callable[[], int] = wall_clock) -> Stream:
    """Open a directory's stream for one who only looks, and should cost the stream little.

    Raises:
        UsageError: The directory has no stream yet.
    """
    url = data_dir.stream_url
    if url is not None:
        return KinesisStream.open(url, max_age=_LOOK_SECONDS)
    if not data_dir.stream.exists():
        raise data_dir.holds_nothing()
    return EmbeddedStream(data_dir.stream, clock=clock)


def open_for_consuming(
    data_dir: DataDir, settings: Settings, clock: Callable[[], int], consumer: str, ledger: Ledger
) -> Stream:
    """Open a directory's stream for a consumer that has to read every record.

    Args:
        data_dir: The directory.
        settings: What to do where records may be lost.
        clock: Microseconds since the Unix epoch.
        consumer: The stage's name.
        ledger: Keeps until when the consumer has certainly read everything.

    Raises:
        AirsideError: It cannot be opened.
    """
    url = data_dir.stream_url
    if url is None:
        return EmbeddedStream(data_dir.stream, clock=clock)
    stream = KinesisStream.open(url)
    stream.watch(
        Continuity(
            stream.source,
            _LedgerMemory(ledger, consumer),
            clock=clock,
            on_gap=settings.stream.on_gap,
        )
    )
    return stream


@contextmanager
def open_for_putting(
    data_dir: DataDir, settings: Settings, tell: Tell = lambda _text: None
) -> Iterator[Stream]:
    """Open the stream that takes records; a pipeline may run on it, or not.

    A producer for Kinesis needs no data directory; where one says which stream is meant, it is
    asked.

    Args:
        data_dir: Where it is, unless it is on Kinesis.
        settings: Which one.
        tell: Told what an upgrade of the directory does.

    Raises:
        AirsideError: It cannot be opened.
    """
    url = settings.stream.url
    if url is None:
        data_dir.open(tell)
        url = data_dir.stream_url
    stream: Stream
    if url is not None:
        stream = KinesisStream.open(url, identity=FLIGHT_EVENTS.identity)
    else:
        stream = open_stream(
            data_dir, shards=settings.stream.shards, max_bytes=settings.stream.max_bytes
        )
    try:
        yield stream
    finally:
        stream.close()


def stream_name(data_dir: DataDir, settings: Settings) -> str:
    """The stream that `open_for_putting` opens, for people."""
    return settings.stream.url or data_dir.stream_url or f"the stream of {data_dir.root}"


@dataclass(frozen=True, slots=True)
class _LedgerMemory:
    """One consumer's notes on shards, in the ledger."""

    ledger: Ledger
    consumer: str

    @property
    def _stage(self) -> str:
        return f"{self.consumer} has read"

    def recall(self, shard_id: str) -> str | None:
        return self.ledger.position(self._stage).get(shard_id)

    def note(self, shard_id: str, text: str) -> None:
        self.ledger.note(self._stage, {shard_id: text})
