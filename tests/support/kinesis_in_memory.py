"""A Kinesis in memory whose records arrive and age out by a clock that the test moves.

kinesalite keeps every record, and knows no time but the machine's.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from airside.stream.kinesis import KinesisStream, Limits
from support import kinesis

HOUR_US = 3_600_000_000


@dataclass
class Service:
    """Stands in for boto3's client of one stream.

    Args:
        arrivals: Shard → when its records arrived, in microseconds since the Unix epoch, ascending.
            A record holds its number within the shard.
        retention_hours: Older records are not given.
        page_records: What a read gives at most.
        call_seconds: How long a call takes.
        empty_reads: How many reads of a new iterator give nothing before the first that does.
    """

    arrivals: dict[str, list[int]]
    retention_hours: int = 24
    page_records: int = 100
    call_seconds: float = 0.0
    empty_reads: int = 0
    now_us: float = 1_800_000_000_000_000
    parents: dict[str, str] = field(default_factory=dict)
    """Child → the closed shard from which it comes."""
    calls: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Iterators given, by type."""
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name="", endpoint_url=""))

    def list_shards(self, **_: Any) -> dict[str, Any]:
        self._call("list_shards")
        closed = {"EndingSequenceNumber": "1"}
        return {
            "Shards": [
                {
                    "ShardId": shard_id,
                    "ParentShardId": self.parents.get(shard_id),
                    "SequenceNumberRange": closed if shard_id in self.parents.values() else {},
                }
                for shard_id in self.arrivals
            ]
        }

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        self._call("describe_stream_summary")
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": self.retention_hours}}

    def get_shard_iterator(
        self,
        ShardId: str,  # noqa: N803 - the names are boto3's, here and below
        ShardIteratorType: str,  # noqa: N803
        StartingSequenceNumber: str = "1",  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        self._call("get_shard_iterator")
        self.kinds[ShardIteratorType] += 1
        skipped = 1 if ShardIteratorType == "AFTER_SEQUENCE_NUMBER" else 0
        first = int(StartingSequenceNumber) - 1 + skipped
        return {"ShardIterator": f"{ShardId} {first} {self.empty_reads}"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        self._call("get_records")
        shard_id, number, empty = ShardIterator.split()
        if int(empty):
            later = f"{shard_id} {number} {int(empty) - 1}"
            return {"Records": [], "NextShardIterator": later, "MillisBehindLatest": 1}
        arrivals = self.arrivals[shard_id]
        here = bisect_left(arrivals, self.now_us + 1)
        oldest = bisect_left(arrivals, self.now_us - self.retention_hours * HOUR_US)
        first = max(int(number), oldest)
        end = min(here, first + min(Limit, self.page_records))
        is_ended = shard_id in self.parents.values() and end >= len(arrivals)
        return {
            "Records": [
                {
                    "SequenceNumber": str(n + 1),
                    "Data": b"%d" % n,
                    "ApproximateArrivalTimestamp": datetime.fromtimestamp(arrivals[n] / 1e6, UTC),
                }
                for n in range(first, end)
            ],
            "NextShardIterator": None if is_ended else f"{shard_id} {max(first, end)} 0",
            "MillisBehindLatest": 0 if end >= here else 1,
        }

    def clock(self) -> int:
        """Microseconds since the Unix epoch."""
        return int(self.now_us)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += seconds * 1e6

    def open(self, limits: Limits = kinesis.UNLIMITED) -> KinesisStream:
        """A consumer's stream on it, with a source of its own."""
        return kinesis.open_stream(
            "memory", self, clock=_Waiting(self), limits=limits, wall=self.clock
        )

    def _call(self, operation: str) -> None:
        self.calls[operation] += 1
        self.sleep(self.call_seconds)


class _Waiting(kinesis.Clock):
    """The source's clock goes as the service's does."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service

    def now(self) -> float:
        return self._service.now_us / 1e6

    def sleep(self, seconds: float) -> None:
        self._service.sleep(seconds)


def spread(began_us: float, ended_us: float, records: int, burst: int = 1) -> list[int]:
    """Arrivals at equal distances, the first at the beginning, so many at a time."""
    step = (ended_us - began_us) / records
    numbers = (number // burst * burst for number in range(records))
    return [round((began_us + step * number) / 1_000) * 1_000 for number in numbers]


def shards(arrivals: Sequence[list[int]]) -> dict[str, list[int]]:
    """Shards by name."""
    return {f"shardId-{number:012}": each for number, each in enumerate(arrivals)}
