"""Consumers that are far behind: what they cost, and that they pass over nothing that aged out."""

from typing import Any

import pytest

from airside.errors import CorruptDataError
from airside.stream import Position, SequenceRange
from airside.stream.kinesis import Continuity, KinesisStream
from support import kinesis
from support.faults import Faulty, refuses
from support.kinesis_in_memory import HOUR_US, Service, shards, spread
from support.streams import Record, records

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


class Notes(dict[str, str]):
    """A consumer's notes, in memory."""

    recall = dict.get

    def note(self, shard_id: str, text: str) -> None:
        self[shard_id] = text


class Consumer:
    """Does what a stage of the pipeline does: looks what waits, reads a part, is done with it."""

    def __init__(
        self,
        service: Service,
        stream: KinesisStream | None = None,
        notes: Notes | None = None,
        **options: Any,
    ) -> None:
        self.service = service
        self.at: Position = {}
        self.notes = Notes() if notes is None else notes
        self.found: list[Record] = []
        self.stream = KinesisStream(stream.source) if stream else service.open()
        self.stream.watch(
            Continuity(self.stream.source, self.notes, clock=service.clock, **options)
        )

    def step(self, max_records: int = 1_000) -> int:
        """Do one batch; gives its records."""
        self.stream.backlog(self.at)
        frames = self.stream.read(self.at, max_records=max_records, max_bytes=2**40)
        if frames:
            self.at = dict(SequenceRange.of(self.at, frames).through)
        self.found += records(frames)
        return sum(frame.records for frame in frames)

    def run(self, max_records: int = 1_000, pause_us: float = 0, steps: int = 1_000) -> None:
        """Do batches until nothing waits, or so many, and let time pass after each."""
        for _ in range(steps):
            if not self.step(max_records):
                break
            self.service.now_us += pause_us

    def again(self, service: Service, **options: Any) -> "Consumer":
        """The same consumer in a new process."""
        consumer = Consumer(service, notes=self.notes, **options)
        consumer.at = self.at
        return consumer

    def numbers(self) -> list[int]:
        return sorted(int(record.payload) for record in self.found)


def behind(
    hours: float, shard_count: int = 1, per_shard: int = 3_600, burst: int = 1, **options: Any
) -> Service:
    """A stream whose records arrived over so many hours up to now."""
    service = Service({}, **options)
    now_us = service.clock()
    service.arrivals = shards(
        [spread(now_us - hours * HOUR_US, now_us, per_shard, burst) for _ in range(shard_count)]
    )
    return service


@pytest.mark.parametrize("retention_hours", [49, 168])
def test_to_catch_up_with_two_days_costs_no_more_iterators_than_there_are_shards(
    retention_hours: int,
) -> None:
    service = behind(48, 3, 24_000, 8, retention_hours=retention_hours, page_records=1_000)
    bronze = Consumer(service)
    silver = Consumer(service, bronze.stream)
    while bronze.step(10_000) + silver.step(10_000):
        pass
    assert len(bronze.found) == len(silver.found) == 3 * 24_000
    near_the_horizon = 3 * 2 if retention_hours == 49 else 0
    assert service.calls["get_shard_iterator"] <= 3 + near_the_horizon
    assert service.calls["describe_stream_summary"] <= 1
    assert service.calls["get_records"] <= 3 * (24_000 / 1_000 + 8)


def test_a_consumer_started_anew_far_behind_asks_for_each_shard_once() -> None:
    service = behind(48, 3, 24_000, 8, retention_hours=168, page_records=1_000)
    first = Consumer(service)
    first.step(10_000)
    again = first.again(service)
    service.calls.clear()
    again.run(10_000)
    assert len(first.found) + len(again.found) == 3 * 24_000
    assert service.calls["get_shard_iterator"] == 3
    assert service.calls["describe_stream_summary"] == 1


