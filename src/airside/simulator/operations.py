"""One operating day as it turns out: delays that spread, queues, weather, cancellations.

Legs are worked off in the order in which they leave, each line of flying handing its aircraft from
leg to leg: who comes late leaves late. What happens to a leg is decided when it leaves, from what
is known of the aircraft, the gate, the weather and the runways by then.

The figures are fitted so that whole days meet the published ones (`docs/simulator.md` names them,
`tests/golden/test_simulator_distributions.py` holds them).
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from heapq import heapify, heappop, heappush

from airside.simulator.airfield import Airfield
from airside.simulator.chance import digest, generator, scramble
from airside.simulator.diversion import DIVERTED_OUT_OF_PLACE, divert
from airside.simulator.flight import Flight
from airside.simulator.geography import airport, distance_nm
from airside.simulator.line import Line, ScheduledLeg
from airside.simulator.profile import fly
from airside.simulator.security import flight_wait
from airside.simulator.timetable import day_begins
from airside.simulator.weather import Condition, Weather

ON_TIME_SHARE, LATE_SHARE = 0.575, 0.343
"""Of departures: on time or early; late by minutes. The rest is the power-law tail."""
LATE_MEAN = 12.5
TAIL_FROM, TAIL_EXPONENT, TAIL_UP_TO = 28.0, 1.7, 280.0
"""Minutes; the tail is a Pareto distribution (Sci. Rep. 10.1038/s41598-021-87279-8)."""
EARLIEST_DEPARTURE = 12
CANCELLED_SHARE = 0.011
GIVEN_UP_AFTER = 300
"""Minutes of delay after which a flight and its return are cancelled."""
DIVERTED_SHARE = 0.0015
LOAD_FACTOR = (8.7, 1.719)
"""Beta distribution with the mean of 83.5 % that IATA gives for 2024."""
MISHANDLED_PER_PASSENGER = 0.0063
"""SITA, 2025."""
TAXI_OUT_HUB, TAXI_OUT_ELSEWHERE, TAXI_IN = (12.8, 0.28), (15.8, 0.34), (6.3, 0.36)
"""Median minutes and spread of the logarithm, in fair weather and with nobody in the way."""

_loads = generator("load factors")
_LOADS = tuple(_loads.betavariate(*LOAD_FACTOR) for _ in range(16_384))
"""Drawn ahead: a draw is dear, and there is one for each flight."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A leg whose fate is known, and what it settles of the leg before it."""

    flight: Flight
    inbound: Flight | None = None
    """The leg on which the same aircraft came."""
    turnaround_minutes: int = 0


