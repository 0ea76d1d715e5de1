"""Reads shards, once for all consumers of the process.

Archive, transform, account and dashboard follow the same shards, and a shard gives 5 reads and
2 MB a second to all who read it, other programs too. So a source keeps the frames lately read, each
under the sequence number that it follows: whoever comes to the same place is served from memory.
Iterators are kept in memory only; one that has expired is fetched anew at the same place. A frame
that may not follow its place, because records have aged out between, is marked (see `seams`).
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from airside.errors import RetryableError
from airside.stream.frame import Frame
from airside.stream.kinesis.client import Client
from airside.stream.kinesis.cut import arrival_us, to_frames, unpadded
from airside.stream.kinesis.explain import ExpiredIteratorError, ThrottledError
from airside.stream.kinesis.patience import Backoff
from airside.stream.kinesis.retention import Retention
from airside.stream.kinesis.seams import Held, Seams
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
    is_gap: bool = False
    """The shard had forgotten the record at the place: others after it may be lost."""


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
        clock: Microseconds since the Unix epoch.
        sleep: Waits so many seconds.
        limits: See there.
    """

    def __init__(
        self,
        client: Client,
        backoff: Backoff,
        *,
        monotonic: Callable[[], float],
        clock: Callable[[], int],
        sleep: Callable[[float], None],
        limits: Limits,
    ) -> None:
        self.client = client
        self.limits = limits
        self.backoff = backoff
        self.retention = Retention(client, clock)
        self._seams = Seams(self.retention, clock)
        self._monotonic = monotonic
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._frames: OrderedDict[Place, Frame] = OrderedDict()
        self._kept_bytes = 0
        self._held: OrderedDict[Place, Held] = OrderedDict()
        self._tips: OrderedDict[Place, float] = OrderedDict()
        self._ends: set[Place] = set()
        self._gaps: set[Place] = set()
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

    def _known(self, place: Place, since: float) -> Page | None:
        with self._lock:
            frame = self._frames.get(place)
            if frame is not None:
                self._frames.move_to_end(place)
                return self._page(place, Page(frame))
            if place in self._ends:
                return self._page(place, _ENDED)
            seen_at = self._tips.get(place)
            if seen_at is not None and seen_at >= since:
                return self._page(place, _NOTHING_YET)
        return None

    def _page(self, place: Place, page: Page) -> Page:
        return replace(page, is_gap=True) if place in self._gaps else page

    def _fetch(self, place: Place, reading: _Reading) -> Page:
        """Read on from a place until there is something, or certainly nothing."""
        shard_id, sequence = place
        is_settled = False
        for _ in range(_MAX_EMPTY_READS):
            asked_at, asked_us = self._monotonic(), self._clock()
            answer, read_us, is_settled = self._read_at(place, reading, is_settled)
            frames = to_frames(shard_id, answer["Records"])
            last = frames[-1].last_sequence_number if frames else sequence
            iterator = answer.get("NextShardIterator")
            is_tip = (
                answer.get("MillisBehindLatest", 0) == 0
                and len(answer["Records"]) < _PAGE_RECORDS - 1  # one may have been the place's own
                and not self._is_closed(shard_id)  # then only the end of its iterators is the end
            )
            if is_tip:
                read_us = asked_us
            elif frames:
                read_us = frames[-1].runs[-1].arrived_at_us
            with self._lock:
                self._keep(sequence, frames)
                if iterator is None:
                    self._ends.add((shard_id, last))
                    self._listed_at = None  # its children are to be found
                else:
                    _remember(self._held, (shard_id, last), Held(iterator, read_us))
                if is_tip:
                    _remember(self._tips, (shard_id, last), asked_at)
            if frames:
                return self._page(place, Page(frames[0]))
            if iterator is None:
                return self._page(place, _ENDED)
            if is_tip:
                return self._page(place, _NOTHING_YET)
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

    def _read_at(
        self, place: Place, reading: _Reading, is_settled: bool
    ) -> tuple[dict[str, Any], int, bool]:
        """Read a shard from a place on, with the iterator at hand or a new one.

        Args:
            place: The place.
            reading: Its shard's, locked.
            is_settled: Whether it is known if what comes follows the place.

        Returns:
            The answer; before when all that arrived lies before the place; whether it is known now,
            by the place's own record or its lack, if what comes after more empty answers follows.
        """
        is_settled = is_settled or place in self._gaps
        with self._lock:
            held = self._held.pop(place, None)
        expired: ExpiredIteratorError | None = None
        if held is not None and (is_settled or self._seams.may_try(held.read_us)):
            try:
                answer = self._read(held.iterator, reading)
            except ExpiredIteratorError as error:
                expired = error
            else:
                if is_settled or self._seams.follows(held.read_us, answer["Records"]):
                    return answer, held.read_us, is_settled
        for _ in range(self.backoff.attempts):
            try:
                return *self._read_anew(place, reading), True
            except ExpiredIteratorError as error:
                expired = error
        assert expired is not None  # noqa: S101 - there is at least one try
        raise expired

    def _read_anew(self, place: Place, reading: _Reading) -> tuple[dict[str, Any], int]:
        """Read a shard from a place on, beginning with the place's own record if it is there."""
        shard_id, sequence = place
        if sequence == START:
            asked_us = self._clock()
            return self._read(self._iterator(shard_id, "TRIM_HORIZON"), reading), asked_us
        answer = self._read(self._iterator(shard_id, "AT_SEQUENCE_NUMBER", sequence), reading)
        for _ in range(_MAX_EMPTY_READS):
            iterator = answer.get("NextShardIterator")
            if answer["Records"] or not iterator or answer.get("MillisBehindLatest", 0) == 0:
                break
            answer = self._read(iterator, reading)  # the place's own record may still come
        else:
            raise self._endless(shard_id)
        first = next(iter(answer["Records"]), None)
        if first is not None and first["SequenceNumber"] == unpadded(sequence):
            return {**answer, "Records": answer["Records"][1:]}, arrival_us(first)
        with self._lock:
            self._gaps.add(place)
        return answer, 0

    def _iterator(self, shard_id: str, kind: str, sequence: str = START) -> str:
        given = {"StartingSequenceNumber": unpadded(sequence)} if sequence else {}
        answer = self._trying(
            lambda: self.client.call(
                "get_shard_iterator", ShardId=shard_id, ShardIteratorType=kind, **given
            )
        )
        return str(answer["ShardIterator"])

    def _read(self, iterator: str, reading: _Reading) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            wait = reading.due - self._monotonic()
            if wait > 0:
                self._sleep(wait)
            reading.due = self._monotonic() + self.limits.read_seconds
            return self.client.call("get_records", ShardIterator=iterator, Limit=_PAGE_RECORDS)

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
