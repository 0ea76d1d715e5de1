"""Splits and merges while a stream is read, and records that age out unread."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from airside.errors import CorruptDataError
from airside.stream import Position, SequenceRange
from airside.stream.kinesis import Continuity, KinesisStream
from support import kinesis
from support.faults import Faulty, changed, refuses
from support.streams import Record, read_all, records
from support.waiting import eventually

HOUR_US = 3_600_000_000
EVERYTHING = {"max_records": 10**9, "max_bytes": 2**40}


class Bench:
    """A stream that is resharded between puts; `key` decides on the shard."""

    def __init__(self, shards: int) -> None:
        self.name = kinesis.create(shards)
        self.service = kinesis.service()
        self.client = Faulty(kinesis.service())
        self.numbers = iter(range(10**9))
        self.put: list[bytes] = []

    def open(self) -> KinesisStream:
        return kinesis.open_stream(self.name, self.client, identity=_key)

    def write(self, count: int = 60) -> None:
        put = [b"key-%d %d" % (n % 12, n) for n in (next(self.numbers) for _ in range(count))]
        kinesis.open_stream(self.name, identity=_key).put(put)
        self.put += put

    def split(self, shard_id: str) -> None:
        shard = next(s for s in self.shards() if s["ShardId"] == shard_id)
        keys = shard["HashKeyRange"]
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
        self._reshard(
            self.service.split_shard, ShardToSplit=shard_id, NewStartingHashKey=str(middle)
        )

    def merge(self, first: str, second: str) -> None:
        self._reshard(self.service.merge_shards, ShardToMerge=first, AdjacentShardToMerge=second)

    def shards(self) -> list[dict[str, Any]]:
        return list(self.service.list_shards(StreamName=self.name)["Shards"])

    def _reshard(self, operation: Any, **parameters: Any) -> None:
        before = len(self.shards())
        operation(StreamName=self.name, **parameters)
        eventually(lambda: len(self.shards()) > before, seconds=10)
        # kinesalite's new shards begin a second in the future: their records are there at once.


def _key(payload: bytes) -> bytes:
    return payload.split()[0]


def shard(number: int) -> str:
    return f"shardId-{number:012}"


def assert_complete(found: list[Record], put: list[bytes]) -> None:
    """Every record once, and those of a key in the order in which they were put."""
    payloads = [record.payload for record in found]
    assert sorted(payloads) == sorted(put)
    for key in {_key(payload) for payload in put}:
        assert [p for p in payloads if _key(p) == key] == [p for p in put if _key(p) == key]


def test_children_come_after_their_parents() -> None:
    bench = Bench(1)
    bench.write()
    bench.split(shard(0))
    bench.write()
    bench.merge(shard(1), shard(2))
    bench.write()
    found = records(read_all(bench.open()))
    assert_complete(found, bench.put)
    assert {record.shard_id for record in found} == {shard(n) for n in range(4)}


def test_children_come_after_their_parents_whatever_the_arrivals_say() -> None:
    bench = Bench(1)
    bench.write(24)
    bench.split(shard(0))
    bench.write(24)

    def backwards(answer: dict[str, Any]) -> dict[str, Any]:
        for record in answer["Records"]:
            number = int(record["Data"].split()[1])
            record["ApproximateArrivalTimestamp"] = datetime.fromtimestamp(9_000 - number, tz=UTC)
        return answer

    bench.client.always("get_records", changed(backwards))
    assert_complete(records(read_all(bench.open())), bench.put)


def test_a_reader_follows_while_shards_split_and_merge() -> None:
    bench = Bench(2)
    stream = bench.open()
    at: Position = {}
    found: list[Record] = []

    def take() -> None:
        nonlocal at
        frames = read_all(stream, at)
        at = SequenceRange.of(at, frames).through
        found.extend(records(frames))

    for reshard in (
        lambda: bench.split(shard(0)),
        lambda: bench.split(shard(3)),
        lambda: bench.merge(shard(2), shard(4)),
        lambda: bench.split(shard(6)),
    ):
        bench.write()
        take()
        bench.write()
        reshard()
        take()
        bench.write()
    take()
    assert_complete(found, bench.put)


@pytest.mark.parametrize("seed", range(3))
def test_a_reader_that_starts_anew_goes_on_where_it_was(seed: int) -> None:
    bench = Bench(1)
    for reshard in (
        lambda: bench.split(shard(0)),
        lambda: bench.split(shard(1)),
        lambda: bench.merge(shard(4), shard(2)),
    ):
        bench.write()
        reshard()
    bench.write()
    noise = random.Random(seed)
    at: Position = {}
    found: list[Record] = []
    while True:
        stream = bench.open()  # as after a restart
        frames = stream.read(at, max_records=noise.randrange(60), max_bytes=2**30)
        if not frames:
            break
        planned = SequenceRange.of(at, frames)
        again = bench.open().read(
            planned.after, through=planned.through, max_records=0, max_bytes=0
        )
        assert records(again) == records(frames)
        waiting = stream.backlogs([{}, planned.through])
        found += records(frames)
        assert waiting[0].records - waiting[1].records == len(found)
        at = planned.through
    assert_complete(found, bench.put)
    assert stream.backlog(at).records == 0


def test_something_waits_also_where_only_a_child_has_records() -> None:
    bench = Bench(1)
    bench.split(shard(0))
    bench.split(shard(1))
    bench.write(12)
    assert bench.open().backlog({}).records > 0
    assert_complete(records(read_all(bench.open())), bench.put)


def test_a_parent_that_has_aged_out_does_not_hold_up_its_children() -> None:
    bench = Bench(1)
    bench.split(shard(0))
    bench.write()

    def without_parent(answer: dict[str, Any]) -> dict[str, Any]:
        return {"Shards": [s for s in answer["Shards"] if s["ShardId"] != shard(0)]}

    bench.client.always("list_shards", changed(without_parent))
    assert_complete(records(read_all(bench.open())), bench.put)


class Notes(dict[str, str]):
    """A consumer's notes, in memory."""

    def recall(self, shard_id: str) -> str | None:
        return self.get(shard_id)

    def note(self, shard_id: str, text: str) -> None:
        self[shard_id] = text