def test_empty_answers_before_the_place_itself_are_no_gap_and_double_nothing() -> None:
    service = behind(23.9, empty_reads=3)
    consumer = Consumer(service)
    for _ in range(5):
        assert consumer.step(100) == 100
        again = consumer.again(service)
        again.found = consumer.found
        ((shard_id, last),) = again.at.items()
        page = again.stream.source.after((shard_id, last))
        assert page.frame is not None
        assert page.frame.first_sequence_number > last
        assert not page.is_gap
        consumer = again
    assert consumer.numbers() == list(range(500))


def test_the_retention_is_asked_once_an_hour_and_only_by_who_is_behind() -> None:
    service = behind(100, retention_hours=168)
    consumer = Consumer(service)
    consumer.run(100, HOUR_US / 5)  # seven hours
    assert 5 <= service.calls["describe_stream_summary"] <= 8
    service = behind(20)
    consumer = Consumer(service)
    consumer.run(pause_us=MINUTE_US)
    assert service.calls["describe_stream_summary"] == 0


@pytest.mark.parametrize("retention_hours", [24, 30, 168])
@pytest.mark.parametrize("pace_us", [50 * MINUTE_US, 2 * HOUR_US, 9 * HOUR_US])
def test_a_process_that_falls_behind_for_longer_than_the_retention_stops(
    retention_hours: int, pace_us: int
) -> None:
    """It reads less than arrives, until the stream has forgotten what would be next."""
    service = behind(10, retention_hours=retention_hours, page_records=50)
    last = service.arrivals["shardId-000000000000"]
    last += spread(service.now_us, service.now_us + 1_000 * HOUR_US, 360_000)
    consumer = Consumer(service)
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.run(120, pace_us)
    assert consumer.numbers() == list(range(len(consumer.found))), "some were passed over"
    assert consumer.found
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.again(service).step()
    skipping = consumer.again(service, on_gap="skip")
    assert skipping.step() > 0


def test_a_process_at_the_very_horizon_goes_on_while_nothing_is_lost() -> None:
    service = behind(24, per_shard=86_400, page_records=100)  # one a second
    last = service.arrivals["shardId-000000000000"]
    last += spread(service.now_us, service.now_us + HOUR_US, 3_600)
    consumer = Consumer(service)
    consumer.run(100, 99 * SECOND_US, steps=30)  # as fast as records age out
    assert consumer.numbers() == list(range(len(consumer.found)))
    assert service.calls["get_shard_iterator"] <= 2 * 30 + 2
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.run(100, 140 * SECOND_US, steps=30)
    assert consumer.numbers() == list(range(len(consumer.found)))


def test_what_was_read_ahead_in_time_does_not_hide_what_follows_it() -> None:
    service = behind(23, per_shard=3_000, page_records=500)
    consumer = Consumer(service)
    consumer.step(200)
    service.now_us += 22 * HOUR_US  # what was read ahead, and more, has aged out
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.run(100)
    assert consumer.numbers() == list(range(len(consumer.found)))


def test_what_an_observer_read_across_a_gap_is_no_proof() -> None:
    service = behind(1)
    consumer = Consumer(service)
    consumer.run()
    arrivals = service.arrivals["shardId-000000000000"]
    arrivals += spread(service.now_us + HOUR_US, service.now_us + 29 * HOUR_US, 100)
    service.now_us += 30 * HOUR_US
    observer = KinesisStream(consumer.stream.source)
    assert observer.backlog(consumer.at).records > 0  # now in memory, after a gap
    for _ in range(2):
        with pytest.raises(CorruptDataError, match="may be lost"):
            consumer.step()


def test_an_outage_longer_than_the_retention_is_told_and_a_shorter_one_costs_nothing() -> None:
    service = behind(1, 2, retention_hours=48)
    consumer = Consumer(service)
    consumer.run()
    for arrivals in service.arrivals.values():
        arrivals.extend(spread(service.now_us + MINUTE_US, service.now_us + 2 * HOUR_US, 100))
    service.now_us += 47 * HOUR_US
    late = consumer.again(service)
    assert late.step() == 200
    assert service.kinds["AFTER_SEQUENCE_NUMBER"] == 0
    service.now_us += 3 * HOUR_US
    for too_late in (consumer.again(service), consumer):  # a new process, and one that lived on
        with pytest.raises(CorruptDataError, match="may be lost"):
            too_late.step()


