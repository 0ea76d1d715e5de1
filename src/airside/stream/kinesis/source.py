"""Reads shards, once for all consumers of the process.

Archive, transform, account and dashboard follow the same shards, and a shard gives 5 reads and
2 MB a second to all who read it, other programs too. So a source keeps the frames lately read, each
under the sequence number that it follows: whoever comes to the same place is served from memory.
Iterators are kept in memory only; one that has expired is fetched anew at the same place.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from airside.errors import RetryableError
from airside.stream.frame import Frame
from airside.stream.kinesis.client import Client
from airside.stream.kinesis.cut import arrival_us, to_frames, unpadded
from airside.stream.kinesis.explain import ExpiredIteratorError, ThrottledError
from airside.stream.kinesis.patience import Backoff
from airside.stream.kinesis.shards import Shard, list_shards

START = ""
"""Comes before a shard's first sequence number."""
_PAGE_RECORDS = 10_000
_MAX_EMPTY_READS = 1_000
_MAX_PLACES = 4_096
_LIST_SECONDS = 60.0

T = TypeVar("T")
Place = tuple[str, str]
"""A shard, and the sequence number after which something comes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes of a shard, and how much it remembers."""

    read_seconds: float = 0.25
    """Least time between two reads of a shard: of its 5 a second, one is left to others."""
    bytes_per_second: float = 2_000_000.0
    """A read of much is followed by a pause, or the service would refuse the next ones."""
    kept_bytes: int = 64 * 1024 * 1024
    """Frames kept in memory, compressed."""
    kept_frames: int = 100_000


@dataclass(frozen=True, slots=True)
class Page:
    """What follows a place: a frame, or nothing for now, or nothing ever again."""

    frame: Frame | None = None
    is_ended: bool = False
    """The shard is closed, and all of it comes before the place."""
    is_unknown: bool = False
    """The shard would have had to be read."""


_NOTHING_YET = Page()
_ENDED = Page(is_ended=True)
_UNKNOWN = Page(is_unknown=True)


