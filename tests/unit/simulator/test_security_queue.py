"""Security is a queue: what comes, waits or passes."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.simulator.security import (
    LANE_RATE,
    SHOW_UP,
    STEP_MINUTES,
    STEPS,
    expected_arrivals,
    flight_wait,
    flight_waits,
    roster,
    waits,
)


def steady(passengers: float) -> np.ndarray:
    return np.full(STEPS, passengers)


def test_every_passenger_comes_once() -> None:
    assert sum(share for _, share in SHOW_UP) == pytest.approx(1)
    arrivals = expected_arrivals([(200, 150.0), (900, 80.0)])
    assert arrivals.sum() == pytest.approx(230)
    assert arrivals[200 // STEP_MINUTES :].sum() == pytest.approx(80)


def test_fewer_lanes_mean_longer_waits() -> None:
    demand = steady(4 * LANE_RATE * STEP_MINUTES)
    enough, few = (
        np.mean(waits(demand, np.full(STEPS, lanes), random.Random(3))) for lanes in (6, 4)
    )
    assert few > 3 * enough


def test_a_rush_is_worked_off() -> None:
    demand = steady(10.0)
    demand[100:106] = 300.0
    minutes = waits(demand, np.full(STEPS, 4), random.Random(3))
    assert minutes[105] > 15 > 10 * minutes[99]
    assert minutes[200] < 3


def test_more_lanes_are_rostered_where_more_are_expected() -> None:
    demand = steady(10.0)
    demand[120:156] = 200.0
    lanes = roster(demand)
    assert lanes.min() == 1
    assert lanes[138] >= 200 / (LANE_RATE * STEP_MINUTES)


@given(st.floats(0, 500), st.integers(1, 40), st.integers(0, 9))
def test_waits_are_never_negative(passengers: float, lanes: int, seed: int) -> None:
    minutes = waits(steady(passengers), np.full(STEPS, lanes), random.Random(seed))
    assert len(minutes) == STEPS
    assert min(minutes) >= 0


def test_a_flight_waits_as_its_passengers_do() -> None:
    minutes = [0.0] * STEPS
    departs = 600
    for step in range((departs - 125) // STEP_MINUTES, (departs - 40) // STEP_MINUTES):
        minutes[step] = 12.0
    by_step = flight_waits(minutes)
    assert flight_wait(by_step, departs) == 12
    assert flight_wait(by_step, departs + 300) == 0
