"""Kinesis as a stream; see `airside.stream.Stream` for what each method promises."""

import heapq
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from airside.errors import CorruptDataError
from airside.stream.frame import Frame
from airside.stream.kinesis.address import KinesisAddress
from airside.stream.kinesis.client import Client
from airside.stream.kinesis.continuity import Continuity
from airside.stream.kinesis.cut import clipped, records_through, second_of
from airside.stream.kinesis.merge import Merge
from airside.stream.kinesis.patience import Backoff
from airside.stream.kinesis.source import START, Limits, Source
from airside.stream.kinesis.writer import MAX_PAYLOAD_BYTES, Writer
from airside.stream.position import Position
from airside.stream.protocol import Backlog

_READS_AT_ONCE = 4
_LOOK_AHEAD_RECORDS = 100_000
_LOOK_AHEAD_BYTES = 16 * 1024 * 1024

_sources: WeakValueDictionary[tuple[str, Limits], Source] = WeakValueDictionary()
_sources_lock = threading.Lock()


def shared_source(address: KinesisAddress, limits: Limits) -> Source:
    """The process's source of a stream: made when it is first asked for, gone after its last user.

    Raises:
        TerminalError: boto3 is missing, or cannot be set up.
    """
    with _sources_lock:
        source = _sources.get((address.url, limits))
        if source is None:
            source = make_source(Client(address), limits)
            _sources[address.url, limits] = source
        return source


def make_source(client: Client, limits: Limits) -> Source:
    """A source on the real clock."""
    backoff = Backoff(time.sleep, random.random)
    return Source(
        client,
        backoff,
        monotonic=time.monotonic,
        clock=lambda: time.time_ns() // 1_000,
        sleep=time.sleep,
        limits=limits,
    )


