"""The same seed gives the same bytes, entered at any instant."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest

from airside.simulator import MESS_PRESETS, Simulator, SimulatorConfig

CONFIG = SimulatorConfig(flights_per_day=120, days=2)


@pytest.mark.parametrize("mess", sorted(MESS_PRESETS))
def test_same_seed_gives_the_same_bytes(mess: str) -> None:
    config = replace(CONFIG, mess=MESS_PRESETS[mess], days=1)
    assert list(Simulator(config).emissions()) == list(Simulator(config).emissions())


def test_one_simulator_can_be_read_twice_at_once() -> None:
    simulator = Simulator(CONFIG)
    alone = list(simulator.emissions())
    one, other = simulator.emissions(), simulator.emissions()
    first = list(islice(one, len(alone) // 2))
    assert list(other) == alone
    assert first + list(one) == alone


def test_another_seed_gives_another_day() -> None:
    one, other = (
        [emission.payload for emission in Simulator(replace(CONFIG, seed=seed)).emissions()]
        for seed in (1, 2)
    )
    assert not set(one) & set(other)


@pytest.mark.parametrize("mess", sorted(MESS_PRESETS))
@pytest.mark.parametrize("telemetry_seconds", [7, 60, 600])
def test_goes_on_where_it_was(mess: str, telemetry_seconds: int) -> None:
    days = 1 if telemetry_seconds == 7 else 2
    config = replace(
        CONFIG,
        flights_per_day=20 if telemetry_seconds == 7 else 60,
        mess=MESS_PRESETS[mess],
        telemetry_seconds=telemetry_seconds,
        days=days,
    )
    whole = list(Simulator(config).emissions())
    for place in random.Random(5).sample(range(len(whole)), 3):
        rest = list(Simulator(config).emissions(after_us=whole[place].due_us))
        assert rest == whole[place + 1 :]


def test_after_an_instant_before_the_start_is_the_start() -> None:
    config = replace(CONFIG, max_events=50)
    assert list(Simulator(config).emissions(after_us=0)) == list(Simulator(config).emissions())


def test_a_later_start_tells_of_the_same_flights() -> None:
    """The start cuts a running operation; it does not make another one."""
    later = replace(CONFIG, start=datetime(2025, 9, 25, tzinfo=UTC), days=1)
    cut_us = int(later.start.timestamp()) * 1_000_000
    whole = [e for e in Simulator(CONFIG).emissions() if e.due_us >= cut_us]
    assert list(Simulator(later).emissions()) == whole


@pytest.mark.parametrize("mess", sorted(MESS_PRESETS))
def test_due_times_only_rise(mess: str) -> None:
    emissions = list(Simulator(replace(CONFIG, mess=MESS_PRESETS[mess])).emissions())
    assert all(a.due_us < b.due_us for a, b in pairwise(emissions))


def test_days_and_max_events_end_it() -> None:
    start_us = int(CONFIG.start.timestamp()) * 1_000_000
    dues = [emission.due_us for emission in Simulator(CONFIG).emissions()]
    assert start_us <= dues[0] < start_us + 60_000_000
    assert start_us + 47 * 3_600_000_000 < dues[-1] < start_us + 48 * 3_600_000_000
    endless = replace(CONFIG, days=None)
    assert len(list(Simulator(replace(endless, max_events=7)).emissions())) == 7
    assert len(list(islice(Simulator(endless).emissions(), 30_000))) == 30_000


def test_event_ids_are_unique_over_days_and_seeds() -> None:
    ids = [
        json.loads(emission.payload)["event_id"]
        for seed in (1, 2)
        for emission in Simulator(replace(CONFIG, seed=seed, days=4)).emissions()
    ]
    assert len(ids) == len(set(ids))
    assert len(ids[0]) == 36
