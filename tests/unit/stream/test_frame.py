"""Frames: records in, the same records out, as bytes and as Arrow."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.errors import CorruptDataError
from airside.stream import Frame, Position, Run, SequenceRange, frames_to_arrow, pack, unpack
from airside.stream.frame import RECORDS_SCHEMA
from support.streams import START_US, records

KINESIS = 49_654_321_098_765_432_109_876_543_210_987_654_321_098_765_432_109_876_543
"""As long as a sequence number of Kinesis gets: 56 digits."""


def frame_of(
    payloads: list[bytes], *, first: int = 1, shard: str = "shard-000", at_us: int = START_US
) -> Frame:
    data, size = pack(payloads)
    return Frame(shard, (Run(f"{first:020}", len(payloads), at_us),), data, size)


PAYLOADS = st.lists(st.binary(max_size=30), min_size=1, max_size=20)


@settings(deadline=None)
@given(PAYLOADS)
def test_a_frame_is_a_zstd_file_of_lines(payloads: list[bytes]) -> None:
    frame = frame_of(payloads)
    lines = b"".join(payload.replace(b"\n", b" ") + b"\n" for payload in payloads)
    assert unpack(frame) == lines == zstandard.decompress(frame.data)
    assert frame.raw_bytes == len(lines)
    assert frame.records == len(payloads)


@settings(deadline=None)
@given(st.lists(PAYLOADS, max_size=6))
def test_arrow_equals_the_records(batches: list[list[bytes]]) -> None:
    frames = []
    expected = []
    first = 99_990
    for number, payloads in enumerate(batches):
        shard, at_us = f"shard-{number % 3:03}", START_US + number
        frames.append(frame_of(payloads, first=first, shard=shard, at_us=at_us))
        expected += [
            (at_us, shard, f"{first + index:020}", payload.replace(b"\n", b" "))
            for index, payload in enumerate(payloads)
        ]
        first += len(payloads)
    assert records(frames) == expected


def test_arrow_has_the_schema_and_instants_in_utc() -> None:
    table = frames_to_arrow([frame_of([b"one"], at_us=1)])
    table.validate(full=True)
    assert table.schema == RECORDS_SCHEMA
    (at,) = table.column("arrived_at").to_pylist()
    assert at.replace(tzinfo=UTC) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)
    assert frames_to_arrow([]) == pa.table([[]] * 4, schema=RECORDS_SCHEMA)


def test_sequence_numbers_as_long_as_kinesis_has_them() -> None:
    payloads = [b"one", b"\xff\xfe", b"", b"four"]
    data, size = pack(payloads)
    numbers = [str(KINESIS + step) for step in (0, 17, 18, 400)]
    runs = tuple(Run(number, 1, START_US + step) for step, number in enumerate(numbers))
    frame = Frame("shardId-000000000000", runs, data, size)
    found = records([frame])
    assert [record.sequence_number for record in found] == numbers
    assert [record.arrived_at_us - START_US for record in found] == [0, 1, 2, 3]
    assert [record.payload for record in found] == payloads
    assert (frame.first_sequence_number, frame.last_sequence_number) == (numbers[0], numbers[-1])


def test_a_frame_may_hold_several_runs() -> None:
    data, size = pack([b"a", b"b", b"c", b"d", b"e"])
    runs = (Run(f"{8:020}", 3, START_US), Run(f"{500:020}", 2, START_US + 5))
    found = records([Frame("shard-000", runs, data, size)])
    assert [int(record.sequence_number) for record in found] == [8, 9, 10, 500, 501]
    assert [record.arrived_at_us - START_US for record in found] == [0, 0, 0, 5, 5]


def test_sequence_numbers_keep_their_width_at_every_number_of_digits() -> None:
    for first in (0, 9, 99, 999_999_999, 9_223_372_036_854_775_800):
        frame = frame_of([b""] * 3, first=first)
        assert frame.last_sequence_number == f"{first + 2:020}"
        assert [r.sequence_number for r in records([frame])] == [
            f"{first + step:020}" for step in range(3)
        ]


def damaged(frame: Frame) -> list[Frame]:
    """The frame with each of its bits turned once, and cut off after each of its bytes."""
    data = frame.data
    turned = [
        data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
        for place in range(len(data))
        for bit in range(8)
    ]
    cut = [data[:length] for length in range(len(data))]
    return [
        Frame(frame.shard_id, frame.runs, each, frame.raw_bytes)
        for each in [*turned, *cut, data + b"more", data + data]
    ]


def test_damage_never_passes_for_data() -> None:
    frame = frame_of([b'{"flight": "6E%d", "status": "landed"}' % n for n in range(40)])
    other = frame_of([b"before"])
    good, good_table = unpack(frame), frames_to_arrow([other, frame])
    messages = []
    for each in damaged(frame):
        try:
            assert unpack(each) == good  # a bit that means nothing
        except CorruptDataError as error:
            messages.append(str(error))
        with suppress(CorruptDataError):
            assert frames_to_arrow([other, each]) == good_table
    assert len(messages) > 0.95 * len(damaged(frame))
    assert all(f"{1:020} to {40:020} of shard shard-000" in message for message in messages)


@pytest.mark.parametrize(("records_said", "bytes_said"), [(1, 0), (3, 0), (2, 1), (2, -1)], ids=str)
def test_a_frame_that_is_not_as_it_was_written_down(records_said: int, bytes_said: int) -> None:
    data, size = pack([b"one", b"two"])
    frame = Frame("shard-007", (Run(f"{5:020}", records_said, 0),), data, size + bytes_said)
    with pytest.raises(CorruptDataError, match=r"records 0+5 to .* of shard shard-007"):
        unpack(frame)
    with pytest.raises(CorruptDataError, match=r"records 0+5 to .* of shard shard-007"):
        frames_to_arrow([frame])


def test_two_damages_that_make_up_for_each_other_are_seen() -> None:
    one, two = pack([b"a", b"b"]), pack([b"cc"])
    frames = [
        Frame("shard-000", (Run(f"{1:020}", 1, 0),), *one),
        Frame("shard-000", (Run(f"{2:020}", 2, 0),), *two),
    ]
    with pytest.raises(CorruptDataError, match="expected 1 lines, found 2"):
        frames_to_arrow(frames)


@pytest.mark.parametrize(
    ("after", "through", "shards"),
    [
        ({}, {}, []),
        ({}, {"b": "1", "a": "2"}, ["a", "b"]),
        ({"a": "2", "b": "1"}, {"a": "2", "b": "3"}, ["b"]),
    ],
)
def test_a_range_knows_the_shards_it_covers(
    after: Position, through: Position, shards: list[str]
) -> None:
    assert SequenceRange(after, through).shards == shards


def test_a_range_of_frames_ends_at_the_last_of_each_shard() -> None:
    frames = [
        frame_of([b"x"] * 3, first=1, shard="a"),
        frame_of([b"x"] * 2, first=1, shard="b"),
        frame_of([b"x"] * 4, first=4, shard="a"),
    ]
    planned = SequenceRange.of({"c": f"{9:020}"}, frames)
    assert planned.after == {"c": f"{9:020}"}
    assert planned.through == {"a": f"{7:020}", "b": f"{2:020}", "c": f"{9:020}"}
    assert planned.shards == ["a", "b"]
