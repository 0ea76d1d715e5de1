"""A stream, an archive of it, and a clock that only the test moves."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airside.bronze import Archive, Archiver, ArchiveReader
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake, LocalLake
from airside.ledger import Ledger
from airside.stream import EmbeddedStream, Frame, SequenceRange

HOUR_US = 3_600_000_000
START_US = 1_758_736_800_000_000  # 2025-09-24 18:00:00, a full hour
FOLDER = "bronze/flight_events/ingest_date=2025-09-24/ingest_hour=18"

_QUICK = "PRAGMA synchronous = OFF"  # no power cuts here: what is written need not reach the disk


@dataclass
class Bench:
    """Everything that archiving needs; made by `bench`."""

    root: Path
    stack: ExitStack
    shards: int
    now_us: int = START_US
    seconds: float = 1_000.0
    """On the clock that is never set back."""
    noise: random.Random = field(default_factory=lambda: random.Random(7))
    stream: EmbeddedStream = field(init=False)
    lake: LocalLake = field(init=False)

    def __post_init__(self) -> None:
        self.stream = EmbeddedStream(
            self.root / "stream.db", clock=lambda: self.now_us, shards=self.shards
        )
        self.stack.callback(self.stream.close)
        self.stream._db.execute(_QUICK)
        self.lake = LocalLake(self.root)

    @property
    def archive(self) -> Archive:
        return Archive(self.lake, FLIGHT_EVENTS)

    def reader(self) -> ArchiveReader:
        return ArchiveReader(self.archive)

    def ledger(self) -> Ledger:
        ledger = Ledger(self.root / "ledger.db", clock=lambda: self.now_us)
        self.stack.callback(ledger.close)
        ledger._db.execute(_QUICK)
        return ledger

    def archiver(
        self, lake: Lake | None = None, ledger: Ledger | None = None, **cuts: Any
    ) -> Archiver:
        """An archiver as a process has it that has just started."""
        return Archiver(
            self.stream,
            Archive(lake or self.lake, FLIGHT_EVENTS),
            ledger or self.ledger(),
            clock=lambda: self.now_us,
            monotonic=lambda: self.seconds,
            **cuts,
        )

    def put(self, records: int = 20, size: int = 100) -> list[bytes]:
        """Put records that do not compress, a second after the last."""
        self.now_us += 1_000_000
        payloads = [self.noise.randbytes(size).replace(b"\n", b" ") for _ in range(records)]
        self.stream.put(payloads)
        return payloads

    def files(self) -> list[str]:
        """The archive's files, without their indexes."""
        return self.lake.names("bronze", ".zst")

    def snapshot(self) -> dict[str, bytes]:
        """Every file of the archive with its bytes."""
        return {name: self.lake.read(name) for name in self.lake.names("bronze")}


@contextmanager
def bench(root: Path, shards: int = 1) -> Iterator[Bench]:
    """Open a bench in a folder."""
    with ExitStack() as stack:
        yield Bench(root, stack, shards)


def read_in_batches(
    source: ArchiveReader | EmbeddedStream, max_records: int = 10**9
) -> list[Frame]:
    """Read from the start to the end."""
    at: dict[str, str] = {}
    frames = []
    while taken := source.read(at, max_records=max_records, max_bytes=2**40):
        frames += taken
        at = dict(SequenceRange.of(at, taken).through)
    return frames
