"""The flights of all operating days, in good time before anything is heard of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from airside.simulator.airfield import capacity
from airside.simulator.chance import generator
from airside.simulator.line import Line
from airside.simulator.operations import OperatingDay, Outcome, Place
from airside.simulator.security import (
    expected_arrivals,
    flight_waits,
    roster,
    terminal_arrivals,
    waits,
)
from airside.simulator.timetable import build_timetable, day_begins
from airside.simulator.weather import Weather

LEAD_SECONDS = 16 * 3_600
"""An outcome is known at the latest this long after the first news of the flight: a flight up to
five hours late, whose return waits for it, with a diversion and a queue on top."""
BEFORE_DAY_SECONDS = 3 * 3_600
"""No flight is heard of earlier than this before its operating day begins."""
SETTLING_MINUTES = 90
"""How long after its last instant a line may still send: it is on its way to the gate."""
LATEST_MINUTES = 600
"""How late a line may end; those of one day end in time for the next, whatever happens."""
TERMINAL_PEAKS = (60, 110, 180, 320)
"""Passengers in five minutes at the peak of a terminal that is not the hub's."""
EXPECTED_LOAD = 0.835


class Plan:
    """A source of outcomes that is asked for more as simulated time goes on."""

    def __init__(self, hub: str, flights: int, seed: int) -> None:
        self._seed = seed
        lines = build_timetable(hub, flights, seed)
        self._place = Place(hub, seed, lines, Weather(seed), *capacity(hub, lines))
        self._longest_minutes = max(map(_last_minute, lines))
        self._queues = {hub: expected_arrivals(_departures(hub, lines))} | {
            f"terminal {peak}": terminal_arrivals(peak) for peak in TERMINAL_PEAKS
        }

    @property
    def lines(self) -> tuple[Line, ...]:
        """The timetable."""
        return self._place.lines

    def begin(self, second: int) -> "Course":
        """The course of things from the earliest day that may have something to say by then."""
        day = datetime.fromtimestamp(second, UTC).date() + timedelta(days=1)
        while self.day_begins(day) + self._longest_minutes * 60 > second:
            day -= timedelta(days=1)
        return Course(self, day + timedelta(days=1))

    def day_begins(self, day: date) -> int:
        """Unix seconds at which the operating day of this date begins."""
        return day_begins(self._place.hub, day)

    def day(self, day: date) -> OperatingDay:
        """An operating day, yet to be worked off; what the weather was long before is dropped."""
        self._place.weather.forget_before(self.day_begins(day) - 4 * 86_400)
        security = {
            where: flight_waits(
                waits(
                    expected,
                    roster(expected),
                    generator(self._seed, self._place.hub, "security", where, day.toordinal()),
                )
            )
            for where, expected in self._queues.items()
        }
        return OperatingDay(self._place, day, security)


class Course:
    """The outcomes of one day after another, as simulated time goes on."""

    def __init__(self, plan: Plan, first_day: date) -> None:
        self._plan = plan
        self._next_day = first_day
        self._running: list[tuple[OperatingDay, Iterator[Outcome]]] = []

    def outcomes(self, until: int) -> Iterator[Outcome]:
        """The outcomes not yet given of all flights that are heard of before this instant.

        Some that are heard of later are among them.
        """
        while self._plan.day_begins(self._next_day) - BEFORE_DAY_SECONDS < until:
            day = self._plan.day(self._next_day)
            self._running.append((day, day.outcomes()))
            self._next_day += timedelta(days=1)
        ended = []
        for day, outcomes in self._running:
            while day.clock < until + LEAD_SECONDS:
                outcome = next(outcomes, None)
                if outcome is None:
                    ended.append(day)
                    break
                yield outcome
        if ended:
            self._running = [each for each in self._running if each[0] not in ended]


def _last_minute(line: Line) -> int:
    """Minutes after its operating day begins at which a line is over, whatever happens."""
    return min(line.legs[-1].arrives + LATEST_MINUTES, len(line.tails) * 1_440) + SETTLING_MINUTES


def _departures(hub: str, lines: tuple[Line, ...]) -> list[tuple[int, float]]:
    return [
        (leg.departs, line.aircraft.type.seats * EXPECTED_LOAD)
        for line in lines
        for leg in line.legs
        if leg.origin == hub
    ]
