"""Reading Kinesis: iterators, throttling, lost connections, limits, several readers."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from airside.errors import CorruptDataError, RetryableError
from airside.stream import SequenceRange
from airside.stream.kinesis import KinesisStream, Limits
from airside.stream.kinesis.shards import list_shards
from support import kinesis
from support.faults import Faulty, answers, changed, lost_answer, lost_request, refuses
from support.streams import batch, position, read_all, records

EVERYTHING = {"max_records": 10**9, "max_bytes": 2**40}
THROTTLED = refuses("ProvisionedThroughputExceededException", "Rate exceeded")
EXPIRED = refuses("ExpiredIteratorException", "Iterator expired")


class Bench:
    """A stream with one shard behind a client that fails when told to."""

    def __init__(self, shards: int = 1, limits: Limits = kinesis.UNLIMITED) -> None:
        self.name = kinesis.create(shards)
        self.client = Faulty(kinesis.service())
        self.clock = kinesis.Clock()
        self.writer = kinesis.open_stream(self.name)
        self.stream = kinesis.open_stream(self.name, self.client, clock=self.clock, limits=limits)

    def reads(self) -> int:
        return len(self.client.made("get_records"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def payloads(stream: KinesisStream, after: Any = None) -> list[bytes]:
    return [record.payload for record in records(read_all(stream, after))]


def test_an_iterator_is_used_until_it_expires_and_then_fetched_where_it_was(bench: Bench) -> None:
    bench.writer.put(batch("a", 0, 20))
    at = position(bench.stream)
    assert len(bench.client.made("get_shard_iterator")) == 1
    bench.writer.put(batch("b", 0, 20))
    bench.client.then("get_records", EXPIRED)
    assert payloads(bench.stream, at) == batch("b", 0, 20)
    first, second = bench.client.made("get_shard_iterator")
    assert first["ShardIteratorType"] == "TRIM_HORIZON"
    assert second["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
    assert second["StartingSequenceNumber"] == next(iter(at.values())).lstrip("0")


def test_an_iterator_that_expires_before_the_first_read_loses_nothing(bench: Bench) -> None:
    bench.writer.put(batch("a", 0, 20))
    bench.client.then("get_records", EXPIRED, EXPIRED, None)
    assert payloads(bench.stream) == batch("a", 0, 20)
    bench.writer.put(batch("b", 0, 20))
    bench.client.always("get_records", EXPIRED)
    with pytest.raises(RetryableError, match="expired"):
        read_all(bench.stream)  # that each new one is expired is the service's trouble
    bench.client.always("get_records", None)
    assert payloads(bench.stream) == batch("a", 0, 20) + batch("b", 0, 20)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(THROTTLED, id="throttled"),
        pytest.param(refuses("InternalFailure", status=500), id="trouble at the service"),
        pytest.param(lost_request, id="lost request"),
        pytest.param(lost_answer, id="lost answer"),
    ],
)
@pytest.mark.parametrize("operation", ["get_records", "get_shard_iterator", "list_shards"])
def test_a_failed_call_is_made_again(bench: Bench, operation: str, fault: Any) -> None:
    bench.writer.put(batch("a", 0, 20))
    bench.client.then(operation, fault, fault, fault)
    assert payloads(bench.stream) == batch("a", 0, 20)
    assert bench.clock.waits == pytest.approx([0.1, 0.2, 0.4])


def test_what_cannot_be_read_now_is_read_later(bench: Bench) -> None:
    bench.writer.put(batch("a", 0, 20))
    at = position(bench.stream)
    bench.writer.put(batch("b", 0, 20))
    bench.client.always("get_records", THROTTLED)
    with pytest.raises(RetryableError, match="throttled"):
        bench.stream.read(at, **EVERYTHING)
    with pytest.raises(RetryableError, match="throttled"):
        bench.stream.backlog(at)
    bench.client.always("get_records", None)
    assert payloads(bench.stream, at) == batch("b", 0, 20)


def test_an_empty_answer_is_not_the_end_while_the_shard_is_behind(bench: Bench) -> None:
    bench.writer.put(batch("a", 0, 20))

    def emptied(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "Records": [], "MillisBehindLatest": 9_000}

    def before_the_records(operation: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = operation(**parameters)
        return {**emptied(answer), "NextShardIterator": parameters["ShardIterator"]}

    bench.client.then("get_records", *[before_the_records] * 5)
    assert bench.stream.backlog({}).records == 20
    assert payloads(bench.stream) == batch("a", 0, 20)


def test_a_shard_is_read_four_times_a_second_at_most() -> None:
    bench = Bench(limits=Limits(bytes_per_second=float("inf")))
    bench.writer.put(batch("a", 0, 20))
    began = bench.clock.seconds
    for _ in range(5):
        bench.stream.backlog({})  # each looks at the shard's end
    assert bench.reads() == 5
    assert bench.clock.seconds - began == pytest.approx(4 * 0.25, abs=0.001)


def test_a_large_answer_is_followed_by_a_pause() -> None:
    bench = Bench(limits=Limits(read_seconds=0.0))
    bench.writer.put([b"x" * 1_000_000] * 4)
    assert len(payloads(bench.stream)) == 4
    assert sum(bench.clock.waits) == pytest.approx(2.0, abs=0.01)


def test_readers_of_one_process_share_what_is_read(bench: Bench) -> None:
    stream, other = bench.stream, KinesisStream(bench.stream.source, max_age=60.0)
    at: dict[str, str] = {}
    for number in range(10):
        bench.writer.put(batch("a", number, 50))
        frames = stream.read(at, **EVERYTHING)
        before = bench.reads()
        assert other.backlog(at).records == 50
        assert other.backlog({}).records == 50 * (number + 1)
        assert bench.reads() == before, "an observer reads what a consumer has read already"
        at = dict(SequenceRange.of(at, frames).through)
    assert payloads(other) == [record for n in range(10) for record in batch("a", n, 50)]


def test_what_is_no_longer_in_memory_is_read_again() -> None:
    limits = Limits(read_seconds=0.0, bytes_per_second=float("inf"), kept_frames=2)
    bench = Bench(limits=limits)
    for number in range(6):
        bench.writer.put(batch("a", number, 400))
    first, second = payloads(bench.stream), payloads(bench.stream)
    assert first == second == [record for n in range(6) for record in batch("a", n, 400)]


def test_a_reader_that_stands_within_a_frame_reads_on_from_there(bench: Bench) -> None:
    bench.writer.put(batch("a", 0, 100))
    everything = records(read_all(bench.stream))
    middle = {everything[40].shard_id: everything[40].sequence_number}
    assert payloads(bench.stream, middle) == batch("a", 0, 100)[41:]
    planned = bench.stream.read({}, through=middle, max_records=0, max_bytes=0)
    assert [record.payload for record in records(planned)] == batch("a", 0, 100)[:41]
    assert [b.records for b in bench.stream.backlogs([{}, middle])] == [100, 59]


def test_records_of_unmodified_producers_come_back_as_they_are(bench: Bench) -> None:
    for payload in (b'{"a": 1}', b'{"a":\n2}\n', b"\xff", b" "):
        bench.client.put_record(StreamName=bench.name, Data=payload, PartitionKey="any")
    assert payloads(bench.stream) == [b'{"a": 1}', b'{"a": 2}', b"\xff", b" "]


def test_arrivals_are_to_the_millisecond_and_need_not_ascend(bench: Bench) -> None:
    bench.writer.put([b"a", b"b", b"c"])
    arrivals = [
        datetime(2026, 1, 1, 12, 0, 5, 123_000, tzinfo=UTC),
        datetime(2026, 1, 1, 12, 0, 4, 999_000, tzinfo=UTC),
        datetime(2026, 1, 1, 12, 0, 5, 1_000, tzinfo=UTC),
    ]

    def stamped(answer: dict[str, Any]) -> dict[str, Any]:
        for record, arrived_at in zip(answer["Records"], arrivals, strict=False):
            record["ApproximateArrivalTimestamp"] = arrived_at
        return answer

    bench.client.always("get_records", changed(stamped))
    found = records(read_all(bench.stream))
    assert [record.payload for record in found] == [b"a", b"b", b"c"]
    assert [r.arrived_at_us for r in found] == [round(a.timestamp() * 1e6) for a in arrivals]
    end = SequenceRange.of({}, read_all(bench.stream)).through
    again = bench.stream.read({}, through=end, max_records=0, max_bytes=0)
    assert [record.payload for record in records(again)] == [b"a", b"b", b"c"]


def test_a_backlog_is_merged_second_by_second() -> None:
    bench = Bench(shards=3)
    bench.writer.put(batch("a", 0, 300))
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

    def spread(answer: dict[str, Any]) -> dict[str, Any]:
        for number, record in enumerate(answer["Records"]):
            arrived_at = datetime.fromtimestamp(start + number * 0.3, tz=UTC)
            record["ApproximateArrivalTimestamp"] = arrived_at
        return answer

    bench.client.always("get_records", changed(spread))
    found = records(read_all(bench.stream, max_records=7))
    seconds = [record.arrived_at_us // 1_000_000 for record in found]
    assert seconds == sorted(seconds)
    assert Counter(record.payload for record in found) == Counter(batch("a", 0, 300))


def test_shards_are_listed_page_by_page(bench: Bench) -> None:
    bench.client.then(
        "list_shards",
        answers({"Shards": [{"ShardId": "shardId-000000000001"}], "NextToken": "more"}),
        answers(
            {
                "Shards": [
                    {
                        "ShardId": "shardId-000000000000",
                        "ParentShardId": "a",
                        "AdjacentParentShardId": "b",
                    }
                ]
            }
        ),
    )
    shards = list_shards(bench.stream.source.client)
    assert {name: shard.parents for name, shard in shards.items()} == {
        "shardId-000000000000": ("a", "b"),
        "shardId-000000000001": (),
    }
    assert bench.client.made("list_shards") == [{"StreamName": bench.name}, {"NextToken": "more"}]


def test_a_stream_that_is_being_created_has_to_be_waited_for(bench: Bench) -> None:
    bench.client.then("list_shards", answers({"Shards": []}))
    with pytest.raises(RetryableError, match="being created"):
        bench.stream.read({}, **EVERYTHING)


def test_a_position_on_another_stream_of_the_name_is_no_position(bench: Bench) -> None:
    bench.writer.put([b"a"])
    shard, last = next(iter(position(bench.stream).items()))
    strange = str(int(last) - 10**50).zfill(len(last))
    with pytest.raises(CorruptDataError, match="does not know the position"):
        bench.stream.read({shard: strange}, **EVERYTHING)