class Watched(Bench):
    """A consumer that has read 12 records and then stood still, as long as the test says."""

    def __init__(self) -> None:
        super().__init__(1)
        self.now_us = time.time_ns() // 1_000
        self.notes = Notes()
        self.forgotten = 0
        self.arrival_us: Callable[[int], int] | None = None
        self.client.always("get_records", changed(self._answer))
        self.write(12)
        stream = self.consumer()
        self.at = SequenceRange.of({}, read_all(stream)).through
        stream.read(self.at, max_records=1, max_bytes=1)

    def consumer(self, **options: Any) -> KinesisStream:
        stream = kinesis.open_stream(
            self.name, self.client, identity=_key, wall=lambda: self.now_us
        )
        stream.watch(Continuity(stream.source, self.notes, clock=lambda: self.now_us, **options))
        return stream

    def forget(self, count: int = 12) -> None:
        """Let the stream have forgotten its first records: those that were read, unless said."""
        self.forgotten = count

    def stamp(self, arrival_us: Callable[[int], int]) -> None:
        """Let records have arrived at other times, by their numbers."""
        self.arrival_us = arrival_us

    def _answer(self, answer: dict[str, Any]) -> dict[str, Any]:
        kept = []
        for record in answer["Records"]:
            number = int(record["Data"].split()[1])
            if number < self.forgotten:
                continue
            if self.arrival_us is not None:
                at = datetime.fromtimestamp(self.arrival_us(number) / 1e6, tz=UTC)
                record["ApproximateArrivalTimestamp"] = at
            kept.append(record)
        return {**answer, "Records": kept}


def read_on(consumer: KinesisStream, at: Position) -> list[bytes]:
    return [r.payload for r in records(consumer.read(at, **EVERYTHING))]


def test_what_the_stream_still_has_is_read_however_late() -> None:
    watched = Watched()
    watched.now_us += 100 * HOUR_US
    watched.write(6)
    assert read_on(watched.consumer(), watched.at) == watched.put[12:]


def test_records_that_may_have_aged_out_are_not_passed_over() -> None:
    watched = Watched()
    watched.now_us += 25 * HOUR_US
    watched.write(6)
    watched.forget()
    with pytest.raises(CorruptDataError, match=r"may be lost.*stream\.on_gap"):
        read_on(watched.consumer(), watched.at)


