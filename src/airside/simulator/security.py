"""Security as a queue: passengers arrive before their flights, open lanes work them off.

A fluid queue in five-minute steps: what arrives joins, the open lanes take what they can, the rest
waits. Lanes are rostered ahead for the passengers expected, within limits; on the day more may
come than expected, and a lane may be missing.
"""

import math
import random

import numpy as np
from numpy.typing import NDArray

STEP_MINUTES = 5
STEPS = 36 * 60 // STEP_MINUTES
"""The queue is followed for 36 hours from the start of the operating day."""
LANE_RATE = 150 / 60
"""Passengers that a lane takes in a minute; modern lanes are planned at 150 an hour."""
SHOW_UP = ((120, 0.15), (105, 0.2), (90, 0.25), (75, 0.2), (60, 0.15), (45, 0.05))
"""Minutes before departure → share of a flight's passengers who come then."""
ROSTER_STEPS = 6
"""Lanes open and close on the half hour."""
ROSTER_MARGIN = 1.07
"""Lanes are rostered for this many times the passengers expected."""
RESERVE_AT, RESERVE_STEPS = 22.0, 4
"""So many steps after the wait has passed these minutes, a quarter more lanes open."""

Steps = NDArray[np.float64]


def expected_arrivals(departures: list[tuple[int, float]]) -> Steps:
    """Passengers who come in each step.

    Args:
        departures: (minute after the operating day begins, passengers expected) of each flight.
    """
    arrivals = np.zeros(STEPS)
    for departs, passengers in departures:
        for before, share in SHOW_UP:
            step = (departs - before) // STEP_MINUTES
            arrivals[min(max(step, 0), STEPS - 1)] += passengers * share
    return arrivals


def terminal_arrivals(peak: float) -> Steps:
    """Passengers at a terminal with a morning and an evening peak: an airport we know less of."""
    minutes = np.arange(STEPS) * STEP_MINUTES % 1_440
    shape = (
        np.exp(-(((minutes - 210) / 130) ** 2))
        + 0.7 * np.exp(-(((minutes - 800) / 190) ** 2))
        + 0.25 * (minutes < 1_140)
    )
    return np.asarray(peak * shape, dtype=np.float64)


def roster(expected: Steps) -> NDArray[np.int64]:
    """Lanes to open in each step for the passengers expected."""
    hourly = expected.reshape(-1, ROSTER_STEPS)
    # people are spread over neighbouring half hours as the queue carries them over
    need = hourly.mean(axis=1)
    smooth = np.convolve(np.pad(need, 1, mode="edge"), (0.2, 0.6, 0.2), mode="valid")
    lanes = np.ceil(smooth * ROSTER_MARGIN / (LANE_RATE * STEP_MINUTES))
    return np.repeat(np.maximum(lanes, 1).astype(np.int64), ROSTER_STEPS)


def waits(expected: Steps, lanes: NDArray[np.int64], chance: random.Random) -> list[float]:
    """Minutes that somebody who comes in each step waits, on one day."""
    busy = math.exp(chance.gauss(0, 0.08))
    queue = 0.0
    minutes: list[float] = []
    missing = 0
    for step, rostered in enumerate(lanes.tolist()):
        if step % ROSTER_STEPS == 0:
            missing = 1 if chance.random() < 0.06 and rostered > 2 else 0
        is_long = step >= RESERVE_STEPS and minutes[step - RESERVE_STEPS] > RESERVE_AT
        reserve = math.ceil(0.25 * rostered) if is_long else 0
        rate = max(1, rostered - missing + reserve) * LANE_RATE
        coming = float(expected[step]) * busy * max(0.0, chance.gauss(1, 0.2))
        queue = max(0.0, queue + coming - rate * STEP_MINUTES)
        minutes.append((queue + coming / 2) / rate)
    return minutes


def flight_waits(minutes: list[float]) -> list[int]:
    """The mean wait of a flight's passengers over the times at which they come, whole minutes.

    One for each step in which the flight may depart.
    """
    total = np.zeros(STEPS)
    steps = np.arange(STEPS)
    for before, share in SHOW_UP:
        came = np.clip(steps - before // STEP_MINUTES, 0, STEPS - 1)
        total += share * np.array(minutes)[came]
    return [round(each) for each in total.tolist()]


def flight_wait(waits_by_step: list[int], departs: int) -> int:
    """The wait of a flight that is to depart at this minute of the operating day."""
    return waits_by_step[min(departs // STEP_MINUTES, STEPS - 1)]
