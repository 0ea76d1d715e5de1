"""The source of messages: flights acted out on the simulated clock.

What enters is a configuration, what leaves are `Emission`s, due in simulated time. Nothing is
stored: the same configuration gives the same bytes, and `after_us` enters them at any instant, so
a crash costs nothing but the time to get there.
"""

from collections.abc import Iterator
from itertools import islice, takewhile

from airside.events import Emission
from airside.simulator.config import END, SimulatorConfig
from airside.simulator.disorder import Disorder, longest_delay
from airside.simulator.line import Line
from airside.simulator.plan import Plan
from airside.simulator.stage import Stage

US = 1_000_000
_STRETCHES = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800)
"""Seconds of simulated time that are worked off at once."""
_MESSAGES_AT_ONCE = 6_000
_MEAN_AIRBORNE_SECONDS = 5_400


class Simulator:
    """The flights of one hub, telling of themselves."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._plan = Plan(config.airport, config.flights_per_day, config.seed)
        a_second = (
            config.flights_per_day * (_MEAN_AIRBORNE_SECONDS / config.telemetry_seconds + 12)
        ) / 86_400
        fitting = [each for each in _STRETCHES if each * a_second <= _MESSAGES_AT_ONCE]
        self._stretch = max(fitting, default=_STRETCHES[0])

    @property
    def lines(self) -> tuple[Line, ...]:
        """The timetable: what each aircraft flies in an operating day."""
        return self._plan.lines

    def emissions(self, after_us: int | None = None) -> Iterator[Emission]:
        """The messages, in the order in which they are due; no two at the same microsecond.

        Args:
            after_us: leave out what is due by this instant (simulated, Unix microseconds): what
                follows is, byte for byte, what would have followed. `max_events` counts from here.

        Yields:
            Emissions through 2099-12-29, unless the configuration has `days` or `max_events`.
        """
        config = self._config
        start = int(config.start.timestamp())
        skip_us = start * US - 1 if after_us is None else max(after_us, start * US - 1)
        end = int(END.timestamp())
        if config.days is not None:
            end = min(end, start + config.days * 86_400)
        emissions = _until(self._run(start, skip_us), end * US)
        yield from islice(emissions, config.max_events)

    def _run(self, start: int, skip_us: int) -> Iterator[Emission]:
        config = self._config
        delay = longest_delay(config.mess, config.telemetry_seconds)
        begins = max(start, skip_us // US - delay) // self._stretch * self._stretch
        disorder = Disorder(config.mess, config.telemetry_seconds)
        stage = Stage(self._plan, config, begins, self._stretch)
        while True:
            ends = begins + self._stretch
            for message in stage.play(begins, since=start, after_us=skip_us):
                if message.mess or disorder.is_involved(message.due_us):
                    yield from disorder.pass_on(message, skip_us)
                elif message.due_us > skip_us:
                    yield Emission(message.due_us, message.payload)
            yield from disorder.release(ends * US, skip_us)
            begins = ends


def _until(emissions: Iterator[Emission], end_us: int) -> Iterator[Emission]:
    return takewhile(lambda emission: emission.due_us < end_us, emissions)