def test_a_shard_that_is_quiet_for_days_stops_nobody_and_costs_next_to_nothing() -> None:
    service = behind(1, 2)
    consumer = Consumer(service)
    consumer.run()
    service.calls.clear()
    for _ in range(5 * 24 * 6):
        service.now_us += 10 * MINUTE_US
        assert consumer.step() == 0
    assert service.calls["get_shard_iterator"] == 0
    assert service.calls["describe_stream_summary"] == 0
    service.now_us += SECOND_US
    service.arrivals["shardId-000000000000"] += [service.clock()]
    assert consumer.step() == 1
    late = consumer.again(service)  # the other shard has forgotten where it stands: it knows why
    for _ in range(3):
        service.now_us += 10 * MINUTE_US
        assert late.step() == 0
    assert service.calls["get_shard_iterator"] == 2


@pytest.mark.parametrize("cut_hours", [40, 60])
def test_a_retention_that_is_shortened_meanwhile_is_noticed(cut_hours: int) -> None:
    """At once: whatever it costs stands out of the arrivals before the retention is asked again."""
    service = behind(100, retention_hours=168, per_shard=100 * 60 * 2, page_records=100)
    consumer = Consumer(service)
    consumer.step(150)
    service.retention_hours = cut_hours
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.run(150)
    assert consumer.numbers() == list(range(len(consumer.found)))
    assert len(consumer.found) <= 600


def test_a_shortened_retention_is_noticed_where_nothing_is_left() -> None:
    service = behind(100, retention_hours=168, per_shard=1_000, page_records=100)
    service.now_us += 30 * HOUR_US
    consumer = Consumer(service)
    consumer.step(100)
    service.retention_hours = 24
    with pytest.raises(CorruptDataError, match="may be lost"):
        consumer.run(100)
    assert consumer.numbers() == list(range(len(consumer.found)))


def test_who_may_not_ask_for_the_retention_takes_it_for_the_shortest() -> None:
    service = behind(48, retention_hours=168, page_records=500)

    client = Faulty(service)
    client.always("describe_stream_summary", refuses("AccessDeniedException"))
    observer = kinesis.open_stream("memory", client, wall=service.clock)
    position: Position = {}
    count = 0
    while frames := observer.read(position, max_records=1_000, max_bytes=2**40):
        position = dict(SequenceRange.of(position, frames).through)
        count += sum(frame.records for frame in frames)
    assert count == 3_600


def test_children_are_followed_days_behind_and_their_parents_loss_is_told() -> None:
    service = behind(40, retention_hours=48, per_shard=5_000, page_records=100)
    parent, child = "shardId-000000000000", "shardId-000000000001"
    now_us = service.clock()
    service.arrivals = {
        parent: spread(now_us - 40 * HOUR_US, now_us - 30 * HOUR_US, 5_000),
        child: spread(now_us - 30 * HOUR_US, now_us, 5_000),
    }
    service.parents = {child: parent}
    lagging = Consumer(service)
    lagging.step(1_000)
    late = lagging.again(service)
    late.run()
    assert len(lagging.found) + len(late.found) == 10_000
    assert service.calls["get_shard_iterator"] < 20
    service.now_us += 15 * HOUR_US
    for consumer in (lagging, lagging.again(service)):
        with pytest.raises(CorruptDataError, match="may be lost"):
            consumer.run()
    del service.arrivals[parent]  # all of it has aged out
    with pytest.raises(CorruptDataError, match="may be lost"):
        lagging.again(service).step()
    ended = late.again(service)
    assert ended.step() == 0
