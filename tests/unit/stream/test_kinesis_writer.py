"""Putting on Kinesis: limits, partial failures, throttling, lost connections."""

from typing import Any

import pytest

from airside.errors import RetryableError
from airside.events import FLIGHT_EVENTS
from airside.stream import PartlyPutError
from airside.stream.kinesis import KinesisStream
from support import kinesis
from support.faults import Faulty, lost_answer, lost_request, refuses, takes_only
from support.streams import read_all, records

THROTTLED = refuses("ProvisionedThroughputExceededException", "Rate exceeded")


class Bench:
    """A stream behind a client that fails when told to."""

    def __init__(self, shards: int = 1, **options: Any) -> None:
        self.name = kinesis.create(shards)
        self.client = Faulty(kinesis.service())
        self.clock = kinesis.Clock()
        self.stream: KinesisStream = kinesis.open_stream(
            self.name, self.client, clock=self.clock, **options
        )

    def payloads(self) -> list[bytes]:
        return [record.payload for record in records(read_all(kinesis.open_stream(self.name)))]

    def requests(self) -> list[list[bytes]]:
        return [
            [entry["Data"] for entry in call["Records"]] for call in self.client.made("put_records")
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_put_is_cut_into_requests_that_the_service_takes(bench: Bench) -> None:
    small = [b"%d" % number for number in range(1_201)]
    bench.stream.put(small)
    assert [len(request) for request in bench.requests()] == [500, 500, 201]
    large = [b"%d" % number * 400_000 for number in range(10, 22)]
    bench.stream.put(large)
    sizes = [sum(map(len, request)) for request in bench.requests()[3:]]
    assert len(sizes) == 3
    assert max(sizes) <= 4 * 1024 * 1024
    assert bench.payloads() == [*small, *large]


def test_only_what_failed_is_sent_again(bench: Bench) -> None:
    bench.client.then("put_records", takes_only(0, 2, 3), takes_only(1))
    bench.stream.put([b"0", b"1", b"2", b"3", b"4"])
    assert bench.requests() == [
        [b"0\n", b"1\n", b"2\n", b"3\n", b"4\n"],
        [b"1\n", b"4\n"],
        [b"1\n"],
    ]
    assert bench.payloads() == [b"0", b"2", b"3", b"4", b"1"]


def test_what_failed_goes_before_what_comes_later(bench: Bench) -> None:
    put = [b"%d" % number for number in range(700)]
    bench.client.then("put_records", takes_only(*range(499)))
    bench.stream.put(put)
    assert bench.payloads() == put


def test_waits_grow_to_a_limit(bench: Bench) -> None:
    bench.client.then("put_records", *[THROTTLED] * 9)
    bench.stream.put([b"patience"])
    assert bench.clock.waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
    assert bench.payloads() == [b"patience"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(THROTTLED, id="throttled"),
        pytest.param(refuses("InternalFailure", status=500), id="trouble at the service"),
        pytest.param(refuses("KMSThrottlingException"), id="throttled by KMS"),
        pytest.param(lost_request, id="lost connection"),
    ],
)
def test_a_failed_request_is_sent_again(bench: Bench, fault: Any) -> None:
    bench.client.then("put_records", fault, fault)
    bench.stream.put([b"a", b"b"])
    assert bench.payloads() == [b"a", b"b"]


def test_a_lost_answer_doubles_records_and_loses_none(bench: Bench) -> None:
    bench.client.then("put_records", lost_answer)
    bench.stream.put([b"a", b"b"])
    assert bench.payloads() == [b"a", b"b", b"a", b"b"]


def test_a_stream_that_takes_nothing_says_so(bench: Bench) -> None:
    bench.client.always("put_records", THROTTLED)
    with pytest.raises(RetryableError, match="throttled") as refused:
        bench.stream.put([b"a"])
    assert not isinstance(refused.value, PartlyPutError)
    assert len(bench.requests()) == 10
    assert bench.payloads() == []


def test_a_stream_that_stops_in_the_middle_says_how_far_it_came(bench: Bench) -> None:
    bench.client.then("put_records", None, takes_only(0, 1), *[takes_only()] * 9)
    with pytest.raises(PartlyPutError, match="502 of 600 records were put") as refused:
        bench.stream.put([b"%d" % number for number in range(600)])
    assert refused.value.taken == 502
    assert len(bench.payloads()) == 502


def test_duplicates_meet_on_one_shard() -> None:
    bench = Bench(3, identity=FLIGHT_EVENTS.identity)
    for copy in range(4):
        bench.stream.put(
            [b'{"event_id": "%d", "copy": %d}' % (number, copy) for number in range(50)]
        )
    bench.stream.put([b'{"event_id": %d}' % number for number in range(50)])
    shards: dict[bytes, set[str]] = {}
    for record in records(read_all(bench.stream)):
        shards.setdefault(FLIGHT_EVENTS.identity(record.payload), set()).add(record.shard_id)
    assert len(shards) == 50
    assert {len(found) for found in shards.values()} == {1}
    assert len(set().union(*shards.values())) == 3


@pytest.mark.parametrize(
    ("payload", "identity"),
    [
        (b'{"event_id": "a-1", "x": {"y": [1]}}', b"a-1"),
        (b'{"x": 1, "event_id": 17}', b"17"),
        (b'{"event_id": ""}', b'{"event_id": ""}'),
        (b'{"x": 1}', b'{"x": 1}'),
        (b'{"event_id": "cut o', b'{"event_id": "cut o'),
        (b"[1]", b"[1]"),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"", b""),
    ],
)
def test_the_identity_is_the_key_or_all_of_the_record(payload: bytes, identity: bytes) -> None:
    assert FLIGHT_EVENTS.identity(payload) == identity
