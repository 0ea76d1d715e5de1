"""The timetable: which aircraft flies which legs, at which minute, from which gate.

It is the same every operating day. A day begins at three in the morning at the hub, where each
aircraft begins its line of flying at its base and ends it there.
"""

import math
import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from airside.simulator.chance import generator
from airside.simulator.fleet import AircraftType
from airside.simulator.gates import with_gates
from airside.simulator.geography import airport, distance_nm
from airside.simulator.line import Line, ScheduledLeg
from airside.simulator.network import DAYS_OF_A_LONG_LINE, Aircraft, Network, registration
from airside.simulator.profile import fly

DAY_BEGINS_HOUR = 3
FIRST_MINUTE = 75
LAST_MINUTE = 22 * 60
"""Lines of one day are scheduled between these minutes after the day begins."""

BANK_MINUTES = 120
BANK_OPEN_MINUTES = 80
"""Departures from the hub fall into the first part of each bank, as connections want it."""

TAXI_OUT_ALLOWANCE = 15
TAXI_IN_ALLOWANCE = 6
BLOCK_PADDING = 10.8
"""Minutes that a schedule allows beyond the flight itself."""


def day_begins(hub: str, day: date) -> int:
    """Unix seconds at which the operating day of this date begins at the hub."""
    zone = ZoneInfo(airport(hub).timezone)
    local = datetime(day.year, day.month, day.day, DAY_BEGINS_HOUR, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp())


def build_timetable(hub: str, flights: int, seed: int) -> tuple[Line, ...]:
    """Lines of flying with this many legs in all (one more where the number is odd)."""
    network = Network(hub, seed)
    wanted = flights + flights % 2
    lines: list[Line] = []
    registered: dict[str, int] = {}
    while wanted > 0:
        aircraft = network.aircraft(len(lines))
        chance = generator(seed, hub, "line", aircraft.index)
        legs = _fly_line(aircraft, network, chance)[:wanted]
        wanted -= len(legs)
        prefix = aircraft.carrier.prefix
        first = registered.get(prefix, 0)
        count = DAYS_OF_A_LONG_LINE if legs[-1].arrives > LAST_MINUTE else 1
        registered[prefix] = first + count
        tails = tuple(registration(prefix, first + turn) for turn in range(count))
        lines.append(Line(aircraft, tuple(legs), tails))
    return with_gates(hub, lines)


def block_minutes(kind: AircraftType, origin: str, destination: str) -> int:
    """Scheduled minutes from off-block to in-block, in steps of five."""
    flown = fly(distance_nm(origin, destination), kind.cruise_kts, kind.cruise_ft).seconds / 60
    allowed = TAXI_OUT_ALLOWANCE + flown + TAXI_IN_ALLOWANCE + BLOCK_PADDING
    return 5 * round(allowed / 5)


def _fly_line(aircraft: Aircraft, network: Network, chance: random.Random) -> list[ScheduledLeg]:
    kind, hub = aircraft.type, network.hub
    from_hub = aircraft.base == hub
    choice = network.routes(kind.code, aircraft.carrier.country) if from_hub else None
    legs: list[ScheduledLeg] = []
    ready: int | None = None
    while len(legs) < 18:
        for _ in range(3):
            other = choice.draw(chance) if choice else aircraft.base
            out, back = (hub, other) if from_hub else (other, hub)
            there, here = block_minutes(kind, out, back), block_minutes(kind, back, out)
            between = _scheduled_turnaround(kind, chance)
            departs = _first_departure(kind, there, from_hub, chance) if ready is None else ready
            arrives = departs + there
            again = arrives + between if from_hub else _into_bank(arrives + between, chance)
            if again + here <= LAST_MINUTE:
                break
        else:
            if legs:
                break
            if not kind.is_heavy:  # leave as early as it takes
                departs = max(FIRST_MINUTE, departs - (again + here - LAST_MINUTE))
                arrives = departs + there
                again = arrives + between
        number = aircraft.number + len(legs)
        carrier = aircraft.carrier.iata
        legs.append(ScheduledLeg(f"{carrier}{number}", out, back, departs, arrives))
        legs.append(ScheduledLeg(f"{carrier}{number + 1}", back, out, again, again + here))
        ready = again + here + _scheduled_turnaround(kind, chance)
        if from_hub:
            ready = _into_bank(ready, chance)
        if kind.is_heavy or chance.random() < 0.06:
            break
    return legs


def _first_departure(kind: AircraftType, block: int, from_hub: bool, chance: random.Random) -> int:
    """Early banks fill first; long-haul leaves at any hour but the dead of night."""
    if kind.is_heavy:
        bank = chance.choice((0, 1, 2, 4, 5, 6, 7, 8, 8, 9))
    else:
        bank = chance.choices((0, 1, 2, 3, 4), weights=(56, 20, 12, 7, 5))[0]
    into = chance.triangular(0, BANK_OPEN_MINUTES, BANK_OPEN_MINUTES * 0.4)
    at_hub = FIRST_MINUTE + 15 + bank * BANK_MINUTES + into
    if from_hub:
        return _five(at_hub)
    return max(FIRST_MINUTE, _five(at_hub + BANK_MINUTES - 50 - block))


def _scheduled_turnaround(kind: AircraftType, chance: random.Random) -> int:
    """Minutes between two legs. The spread is fitted to EUROCONTROL's turnaround percentiles."""
    median, spread = (93, 0.38) if kind.is_heavy else (42, 0.38)
    drawn = chance.lognormvariate(math.log(median), spread)
    return max(5 * math.ceil((kind.minimum_turnaround + 4) / 5), _five(drawn))


def _into_bank(minute: int, chance: random.Random) -> int:
    """This minute where it falls into a bank's departures, else one early in the next bank."""
    into = (minute - FIRST_MINUTE - 15) % BANK_MINUTES
    if into <= BANK_OPEN_MINUTES:
        return minute
    return minute + _five(BANK_MINUTES - into + chance.triangular(0, 25, 0))


def _five(minutes: float) -> int:
    return 5 * round(minutes / 5)
