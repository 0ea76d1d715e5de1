"""Gates: an aircraft leaves from the gate that it came to, and no two are planned to share one."""

from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from typing import NamedTuple

from airside.simulator.chance import digest
from airside.simulator.line import Line, ScheduledLeg

BETWEEN_VISITS = 20
"""Minutes that a gate is kept free between two aircraft."""
TOWED_AFTER = 90
"""Minutes after which an aircraft that has flown its last leg is towed away."""
OVERNIGHT = -60
"""Aircraft that begin their day at the hub are at their gates by then."""


class _Visit(NamedTuple):
    begins: int
    ends: int
    line: int
    arriving: int
    """Index of the leg that comes; -1 where the aircraft was there overnight."""


def with_gates(hub: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, with a gate at both ends of each leg."""
    at_hub = _hub_gates(_visits(hub, lines))
    return tuple(
        replace(
            line,
            legs=tuple(
                _gated(leg, hub, index, number, at_hub) for index, leg in enumerate(line.legs)
            ),
        )
        for number, line in enumerate(lines)
    )


def _visits(hub: str, lines: Sequence[Line]) -> list[_Visit]:
    """All stays at the hub, by the time at which they begin."""
    visits = []
    for number, line in enumerate(lines):
        legs = line.legs
        if legs[0].origin == hub:
            visits.append(_Visit(OVERNIGHT, legs[0].departs, number, -1))
        for index, leg in enumerate(legs):
            if leg.destination == hub:
                last = index + 1 == len(legs)
                ends = leg.arrives + TOWED_AFTER if last else legs[index + 1].departs
                visits.append(_Visit(leg.arrives, ends, number, index))
    return sorted(visits)


def _hub_gates(visits: list[_Visit]) -> dict[tuple[int, int], str]:
    """(line, arriving leg) → gate: the first that is free, so there are as few as can be."""
    free: list[int] = []
    taken: list[tuple[int, int]] = []
    gates = {}
    for visit in visits:
        while taken and taken[0][0] <= visit.begins - BETWEEN_VISITS:
            heappush(free, heappop(taken)[1])
        gate = heappop(free) if free else len(taken)
        heappush(taken, (visit.ends, gate))
        gates[visit.line, visit.arriving] = _name(gate)
    return gates


def _gated(
    leg: ScheduledLeg, hub: str, index: int, line: int, at_hub: dict[tuple[int, int], str]
) -> ScheduledLeg:
    if leg.origin == hub:
        return replace(
            leg,
            departure_gate=at_hub[line, index - 1],
            arrival_gate=_elsewhere(leg, leg.destination, index),
        )
    return replace(
        leg,
        departure_gate=_elsewhere(leg, leg.origin, index - 1),
        arrival_gate=at_hub[line, index],
    )


def _name(gate: int) -> str:
    pier, place = divmod(gate, 24)
    level, letter = divmod(pier, 26)
    return f"{chr(65 + letter)}{level * 24 + place + 1}"


def _elsewhere(leg: ScheduledLeg, where: str, arriving: int) -> str:
    """A gate at another airport: one for a visit's arrival and departure, every day the same."""
    drawn = digest("gate", where, leg.designator[:2], arriving)
    return f"{'ABCDEF'[drawn % 6]}{1 + drawn // 8 % 30}"