@dataclass
class _Reading:
    """How one shard is being read."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    due: float = 0.0
    """When it may be read next, on the monotonic clock."""


class Source:
    """The shards of one stream; any thread may use it.

    Args:
        client: The stream.
        backoff: How often and how long a throttled or lost read is tried again.
        monotonic: Seconds on a clock that never goes back.
        sleep: Waits so many seconds.
        limits: See there.
    """

    def __init__(
        self,
        client: Client,
        backoff: Backoff,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        limits: Limits,
    ) -> None:
        self.client = client
        self.limits = limits
        self.backoff = backoff
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._frames: OrderedDict[Place, Frame] = OrderedDict()
        self._kept_bytes = 0
        self._iterators: OrderedDict[Place, str] = OrderedDict()
        self._tips: OrderedDict[Place, float] = OrderedDict()
        self._ends: set[Place] = set()
        self._readings: dict[str, _Reading] = {}
        self._listing = threading.Lock()
        self._shards: dict[str, Shard] = {}
        self._listed_at: float | None = None

    def now(self) -> float:
        """The time on the source's clock, in seconds."""
        return self._monotonic()

    def shards(self) -> dict[str, Shard]:
        """The stream's shards by name; listed anew after a reshard, and now and then.

        Raises:
            RetryableError: The stream is being created.
            AirsideError: As `Client.call`.
        """
        with self._listing:
            now = self._monotonic()
            if self._listed_at is None or now - self._listed_at > _LIST_SECONDS:
                self._shards = self._trying(lambda: list_shards(self.client))
                self._listed_at = now
            shards = self._shards
        if not shards:
            raise RetryableError(
                f"{self.client.address.url} has no shards yet; it is being created: try again"
            )
        return shards

    def after(
        self,
        place: Place,
        *,
        since: float = math.inf,
        may_fetch: Callable[[], bool] = lambda: True,
    ) -> Page:
        """What follows a place.

        Args:
            place: A shard and the sequence number that was last taken from it.
            since: "Nothing for now" is an answer if it was true at this time (see `now`) or later.
            may_fetch: Asked before the shard itself is read; where it says no, the page may be
                unknown.

        Raises:
            RetryableError: The shard cannot be read now.
            CorruptDataError: The place is not one of this stream.
        """
        known = self._known(place, since)
        if known is not None:
            return known
        reading = self._reading(place[0])
        with reading.lock:
            known = self._known(place, since)  # another thread may have read it meanwhile
            if known is not None:
                return known
            if not may_fetch():
                return _UNKNOWN
            return self._fetch(place, reading)

    def arrived_at_us(self, place: Place) -> int | None:
        """When the record at a place arrived; None where the shard has it no more.

        As long as it has, it has all that came after it.
        """
        shard_id, sequence = place
        reading = self._reading(shard_id)
        with reading.lock:
            iterator: str | None = None
            for _ in range(_MAX_EMPTY_READS):
                iterator = iterator or self._iterator(shard_id, "AT_SEQUENCE_NUMBER", sequence)
                try:
                    answer = self._read(iterator, reading, limit=1)
                except ExpiredIteratorError:
                    iterator = None
                    continue
                if answer["Records"]:
                    (record,) = answer["Records"]
                    is_it = record["SequenceNumber"] == unpadded(sequence)
                    return arrival_us(record) if is_it else None
                iterator = answer.get("NextShardIterator")
                if iterator is None or answer.get("MillisBehindLatest", 0) == 0:
                    return None
        raise self._endless(shard_id)

    def _known(self, place: Place, since: float) -> Page | None:
        with self._lock:
            frame = self._frames.get(place)
            if frame is not None:
                self._frames.move_to_end(place)
                return Page(frame)
            if place in self._ends:
                return _ENDED
            seen_at = self._tips.get(place)
            if seen_at is not None and seen_at >= since:
                return _NOTHING_YET
        return None

    def _fetch(self, place: Place, reading: _Reading) -> Page:
        """Read on from a place until there is something, or certainly nothing."""
        shard_id, sequence = place
        for _ in range(_MAX_EMPTY_READS):
            asked_at = self._monotonic()
            answer = self._read_at(place, reading)
            frames = to_frames(shard_id, answer["Records"])
            last = frames[-1].last_sequence_number if frames else sequence
            iterator = answer.get("NextShardIterator")
            is_tip = (
                answer.get("MillisBehindLatest", 0) == 0
                and len(answer["Records"]) < _PAGE_RECORDS
                and not self._is_closed(shard_id)  # then only the end of its iterators is the end
            )
            with self._lock:
                self._keep(sequence, frames)
                if iterator is None:
                    self._ends.add((shard_id, last))
                    self._listed_at = None  # its children are to be found
                else:
                    _remember(self._iterators, (shard_id, last), iterator)
                if is_tip:
                    _remember(self._tips, (shard_id, last), asked_at)
            if frames:
                return Page(frames[0])
            if iterator is None:
                return _ENDED
            if is_tip:
                return _NOTHING_YET
        raise self._endless(shard_id)

    def _is_closed(self, shard_id: str) -> bool:
        shard = self._shards.get(shard_id)
        return shard is not None and shard.is_closed

    def _keep(self, sequence: str, frames: list[Frame]) -> None:
        for frame in frames:
            place = (frame.shard_id, sequence)
            replaced = self._frames.pop(place, None)
            self._kept_bytes += len(frame.data) - (len(replaced.data) if replaced else 0)
            self._frames[place] = frame
            sequence = frame.last_sequence_number
        while len(self._frames) > 1 and (
            self._kept_bytes > self.limits.kept_bytes or len(self._frames) > self.limits.kept_frames
        ):
            _, dropped = self._frames.popitem(last=False)
            self._kept_bytes -= len(dropped.data)

    def _read_at(self, place: Place, reading: _Reading) -> dict[str, Any]:
        """Read a shard from a place on, with the iterator at hand or a new one."""
        shard_id, sequence = place
        with self._lock:
            iterator = self._iterators.pop(place, None)
        expired: ExpiredIteratorError | None = None
        for _ in range(self.backoff.attempts):
            if iterator is None and sequence == START:
                iterator = self._iterator(shard_id, "TRIM_HORIZON")
            elif iterator is None:
                iterator = self._iterator(shard_id, "AFTER_SEQUENCE_NUMBER", sequence)
            try:
                return self._read(iterator, reading)
            except ExpiredIteratorError as error:
                iterator, expired = None, error
        assert expired is not None  # noqa: S101 - there is at least one try
        raise expired

    def _iterator(self, shard_id: str, kind: str, sequence: str = START) -> str:
        given = {"StartingSequenceNumber": unpadded(sequence)} if sequence else {}
        answer = self._trying(
            lambda: self.client.call(
                "get_shard_iterator", ShardId=shard_id, ShardIteratorType=kind, **given
            )
        )
        return str(answer["ShardIterator"])

    def _read(self, iterator: str, reading: _Reading, limit: int = _PAGE_RECORDS) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            wait = reading.due - self._monotonic()
            if wait > 0:
                self._sleep(wait)
            reading.due = self._monotonic() + self.limits.read_seconds
            return self.client.call("get_records", ShardIterator=iterator, Limit=limit)

        answer = self._trying(read)
        size = sum(len(record["Data"]) for record in answer["Records"])
        pause = max(self.limits.read_seconds, size / self.limits.bytes_per_second)
        reading.due = self._monotonic() + pause
        return answer

    def _trying(self, call: Callable[[], T]) -> T:
        """Call until it is not throttled and the connection holds, a limited number of times."""
        problem: RetryableError | None = None
        for _ in self.backoff.tries():
            try:
                return call()
            except ExpiredIteratorError:
                raise
            except RetryableError as error:
                problem = error
        assert problem is not None  # noqa: S101 - there is at least one try
        raise problem

    def _reading(self, shard_id: str) -> _Reading:
        with self._lock:
            return self._readings.setdefault(shard_id, _Reading())

    def _endless(self, shard_id: str) -> RetryableError:
        return ThrottledError(
            f"{shard_id} of {self.client.address.url} gave nothing in {_MAX_EMPTY_READS:,} reads, "
            "though it holds more; the next try goes on from there"
        )


def _remember(memory: OrderedDict[Place, T], place: Place, value: T) -> None:
    """Keep a value, and of all only the newest."""
    memory.pop(place, None)
    memory[place] = value
    if len(memory) > _MAX_PLACES:
        memory.popitem(last=False)