@dataclass(slots=True)
class _Turn:
    """An aircraft about to fly the next leg of its line."""

    line: Line
    index: int
    free_at: int | None
    """When the aircraft could leave; None for the first leg of the day."""
    inbound: Flight | None
    ready_at: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What an operating day needs to know of the hub and the world around it."""

    hub: str
    seed: int
    lines: tuple[Line, ...]
    weather: Weather
    departure_spacing: float
    arrivals_per_bin: int


class OperatingDay:
    """One day's flights, worked off on demand."""

    def __init__(self, place: Place, day: date, security_waits: dict[str, list[int]]) -> None:
        self._place = place
        self._day = day
        self.begins_at = day_begins(place.hub, day)
        self._waits = dict(security_waits)
        self._chance = generator(place.seed, place.hub, "operations", day.toordinal())
        self._key = digest(place.seed, place.hub, "flights")
        self._airfield = Airfield(place.departure_spacing, place.arrivals_per_bin)
        self._queue: list[tuple[int, int, _Turn]] = []
        self.clock = 0
        """Unix seconds that the day has been worked off to: all that leave earlier are known."""

    def outcomes(self) -> Iterator[Outcome]:
        """The fate of each leg of the day, in about the order of departure."""
        for number, line in enumerate(self._place.lines):
            turn = _Turn(line, 0, None, None)
            yield from self._skip_cancelled(turn)
            if turn.index < len(line.legs):
                self._queue.append((turn.ready_at, number, turn))
        heapify(self._queue)
        while self._queue:
            self.clock, number, turn = heappop(self._queue)
            flight = self._depart(turn)
            minutes = 0
            if turn.inbound is not None:
                minutes = round((flight.off_block_at - turn.inbound.in_block_at) / 60)
            yield Outcome(flight, turn.inbound, minutes)
            turn.index += 1
            if turn.index == len(turn.line.legs):
                continue
            turn.free_at, turn.inbound = self._turn_around(flight)
            yield from self._skip_cancelled(turn)
            if turn.index < len(turn.line.legs):
                heappush(self._queue, (turn.ready_at, number, turn))

    def _skip_cancelled(self, turn: _Turn) -> Iterator[Outcome]:
        """Pass over rotations that are cancelled, then note when the next leg is ready."""
        while turn.index < len(turn.line.legs):
            leg = turn.line.legs[turn.index]
            scheduled = self.begins_at + leg.departs * 60
            condition = self._place.weather.at(leg.origin, scheduled)
            turn.ready_at = self._ready(turn, leg, scheduled, condition)
            if turn.index % 2:
                return
            late = turn.ready_at - scheduled
            ends = self.begins_at + turn.line.legs[turn.index + 1].arrives * 60 + late
            is_too_late = late > GIVEN_UP_AFTER * 60 or ends > self._last_instant(turn.line)
            if not is_too_late and self._chance.random() >= CANCELLED_SHARE + condition.cancels:
                return
            decided = scheduled - round(self._chance.uniform(40, 240)) * 60
            if is_too_late:
                decided = scheduled + round(self._chance.uniform(30, 120)) * 60
            for each in (turn.index, turn.index + 1):
                flight = self._new_flight(turn.line, each)
                begins = flight.scheduled_departure_at - 160 * 60
                flight.cancelled_at = max(decided, begins) + int(self._chance.random() * 60)
                yield Outcome(flight)
            turn.index += 2

    def _ready(self, turn: _Turn, leg: ScheduledLeg, scheduled: int, condition: Condition) -> int:
        """When the leg would leave its gate, in Unix seconds, whole minutes."""
        chance = self._chance
        drawn = chance.random()
        if drawn < ON_TIME_SHARE:
            minutes = chance.gauss(-2.5, 3.0)
        elif drawn < ON_TIME_SHARE + LATE_SHARE:
            minutes = chance.expovariate(1 / LATE_MEAN)
        else:
            minutes = min(TAIL_UP_TO, TAIL_FROM * chance.paretovariate(TAIL_EXPONENT))
        if condition.delay_minutes:
            minutes += chance.expovariate(1 / condition.delay_minutes)
        floor = scheduled - EARLIEST_DEPARTURE * 60 if turn.free_at is None else turn.free_at
        ready = max(scheduled, floor) + minutes * 60
        if turn.index % 2:  # the aircraft has to be back in time for its next day
            flown = (leg.arrives - leg.departs) * 60
            ready = min(ready, self._last_instant(turn.line) - flown)
            ready = min(ready, scheduled + GIVEN_UP_AFTER * 60)
        return 60 * round(max(ready, floor, scheduled - EARLIEST_DEPARTURE * 60) / 60)

    def _last_instant(self, line: Line) -> int:
        return self.begins_at + len(line.tails) * 86_400

    def _turn_around(self, flight: Flight) -> tuple[int, Flight | None]:
        """When the aircraft may leave again, and the leg it came on if it came as planned."""
        if flight.diversion is not None:  # it comes on, empty of news, after a stop elsewhere
            return flight.in_block_at + DIVERTED_OUT_OF_PLACE, None
        kind = flight.aircraft.type
        load = flight.passengers / kind.seats
        minutes = kind.minimum_turnaround * (0.68 + 0.5 * load) * self._chance.gauss(1, 0.07)
        return flight.in_block_at + 60 * math.ceil(max(0.75 * kind.minimum_turnaround, minutes)), (
            flight
        )

    def _new_flight(self, line: Line, index: int) -> Flight:
        chance, place = self._chance, self._place
        leg, kind = line.legs[index], line.aircraft.type
        departs = self.begins_at + leg.departs * 60
        arrives = self.begins_at + leg.arrives * 60
        passengers = round(kind.seats * _LOADS[int(chance.random() * len(_LOADS))])
        a_passenger = 1.25 if kind.is_heavy else 0.78
        bags = max(0, round(passengers * chance.gauss(a_passenger, 0.1)))
        waits = self._waits.get(leg.origin) or self._elsewhere(leg.origin)
        return Flight(
            key=scramble(self._key + departs * 1_000_003 + line.aircraft.index * 64 + index),
            aircraft=line.aircraft,
            tail=line.tail(self._day),
            leg=leg,
            scheduled_departure_at=departs,
            scheduled_arrival_at=arrives,
            passengers=passengers,
            bags_checked=bags,
            bags_loaded=max(0, bags - _poisson(passengers * MISHANDLED_PER_PASSENGER, chance)),
            security_wait_minutes=flight_wait(waits, leg.departs),
            departure_runway=_runway(leg.origin, place.seed, departs // 21_600),
            arrival_runway=_runway(leg.destination, place.seed, arrives // 21_600),
            departure_weather=place.weather.at(leg.origin, departs).wording,
            arrival_weather=place.weather.at(leg.destination, arrives).wording,
        )

    def _elsewhere(self, origin: str) -> list[int]:
        """An airport that we know less of has one of the terminals, always the same."""
        terminals = sorted(name for name in self._waits if name.startswith("terminal"))
        waits = self._waits[origin] = self._waits[terminals[digest(origin) % len(terminals)]]
        return waits

    def _depart(self, turn: _Turn) -> Flight:
        chance, place = self._chance, self._place
        leg, kind = turn.line.legs[turn.index], turn.line.aircraft.type
        flight = self._new_flight(turn.line, turn.index)
        off_block = turn.ready_at
        if turn.free_at is not None:
            flight.reactionary_minutes = max(0, turn.free_at - flight.scheduled_departure_at) / 60
        origin, destination = airport(leg.origin), airport(leg.destination)
        profile = fly(
            distance_nm(leg.origin, leg.destination),
            kind.cruise_kts * min(1.1, max(0.9, chance.gauss(1, 0.025))),
            kind.cruise_ft,
            from_ft=origin.elevation_ft,
            to_ft=destination.elevation_ft,
        )
        there = place.weather.at(leg.destination, off_block + profile.seconds)
        if leg.destination == place.hub:
            off_block += self._airfield.slot_delay(off_block + profile.seconds + 960, there.spacing)
        here = place.weather.at(leg.origin, off_block)
        if leg.origin == place.hub:
            taxi = _lognormal(TAXI_OUT_HUB, chance) * here.taxi
            off_block, takeoff = self._airfield.take_off(off_block, taxi * 60, here.spacing)
        else:
            taxi = min(75.0, _lognormal(TAXI_OUT_ELSEWHERE, chance) * here.taxi)
            takeoff = round(off_block + taxi * 60)
        flight.off_block_at, flight.takeoff_at = off_block, takeoff
        flight.departure_weather = here.wording
        flight.arrival_weather = there.wording
        flight.start, flight.end, flight.profile = origin.vector, destination.vector, profile
        flight.landing_at = takeoff + math.ceil(profile.seconds)
        taxi_in = min(45.0, _lognormal(TAXI_IN, chance) * there.taxi)
        flight.in_block_at = 60 * math.ceil((flight.landing_at + taxi_in * 60) / 60)
        may_divert = flight.in_block_at + 2 * DIVERTED_OUT_OF_PLACE < self._last_instant(turn.line)
        if chance.random() < DIVERTED_SHARE + there.diverts and may_divert:
            flight.diversion = divert(flight, chance)
        return flight


def _lognormal(median_and_spread: tuple[float, float], chance: random.Random) -> float:
    median, spread = median_and_spread
    return median * math.exp(chance.gauss(0, spread))


def _poisson(mean: float, chance: random.Random) -> int:
    """Knuth's method: fine for means of a few."""
    least, product, count = math.exp(-mean), chance.random(), 0
    while product > least:
        product *= chance.random()
        count += 1
    return count


@lru_cache(maxsize=4_096)
def _runway(iata: str, seed: int, quarter: int) -> str:
    """The runway in use at an airport: its direction turns with the wind, now and then."""
    layout = digest("runway", iata)
    direction = 1 + layout % 18
    if digest(seed, "wind", iata, quarter) % 4 == 0:
        direction += 18
    return f"{direction:02d}{('', '', 'L', 'R')[layout // 32 % 4]}"
