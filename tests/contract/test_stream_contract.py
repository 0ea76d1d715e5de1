"""What every `Stream` promises, checked on each implementation by the same tests."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airside.errors import CorruptDataError, UsageError
from airside.stream import (
    MAX_RECORD_BYTES,
    Backlog,
    Horizon,
    RecordTooLargeError,
    SequenceRange,
    Stream,
)
from support.streams import (
    IMPLEMENTATIONS,
    START_US,
    StreamUnderTest,
    batch,
    position,
    read_all,
    records,
    start_writer,
)
from support.waiting import eventually

EVERYTHING = {"max_records": 10**9, "max_bytes": 2**40}


@pytest.fixture(params=IMPLEMENTATIONS)
def under_test(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StreamUnderTest]:
    with IMPLEMENTATIONS[request.param](tmp_path) as implementation:
        yield implementation


@pytest.fixture
def stream(under_test: StreamUnderTest) -> Stream:
    return under_test.open()


def received(under_test: StreamUnderTest, records: int) -> int | None:
    """What the stream says it has taken, where it says so."""
    return records if under_test.counts else None


def payloads(stream: Stream) -> list[bytes]:
    return [record.payload for record in records(read_all(stream))]


def test_an_empty_stream_gives_nothing(under_test: StreamUnderTest, stream: Stream) -> None:
    assert stream.read({}, **EVERYTHING) == []
    assert stream.backlog({}) == Backlog(received(under_test, 0), 0, 0, 0, None)


def test_putting_nothing_is_nothing(under_test: StreamUnderTest, stream: Stream) -> None:
    stream.put([])
    assert stream.backlog({}) == Backlog(received(under_test, 0), 0, 0, 0, None)


def test_what_is_put_is_there_for_others_at_once(under_test: StreamUnderTest) -> None:
    writer, reader = under_test.open(), under_test.open()
    writer.put([b"one"])
    assert payloads(reader) == [b"one"]
    writer.put([b"two"])
    assert sorted(payloads(reader)) == [b"one", b"two"]
    assert sorted(payloads(under_test.open())) == [b"one", b"two"]


def test_another_process_shares_the_stream(under_test: StreamUnderTest, stream: Stream) -> None:
    stream.put([b"here"])
    process = start_writer(under_test, "there", puts=1, size=1)
    process.communicate()
    assert sorted(payloads(stream)) == [b"here", b"there 0 0"]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(bytes(range(11, 256)) + bytes(range(10)), id="every byte but LF"),
        pytest.param(b"", id="empty"),
        pytest.param(b" \t ", id="blank"),
        pytest.param(b"carriage return\r", id="CR at the end"),
        pytest.param(b"\x00", id="U+0000"),
        pytest.param(b"\xff\xfe not UTF-8", id="not UTF-8"),
    ],
)
def test_a_record_comes_back_byte_for_byte(stream: Stream, payload: bytes) -> None:
    stream.put([b"before", payload, b"after"])
    assert sorted(payloads(stream)) == sorted([b"before", payload, b"after"])


def test_the_largest_record_comes_back(under_test: StreamUnderTest, stream: Stream) -> None:
    assert stream.max_record_bytes == under_test.max_record_bytes
    assert MAX_RECORD_BYTES - 16 <= stream.max_record_bytes <= MAX_RECORD_BYTES
    payload = b"x" * stream.max_record_bytes
    stream.put([b"before", payload, b"after"])
    assert sorted(payloads(stream)) == sorted([b"before", payload, b"after"])


def test_a_newline_in_a_record_becomes_a_space(stream: Stream) -> None:
    stream.put([b'{"a":\n1}\n', b"\n"])
    assert sorted(payloads(stream)) == [b" ", b'{"a": 1} ']


def test_a_record_over_the_limit_is_refused_with_all_of_its_put(stream: Stream) -> None:
    size = stream.max_record_bytes + 1
    with pytest.raises(RecordTooLargeError, match=rf"record 1 .* {size:,} bytes") as refused:
        stream.put([b"small", b"x" * size])
    assert refused.value.index == 1
    assert isinstance(refused.value, UsageError)
    assert payloads(stream) == []
    stream.put([b"next"])
    assert payloads(stream) == [b"next"]


def test_a_shard_keeps_the_order_of_its_records(stream: Stream) -> None:
    put = [[b"%d %d" % (number, index) for index in range(200)] for number in range(5)]
    for some in put:
        stream.put(some)
    order = {payload: place for place, payload in enumerate(chain(*put))}
    found = records(read_all(stream))
    assert sorted(order) == sorted(record.payload for record in found)
    for _, on_shard in groupby(sorted(found, key=lambda r: r.shard_id), lambda r: r.shard_id):
        of_shard = list(on_shard)
        assert [order[r.payload] for r in of_shard] == sorted(order[r.payload] for r in of_shard)


def test_reading_follows_the_stream_order(under_test: StreamUnderTest, stream: Stream) -> None:
    for number in range(20):
        stream.put(batch("a", number, 50))
    found = records(read_all(stream, max_records=70))
    order = [(r.arrived_at_us // under_test.merged_to_us, *r[1:3]) for r in found]
    assert order == sorted(order)


def test_sequence_numbers_are_text_of_one_width_that_sorts(stream: Stream) -> None:
    for number in range(12):  # past 9 and past 99, where unpadded text would sort otherwise
        stream.put(batch("a", number, 30))
    found = records(read_all(stream))
    assert len({len(record.sequence_number) for record in found}) == 1
    for _, on_shard in groupby(sorted(found, key=lambda r: r.shard_id), lambda r: r.shard_id):
        numbers = [record.sequence_number for record in on_shard]
        assert all(first < second for first, second in pairwise(numbers))


def test_records_are_spread_over_all_shards(under_test: StreamUnderTest, stream: Stream) -> None:
    stream.put(batch("a", 0, 200))
    assert len({frame.shard_id for frame in read_all(stream)}) == under_test.shards


def test_the_same_record_lands_on_the_same_shard(stream: Stream) -> None:
    stream.put(batch("a", 0, 100))
    stream.put(batch("a", 0, 100)[::-1])
    shards = {(record.payload, record.shard_id) for record in records(read_all(stream))}
    assert len(shards) == 100


def test_arrivals_go_on_ascending_when_the_clock_is_set_back(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    if not under_test.set_clock(START_US):
        pytest.skip("its clock is not ours to set")
    for number, now_us in enumerate([START_US, START_US, START_US - 3_600_000_000, START_US + 9]):
        under_test.set_clock(now_us)
        under_test.open().put(batch("a", number, 20))
    arrived: dict[bytes, set[int]] = {}
    for record in records(read_all(stream)):
        arrived.setdefault(record.payload.split()[1], set()).add(record.arrived_at_us)
    assert arrived[b"0"] == {START_US}
    latest = [max(arrived[number]) for number in sorted(arrived)]
    assert all(max(arrived[a]) < min(arrived[b]) for a, b in pairwise(sorted(arrived))), (
        f"arrivals of the puts: {latest}"
    )
    assert latest[-1] == START_US + 9


def test_limits_stop_a_read_but_never_at_nothing(stream: Stream) -> None:
    for number in range(6):
        stream.put(batch("a", number, 400))
    frames = read_all(stream)
    one = stream.read({}, max_records=1, max_bytes=1)
    assert one == frames[:1]
    two = frames[0].records + frames[1].records
    assert stream.read({}, max_records=two, max_bytes=2**30) == frames[:2]
    assert stream.read({}, max_records=two - 1, max_bytes=2**30) == frames[:1]
    size = frames[0].raw_bytes + frames[1].raw_bytes
    assert stream.read({}, max_records=10**9, max_bytes=size) == frames[:2]
    assert stream.read({}, max_records=10**9, max_bytes=size - 1) == frames[:1]


def test_a_planned_range_is_read_again_exactly(under_test: StreamUnderTest, stream: Stream) -> None:
    stream.put(batch("before", 0, 50))
    after = position(stream)
    for number in range(3):
        stream.put(batch("planned", number, 50))
    planned = SequenceRange.of(after, read_all(stream, after))
    stream.put(batch("later", 0, 50))
    again = under_test.open().read(
        planned.after, through=planned.through, max_records=0, max_bytes=0
    )
    found = [record.payload for record in records(again)]
    assert sorted(found) == sorted(chain(*(batch("planned", n, 50) for n in range(3))))
    assert SequenceRange.of(after, again) == planned


def test_a_range_of_one_shard_leaves_the_others_alone(stream: Stream) -> None:
    for number in range(3):
        stream.put(batch("a", number, 60))
    end = position(stream)
    for shard, last in end.items():
        frames = stream.read({}, through={shard: last}, max_records=0, max_bytes=0)
        assert {frame.shard_id for frame in frames} == {shard}
        assert frames[-1].last_sequence_number == last


def test_a_range_that_goes_beyond_the_end_is_missing_records(stream: Stream) -> None:
    stream.put(batch("a", 0, 10))
    shard, last = next(iter(position(stream).items()))
    beyond = str(int(last) + 5).zfill(len(last))
    with pytest.raises(CorruptDataError, match="missing"):
        stream.read({}, through={shard: beyond}, max_records=0, max_bytes=0)


def test_a_backlog_counts_what_lies_after_a_position(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    stream.put([b"12345", b"123"])
    after = position(stream)
    at_end = stream.backlog(after)
    assert at_end == Backlog(received(under_test, 2), 0, 0, 0, None)
    stream.put([b"1"])
    stream.put([b"4444", b"55555"])
    backlog = stream.backlog(after)
    frames = read_all(stream, after)
    assert backlog.received == received(under_test, 5)
    assert backlog.records == 3
    assert backlog.raw_bytes == 1 + 4 + 5 + 3  # an LF each
    assert backlog.stored_bytes == sum(len(frame.data) for frame in frames)
    assert backlog.oldest_arrived_at_us == frames[0].first_arrived_at_us
    assert stream.backlog({}).records == 5


def test_several_backlogs_are_counted_to_one_end(stream: Stream) -> None:
    stream.put(batch("a", 0, 700))
    first = position(stream)
    stream.put(batch("b", 0, 60))
    second = position(stream)
    stream.put(batch("c", 0, 5))
    behind = stream.backlogs([{}, second, first])
    assert [backlog.records for backlog in behind] == [765, 5, 65]
    assert behind == [stream.backlog(after) for after in ({}, second, first)]


def test_the_horizon_leaves_later_records_to_the_next_time(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    now_us = time.time_ns() // 1_000
    under_test.set_clock(now_us)
    stream.put(batch("a", 0, 30))
    horizon = Horizon.of(stream.backlog({}), time.time_ns() // 1_000)
    assert not horizon.is_reached(stream.backlog({}))
    done = position(stream)
    assert horizon.is_reached(stream.backlog(done))
    eventually(lambda: time.time_ns() // 1_000_000 > horizon.at_us // 1_000)  # a later arrival
    stream.put(batch("b", 0, 30))
    assert horizon.is_reached(stream.backlog(done))
    assert not Horizon.of(stream.backlog(done), horizon.at_us + 60_000_000).is_reached(
        stream.backlog(done)
    )


def test_writers_in_several_processes_lose_nothing(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    names = ["a", "b", "c"]
    writers = [start_writer(under_test, name, puts=15, size=100) for name in names]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    found = records(read_all(stream))
    expected = Counter(r for name in names for n in range(15) for r in batch(name, n, 100))
    assert Counter(record.payload for record in found) == expected
    assert stream.backlog({}).received == received(under_test, 4500)
    for name in names:  # a writer's later put never overtakes its earlier one
        mine = [r for r in found if r.payload.startswith(name.encode())]
        numbers = [int(r.payload.split()[1]) for r in sorted(mine, key=lambda r: r[:3])]
        assert numbers == sorted(numbers)
    if under_test.atomic_puts:
        put = [record.payload.rsplit(b" ", 1)[0] for record in found]
        assert len([key for key, _ in groupby(put)]) == 45, "puts are torn apart"


def test_a_writer_killed_in_mid_put_leaves_what_it_was_told_is_there(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    size = under_test.large_put
    for acknowledged in (1, 2, 3):
        name = f"killed{acknowledged}"
        writer = start_writer(under_test, name, puts=10_000, size=size)
        assert writer.stdout is not None
        for _ in range(acknowledged):
            writer.stdout.readline()
        writer.kill()
        more = len(writer.stdout.read().splitlines())
        writer.wait()
        found = Counter(
            int(record.payload.split()[1])
            for record in records(read_all(stream))
            if record.payload.startswith(name.encode())
        )
        told = acknowledged + more
        assert all(found[number] == size for number in range(told))
        assert set(found) <= set(range(told + 1))
        if under_test.atomic_puts:
            assert set(found.values()) == {size}
    before = len(payloads(stream))
    stream.put([b"next"])
    assert len(payloads(stream)) == before + 1
    assert stream.backlog({}).received == received(under_test, before + 1)


def test_trimming_keeps_what_is_not_consumed_and_what_is_young(
    under_test: StreamUnderTest, stream: Stream
) -> None:
    if not under_test.set_clock(START_US):
        pytest.skip("its retention is not ours to set")
    stream.put(batch("old", 0, 30))
    consumed = position(stream)
    stream.put(batch("waiting", 0, 30))
    under_test.set_clock(START_US + 10_000_000)
    stream.put(batch("young", 0, 30))
    end = position(stream)

    assert stream.trim(consumed, START_US) == 0  # nothing is older than that
    assert stream.trim({}, START_US + 10_000_000) == 0  # nothing is consumed
    assert stream.trim(consumed, START_US + 10_000_000) == 30
    assert sorted(r.payload for r in records(read_all(stream, consumed))) == sorted(
        batch("waiting", 0, 30) + batch("young", 0, 30)
    )
    assert stream.trim(end, START_US + 10_000_000) == 30
    assert stream.backlog(end) == Backlog(90, 0, 0, 0, None)
    stream.put(batch("next", 0, 30))
    assert sorted(r.payload for r in records(read_all(stream, end))) == sorted(batch("next", 0, 30))


@pytest.mark.parametrize("rest", [0, 1], ids=["all trimmed", "some left"])
def test_reading_below_the_trim_says_what_is_missing(
    under_test: StreamUnderTest, stream: Stream, rest: int
) -> None:
    if not under_test.set_clock(START_US):
        pytest.skip("its retention is not ours to set")
    stream.put([b"gone"] * 25)
    consumed = position(stream)
    for number in range(rest):
        stream.put(batch("left", number, 30))
    assert stream.trim(consumed, START_US + 10_000_000) == 25
    with pytest.raises(CorruptDataError, match=r"records 1 to 25 of shard-\d+ are missing"):
        read_all(stream)
    with pytest.raises(CorruptDataError, match="missing"):
        stream.read({}, through=consumed, max_records=0, max_bytes=0)
    assert len(records(read_all(stream, consumed))) == 30 * rest


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    puts=st.lists(st.lists(st.binary(max_size=40), max_size=8), max_size=6),
    cuts=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 200)), min_size=1, max_size=5),
)
def test_any_puts_come_back_whatever_the_cutting(
    under_test: StreamUnderTest, puts: list[list[bytes]], cuts: list[tuple[int, int]]
) -> None:
    stream = under_test.open()
    after = at = dict(position(stream))
    for put in puts:
        stream.put(put)
    frames = []
    turn = 0
    while taken := stream.read(
        at, max_records=cuts[turn % len(cuts)][0], max_bytes=cuts[turn % len(cuts)][1]
    ):
        frames += taken
        at = dict(SequenceRange.of(at, taken).through)
        turn += 1
    expected = [payload.replace(b"\n", b" ") for put in puts for payload in put]
    found = [record.payload for record in records(frames)]
    assert Counter(found) == Counter(expected)
    if under_test.shards == 1:
        assert found == expected
    assert frames == stream.read(after, **EVERYTHING)
