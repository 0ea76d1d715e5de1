from collections.abc import Sequence

import duckdb
import pytest

from airside.errors import CorruptDataError
from airside.silver.ahead import Preparation
from airside.silver.kernel import Kernel
from airside.stream import Frame, Position, Run, SequenceRange
from airside.stream.frame import pack

SHARD = "shard-0"


def frame(number: int, *, damaged: bool = False) -> Frame:
    """A frame of one refused record."""
    data, size = pack([b"{}"])
    return Frame(SHARD, (Run(f"{number:020}", 1, number),), b"?" if damaged else data, size)


class Frames:
    """A source that notes from where it was read."""

    def __init__(self, *frames: Frame) -> None:
        self.frames = frames
        self.asked: list[str] = []
        self.fails = False

    def read(
        self,
        after: Position,
        *,
        through: Position | None = None,
        max_records: int,
        max_bytes: int,  # noqa: ARG002 - the protocol's
    ) -> list[Frame]:
        self.asked.append(after.get(SHARD, ""))
        if self.fails:
            raise CorruptDataError("records are missing")
        end = "9" if through is None else through[SHARD]
        found = [f for f in self.frames if after.get(SHARD, "") < f.last_sequence_number <= end]
        return found if through is not None else found[:max_records]


def preparation(source: Frames, max_records: int, max_bytes: int = 10**6) -> Preparation:
    with duckdb.connect() as connection:
        return Preparation(
            source, Kernel(connection, threads=1), max_records=max_records, max_bytes=max_bytes
        )


def sequence_numbers(judged: Sequence[object]) -> list[int]:
    return [int(str(number)) for number in judged]


def test_what_follows_a_full_batch_is_read_beside_it_and_only_once() -> None:
    source = Frames(*(frame(number) for number in range(1, 5)))
    batches = preparation(source, max_records=2)

    first = batches.next({})
    assert first is not None
    batches.look_ahead(first)
    asked = list(source.asked)
    second = batches.next(first.planned.through)
    assert second is not None

    assert len(asked) == 2
    assert source.asked == asked
    assert [
        sequence_numbers(batch.judged().refused["sequence_number"].to_pylist())
        for batch in (first, second)
    ] == [[1, 2], [3, 4]]


def test_a_batch_ends_with_its_day() -> None:
    midnight_us = 20_000 * 86_400_000_000
    source = Frames(*(frame(midnight_us + after) for after in (-2, -1, 0, 5)))
    batches = preparation(source, max_records=10)

    first = batches.next({})
    assert first is not None
    assert (first.first_arrived_at_us, first.last_arrived_at_us) == (
        midnight_us - 2,
        midnight_us - 1,
    )
    second = batches.next(first.planned.through)
    assert second is not None
    assert (second.first_arrived_at_us, second.last_arrived_at_us) == (midnight_us, midnight_us + 5)


def test_nothing_is_begun_after_a_small_batch() -> None:
    source = Frames(frame(1))
    batches = preparation(source, max_records=10)

    batch = batches.next({})
    assert batch is not None
    batches.look_ahead(batch)

    assert source.asked == [""]


def test_what_was_begun_for_another_place_is_not_used() -> None:
    source = Frames(*(frame(number) for number in range(1, 5)))
    batches = preparation(source, max_records=2)
    first = batches.next({})
    assert first is not None
    batches.look_ahead(first)

    again = batches.next({})

    assert again is not None
    assert again.planned == first.planned


def test_an_error_while_looking_ahead_is_told_at_its_own_turn() -> None:
    source = Frames(frame(1), frame(2), frame(3, damaged=True))
    batches = preparation(source, max_records=2)
    first = batches.next({})
    assert first is not None
    source.fails = True
    batches.look_ahead(first)  # says nothing
    assert first.judged().refused.num_rows == 2

    with pytest.raises(CorruptDataError, match="missing"):
        batches.next(first.planned.through)
    source.fails = False
    damaged = batches.next(first.planned.through)
    assert damaged is not None
    with pytest.raises(CorruptDataError, match="decompressed"):
        damaged.judged()


def test_a_planned_batch_is_prepared_whatever_the_limits_are() -> None:
    source = Frames(*(frame(number) for number in range(1, 5)))
    planned = SequenceRange({}, {SHARD: f"{3:020}"})

    batch = preparation(source, max_records=1).planned(planned)

    assert batch.planned == planned
    assert batch.judged().records.num_rows == 3


def test_memory_is_used_again_only_once_nobody_holds_the_records() -> None:
    lines = [b'{"n": %d}' % number for number in range(6)]
    frames = []
    for number, line in enumerate(lines):
        data, size = pack([line])
        frames.append(Frame(SHARD, (Run(f"{number:020}", 1, number),), data, size))
    batches = preparation(Frames(*frames), max_records=1, max_bytes=size)
    held, addresses = [], []
    after: Position = {}
    for number in range(len(lines)):
        batch = batches.next(after)
        assert batch is not None
        batches.look_ahead(batch)
        payload = batch.judged().records["payload"]
        addresses.append(payload.chunk(0).buffers()[2].address)
        if number < 3:
            held.append(payload)
        after = batch.planned.through
        del batch, payload

    assert [row.as_py() for payload in held for row in payload] == [
        line + b"\n" for line in lines[:3]
    ]
    assert len(set(addresses[:3])) == 3
    assert len(set(addresses)) < len(addresses)
