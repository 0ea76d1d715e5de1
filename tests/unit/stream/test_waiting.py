"""How long records have waited, whatever happens to the wall clock."""

from airside.stream import Waiting

SECOND_US = 1_000_000
START_US = 1_758_736_800_000_000


class Clocks:
    """A wall clock that may be set, and one that only goes on."""

    def __init__(self) -> None:
        self.now_us = START_US
        self.seconds = 500.0
        self.waiting = Waiting(lambda: self.now_us, lambda: self.seconds)

    def go_on(self, seconds: float) -> None:
        self.now_us += int(seconds * SECOND_US)
        self.seconds += seconds


def test_a_record_has_waited_since_it_arrived() -> None:
    clocks = Clocks()
    clocks.go_on(90)
    assert clocks.waiting.seconds(START_US) == 90
    clocks.go_on(0.5)
    assert clocks.waiting.seconds(START_US) == 90.5
    assert clocks.waiting.seconds(START_US + 60 * SECOND_US) == 30.5


def test_after_the_clock_was_set_back_a_record_waits_since_it_was_seen() -> None:
    clocks = Clocks()
    arrived_us = clocks.now_us
    clocks.now_us -= 7_200 * SECOND_US
    assert clocks.waiting.seconds(arrived_us) == 0
    clocks.go_on(61)
    assert clocks.waiting.seconds(arrived_us) == 61
    assert clocks.waiting.seconds(arrived_us + 1) == 0  # another one is the oldest now
    clocks.go_on(5)
    assert clocks.waiting.seconds(arrived_us + 1) == 5
    clocks.go_on(7_200)
    assert clocks.waiting.seconds(arrived_us + 1) == 7_205
