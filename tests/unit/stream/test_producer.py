"""Pacing: what is on the stream at which instant, by a clock that only the test moves."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from airside.errors import RetryableError
from airside.events import Emission
from airside.stream import MAX_RECORD_BYTES, Producer

START_US = 1_758_737_730_000_000
SECOND_US = 1_000_000


@dataclass
class World:
    """A clock that waiting moves, and a stream that notes when each put came."""

    max_record_bytes = MAX_RECORD_BYTES

    stop_at: float = float("inf")
    put_seconds: float = 0.0
    """How long a put takes."""
    now: float = 1000.0
    puts: list[tuple[float, list[bytes]]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now = min(self.now + seconds, max(self.now, 1000 + self.stop_at))
        return self.now >= 1000 + self.stop_at

    def put(self, payloads: list[bytes]) -> None:
        assert payloads
        self.now += self.put_seconds
        self.puts.append((self.now - 1000, list(payloads)))

    def run(
        self,
        emissions: Iterable[Emission],
        *,
        speed: float | None = None,
        rate: float | None = None,
    ) -> int:
        producer = Producer(
            self,
            self.monotonic,
            self.wait,
            lambda records, due_us: self.told.append((records, due_us)),
            self.refused.append,
        )
        return producer.run(emissions, speed=speed, rate=rate)

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, put in self.puts for payload in put]

    def put_at(self) -> dict[bytes, float]:
        """Record → the second at which it was put."""
        return {payload: at for at, put in self.puts for payload in put}


def every(seconds: float, count: int) -> list[Emission]:
    """Emissions with so many seconds between one and the next."""
    return [
        Emission(START_US + int(number * seconds * SECOND_US), b"%d" % number)
        for number in range(count)
    ]


def test_as_fast_as_it_goes_waits_for_nothing() -> None:
    world = World()
    assert world.run(every(3600, 12_000)) == 12_000
    assert [len(put) for _, put in world.puts] == [5_000, 5_000, 2_000]
    assert world.payloads == [b"%d" % number for number in range(12_000)]
    assert sum(world.waits) == 0


def test_at_a_speed_each_record_goes_when_it_is_due() -> None:
    world = World()
    assert world.run(every(60, 10), speed=60) == 10
    assert world.put_at() == {b"%d" % n: pytest.approx(n) for n in range(10)}


def test_twice_the_speed_takes_half_the_time() -> None:
    world = World()
    world.run(every(60, 11), speed=120)
    assert world.puts[-1][0] == pytest.approx(5)


def test_at_a_rate_no_more_than_that_goes_in_any_stretch() -> None:
    world = World()
    assert world.run(every(0, 3_000), rate=1_000) == 3_000
    at = [second for second, put in world.puts for _ in put]
    assert at[-1] == pytest.approx(3, abs=0.1)
    sent = 0
    for second, put in world.puts:
        sent += len(put)
        assert sent <= 1_000 * second + 51  # what is put together is due together


def test_a_rate_holds_back_a_source_that_is_faster_than_it() -> None:
    world = World()
    world.run(every(0.001, 200), speed=1, rate=100)
    assert world.puts[-1][0] == pytest.approx(2, abs=0.1)


def test_a_rate_does_not_hurry_a_source_that_is_slower_than_it() -> None:
    world = World()
    world.run(every(1, 4), speed=1, rate=100)
    assert world.puts[-1][0] == pytest.approx(3)


def test_at_a_low_rate_it_puts_a_few_times_a_second_not_once_a_record() -> None:
    world = World()
    world.run(every(0.001, 4_000), speed=1)
    seconds = world.puts[-1][0]
    assert seconds == pytest.approx(4, abs=0.1)
    assert len(world.puts) <= 21 * seconds
    lateness = [second - int(payload) / 1000 for payload, second in world.put_at().items()]
    assert max(lateness) <= 0.06
    assert min(lateness) >= -1e-9


def test_a_late_source_catches_up_without_waiting() -> None:
    world = World(put_seconds=1.0)
    world.run(every(0.1, 100), speed=1)
    assert world.payloads == [b"%d" % number for number in range(100)]
    assert world.puts[-1][0] <= 12  # ten seconds' worth, though a put takes one


def test_out_of_order_records_go_with_their_neighbours() -> None:
    world = World()
    world.run(
        [
            Emission(START_US, b"a"),
            Emission(START_US + 2 * SECOND_US, b"b"),
            Emission(START_US - 5 * SECOND_US, b"late"),
            Emission(START_US + 3 * SECOND_US, b"c"),
        ],
        speed=1,
    )
    assert world.put_at() == {b"a": 0, b"b": 2, b"late": 2, b"c": 3}


def test_it_stops_in_the_middle_of_a_wait_with_all_it_took_put() -> None:
    world = World(stop_at=2.5)
    assert world.run(every(1, 100), speed=1) == 3
    assert world.payloads == [b"0", b"1", b"2"]
    assert world.now == 1002.5


def test_a_long_wait_is_made_of_waits_that_the_system_can_make() -> None:
    day = 86_400.0
    world = World()
    assert world.run(every(1, 2), speed=1 / (3.5 * day)) == 2
    assert world.put_at() == {b"0": 0, b"1": pytest.approx(3.5 * day)}
    assert max(world.waits) <= day

    world = World(stop_at=2.5 * day)
    assert world.run(every(1, 2), speed=1e-300) == 1
    assert max(world.waits) <= day < threading.TIMEOUT_MAX
    assert world.now == 1000 + 2.5 * day


def test_it_stops_in_mid_flight_when_it_never_waits() -> None:
    world = World(stop_at=0)
    assert world.run(every(0, 100_000)) == 5_000 == len(world.payloads)


def test_it_stops_between_two_records_of_an_endless_source() -> None:
    def endless() -> Iterator[Emission]:
        number = 0
        while True:
            yield Emission(START_US + number * SECOND_US, b"%d" % number)
            number += 1

    world = World(stop_at=10)
    assert world.run(endless(), speed=1) == len(world.payloads) == 10


def test_it_tells_how_far_the_source_has_come() -> None:
    world = World()
    world.run(every(1, 4), speed=1)
    assert world.told == [(1, START_US + number * SECOND_US) for number in range(4)]


def test_a_put_is_of_bounded_size() -> None:
    world = World()
    world.run([Emission(START_US, bytes(1_000_000))] * 10)
    assert [len(put) for _, put in world.puts] == [5, 5]


def test_a_source_of_nothing_is_nothing() -> None:
    world = World()
    assert world.run([]) == 0
    assert (world.puts, world.told) == ([], [])


def test_a_record_too_large_for_any_stream_is_left_out_and_told() -> None:
    world = World()
    large = bytes(MAX_RECORD_BYTES + 1)
    emissions = [Emission(START_US, p) for p in (b"a", large, large[:-1], b"b")]
    assert world.run(emissions) == 3
    assert world.payloads == [b"a", large[:-1], b"b"]
    assert world.refused == [MAX_RECORD_BYTES + 1]


def test_an_error_of_the_stream_is_the_callers_to_handle() -> None:
    class Full(World):
        def put(self, payloads: list[bytes]) -> None:
            if len(self.puts) == 1:
                raise RetryableError("full")
            super().put(payloads)

    world = Full()
    with pytest.raises(RetryableError, match="full"):
        world.run(every(1, 4), speed=1)
    assert world.told == [(1, START_US)]  # what is told is what is durable