def test_a_quiet_stream_is_no_loss() -> None:
    watched = Watched()
    watched.now_us += 23 * HOUR_US
    watched.consumer().backlog(watched.at)  # nothing waits: that is noted
    watched.now_us += 23 * HOUR_US
    watched.write(6)
    watched.forget()
    assert read_on(watched.consumer(), watched.at) == watched.put[12:]


def test_a_directory_made_from_an_archive_cannot_tell() -> None:
    watched = Watched()
    watched.notes.clear()
    watched.now_us += 25 * HOUR_US
    watched.write(6)
    watched.forget()
    assert read_on(watched.consumer(), watched.at) == watched.put[12:]


def test_an_iterator_that_expires_during_the_check_is_no_gap() -> None:
    watched = Watched()
    watched.now_us += 25 * HOUR_US
    watched.write(6)
    watched.client.then("get_records", refuses("ExpiredIteratorException"))
    assert read_on(watched.consumer(), watched.at) == watched.put[12:]


def test_a_gap_can_be_passed_over_on_purpose() -> None:
    watched = Watched()
    watched.now_us += 25 * HOUR_US
    watched.write(6)
    watched.forget()
    assert read_on(watched.consumer(on_gap="skip"), watched.at) == watched.put[12:]


def test_a_process_that_lives_through_an_outage_notices_what_has_aged_out() -> None:
    watched = Watched()
    consumer = watched.consumer()
    consumer.backlog(watched.at)
    watched.write(6)
    watched.now_us += 25 * HOUR_US  # the machine was suspended, or Kinesis out of reach
    watched.forget(15)
    for _ in range(2):  # it is not said once and then passed over
        with pytest.raises(CorruptDataError, match="may be lost"):
            read_on(consumer, watched.at)


def test_asking_what_waits_does_not_pass_over_what_has_aged_out() -> None:
    watched = Watched()
    consumer = watched.consumer()
    consumer.backlog(watched.at)
    watched.now_us += 25 * HOUR_US
    watched.forget()
    for asked in (consumer, watched.consumer()):  # one that lives, and one anew
        with pytest.raises(CorruptDataError, match="may be lost"):
            asked.backlog(watched.at)


def test_a_consumer_that_keeps_up_asks_no_more_than_at_its_start() -> None:
    watched = Watched()
    consumer = watched.consumer()
    for _ in range(30):
        watched.now_us += HOUR_US
        consumer.backlog(watched.at)
        consumer.read(watched.at, **EVERYTHING)
    kinds = [p["ShardIteratorType"] for p in watched.client.made("get_shard_iterator")]
    assert kinds.count("AT_SEQUENCE_NUMBER") == 1


@pytest.mark.parametrize("is_asked_first", [True, False], ids=["backlog", "read"])
def test_a_batch_of_many_hours_is_not_noted_before_it_is_done(is_asked_first: bool) -> None:
    watched = Watched()
    consumer = watched.consumer()
    watched.write(12)
    hours_ago = dict(enumerate([6.0] * 6 + [1.0] * 6, 12))
    watched.stamp(lambda number: watched.now_us - int(hours_ago.get(number, 7) * HOUR_US))
    if is_asked_first:
        consumer.backlog(watched.at)
    first = consumer.read(watched.at, max_records=6, max_bytes=2**30)
    ahead = consumer.read(SequenceRange.of(watched.at, first).through, **EVERYTHING)
    assert len(records(first)) == len(records(ahead)) == 6
    watched.now_us += 19 * HOUR_US  # it dies before any of it is committed
    watched.forget()
    with pytest.raises(CorruptDataError, match="may be lost"):
        read_on(watched.consumer(), watched.at)


def test_a_shard_that_is_gone_was_either_read_to_its_end_or_may_be_lost() -> None:
    watched = Watched()
    watched.split(shard(0))

    def without_parent(answer: dict[str, Any]) -> dict[str, Any]:
        return {"Shards": [s for s in answer["Shards"] if s["ShardId"] != shard(0)]}

    watched.client.always("list_shards", changed(without_parent))
    watched.now_us += 25 * HOUR_US
    with pytest.raises(CorruptDataError, match="may be lost"):
        read_on(watched.consumer(), watched.at)
    watched.client.always("list_shards", None)
    assert read_on(watched.consumer(on_gap="skip"), watched.at) == []
    assert watched.notes[shard(0)] == "ended"
    watched.client.always("list_shards", changed(without_parent))
    assert read_on(watched.consumer(), watched.at) == []