class KinesisStream:
    """One consumer's, or one producer's, view of a Kinesis data stream.

    The service knows neither how many records it has taken nor how many wait; `Backlog` says what
    that means for its counts.

    Args:
        source: Where shards are read; may be shared with other instances.
        identity: The bytes of a record that decide on its shard.
        max_age: What `backlog` says may have been true so many seconds ago: for those who only
            look, so that they cost no reads of their own.
    """

    max_record_bytes = MAX_PAYLOAD_BYTES
    is_nearly_full = False  # its retention alone says what it holds

    def __init__(
        self,
        source: Source,
        *,
        identity: Callable[[bytes], bytes] = bytes,
        max_age: float = 0.0,
    ) -> None:
        self.source = source
        self._writer = Writer(source.client, source.backoff, identity)
        self._continuity: Continuity | None = None
        self._has_read = False
        self._max_age = max_age

    @classmethod
    def open(cls, url: str, *, limits: Limits | None = None, **options: Any) -> "KinesisStream":  # noqa: ANN401 - those of the class
        """Open a stream by its address, `kinesis://NAME`.

        Raises:
            UsageError: That is no address.
            TerminalError: boto3 is missing, or cannot be set up.
        """
        return cls(shared_source(KinesisAddress.parse(url), limits or Limits()), **options)

    def watch(self, continuity: Continuity) -> None:
        """Have it noticed where records age out unread: for a consumer that has to read all."""
        self._continuity = continuity

    def check(self) -> None:
        """Ask the service for the stream's shards.

        Raises:
            AirsideError: Why it cannot be read.
        """
        self.source.shards()

    def put(self, payloads: Sequence[bytes]) -> None:
        """Put records; durable on return."""
        self._writer.put(payloads)

    def read(
        self,
        after: Position,
        *,
        through: Position | None = None,
        max_records: int,
        max_bytes: int,
    ) -> list[Frame]:
        """Read the frames after a position; second by second across shards."""
        if self._continuity is not None:
            self._continuity.begin(after)
        is_first, self._has_read = not self._has_read, True
        if through is not None:
            return self._planned(after, through)
        reads = _Allowance(_READS_AT_ONCE * len(self.source.shards()))
        frames: list[Frame] = []
        records = raw_bytes = 0
        merge = Merge(
            self.source,
            after,
            max_age=self.source.limits.read_seconds,
            may_fetch=lambda: not frames or reads.take(),
            on_gap=self._judge,
        )
        while (frame := merge.peek()) is not None:
            full = records + frame.records > max_records or raw_bytes + frame.raw_bytes > max_bytes
            if frames and full:
                break
            merge.take(frame)
            frames.append(frame)
            records += frame.records
            raw_bytes += frame.raw_bytes
        if is_first:  # later ones may be a batch ahead of what the consumer has done
            self._note(merge)
        return frames

    def backlog(self, after: Position) -> Backlog:
        """Measure what lies after a position, as far ahead as was looked.

        A consumer that is watched asks this where it stands: all before is done.
        """
        return self.backlogs([after])[0]

    def backlogs(self, afters: Sequence[Position]) -> list[Backlog]:
        """Measure what lies after each of several positions, all up to one end.

        The end lies beyond all the positions, or at the furthest of them where nothing waits.
        """
        furthest: dict[str, str] = {}
        for after in afters:
            for shard_id, sequence in after.items():
                furthest[shard_id] = max(sequence, furthest.get(shard_id, START))
        if self._continuity is not None:
            self._continuity.begin(furthest)
        reads = _Allowance(len(self.source.shards()))
        records = stored = 0
        ahead = Merge(
            self.source,
            furthest,
            max_age=self._max_age,
            may_fetch=lambda: not records or reads.take(),
            on_gap=self._judge,
        )
        while (
            records < _LOOK_AHEAD_RECORDS
            and stored < _LOOK_AHEAD_BYTES
            and (frame := ahead.peek()) is not None
        ):
            ahead.take(frame)
            records += frame.records
            stored += len(frame.data)
        self._note(ahead)
        return [self._between(after, ahead.at) for after in afters]

    def trim(self, through: Position, arrived_before_us: int) -> int:
        """Nothing: the service drops records by its own retention."""
        del through, arrived_before_us
        return 0

    def close(self) -> None:
        """Nothing to release: the source goes with its last user."""

    def _judge(self, shard_id: str, sequence: str) -> None:
        if self._continuity is not None:
            self._continuity.judge(shard_id, sequence)

    def _note(self, merge: Merge) -> None:
        """Note until when everything has been read that comes before where a walk began."""
        if self._continuity is None:
            return
        for frame in merge.first.values():
            self._continuity.note_through(frame.shard_id, frame.first_arrived_at_us)
        for shard_id in merge.tips - merge.first.keys():
            if shard_id in merge.ended:
                self._continuity.note_ended(shard_id)
            else:
                self._continuity.note_tip(shard_id)

    def _between(self, after: Position, end: Position) -> Backlog:
        records = raw_bytes = stored_bytes = 0
        oldest_us: int | None = None
        for shard_id, last in end.items():
            at = after.get(shard_id, START)
            while at < last and (frame := self.source.after((shard_id, at)).frame) is not None:
                count = records_through(frame, last)
                if not count:
                    break
                share = count / frame.records
                records += count
                raw_bytes += round(frame.raw_bytes * share)
                stored_bytes += round(len(frame.data) * share)
                first_us = frame.first_arrived_at_us
                oldest_us = first_us if oldest_us is None else min(oldest_us, first_us)
                at = frame.last_sequence_number
        return Backlog(None, records, raw_bytes, stored_bytes, oldest_us)

    def _planned(self, after: Position, through: Position) -> list[Frame]:
        """Read exactly a range."""
        shards: list[list[Frame]] = []
        for shard_id, last in through.items():
            frames: list[Frame] = []
            shards.append(frames)
            at = after.get(shard_id, START)
            while at < last:
                page = self.source.after((shard_id, at))
                if page.is_gap:
                    self._judge(shard_id, at)
                frame = page.frame
                if frame is None or frame.first_sequence_number > last:
                    raise CorruptDataError(
                        f"records of {shard_id} after {at or 'its start'} through {last} are "
                        f"missing on {self.source.client.address.url}: they have aged out, or "
                        "the stream was created anew; rebuild what the archive has into a new "
                        "directory with `airside backfill --source`"
                    )
                frame = clipped(frame, last)
                frames.append(frame)
                at = frame.last_sequence_number
        return list(heapq.merge(*shards, key=lambda f: (second_of(f), f.shard_id)))


class _Allowance:
    """So many reads of shards, and no more."""

    def __init__(self, reads: int) -> None:
        self._left = reads

    def take(self) -> bool:
        """Take one, if there is one left."""
        self._left -= 1
        return self._left >= 0
