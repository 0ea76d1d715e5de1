"""A wrong value gets one clear line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise
from typing import Any

import pytest

from airside.errors import UsageError
from airside.events import Emission
from airside.simulator import MESS_PRESETS, Simulator, SimulatorConfig


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"airport": "AMDX"}, r"airport 'AMDX' is unknown: .* Did you mean .*AMD"),
        ({"airport": "amd"}, r"airport 'amd' is unknown: .* Did you mean AMD"),
        ({"airport": ""}, "airport '' is unknown"),
        ({"flights_per_day": 0}, "flights_per_day is 0: expected a whole number from 2"),
        ({"flights_per_day": 10.5}, r"flights_per_day is 10\.5"),
        ({"seed": True}, "seed is True"),
        ({"telemetry_seconds": 0}, "telemetry_seconds is 0"),
        ({"days": 0}, "days is 0"),
        ({"max_events": -1}, "max_events is -1"),
        ({"start": datetime(2025, 1, 1)}, "expected a datetime in UTC"),  # noqa: DTZ001 - on purpose
        (
            {"start": datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=5)))},
            "expected a datetime in UTC",
        ),
        ({"start": datetime(1999, 1, 1, tzinfo=UTC)}, "start is 1999-01-01"),
        ({"mess": "typical"}, r"MESS_PRESETS\['typical'\]"),
        ({"source_system_id": " "}, "source_system_id is ' '"),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        SimulatorConfig(**values)


@pytest.mark.parametrize(
    "hub",
    ["FRA", "JFK", "SYD", "HND", "LHR", "GRU", "JNB", "HNL", "PPT", "USH", "LYR", "IPC", "KTM"],
)
def test_any_hub_has_a_network(hub: str) -> None:
    """Great airports, small ones, islands far from anywhere."""
    config = SimulatorConfig(airport=hub, flights_per_day=80, max_events=3_000)
    simulator = Simulator(config)
    legs = [leg for line in simulator.lines for leg in line.legs]
    assert len(legs) == 80
    assert all(hub in (leg.origin, leg.destination) for leg in legs)
    others = {leg.origin for leg in legs} | {leg.destination for leg in legs}
    assert len(others) > 4
    assert len(list(simulator.emissions())) == 3_000


def test_ahmedabad_is_served_by_the_airlines_that_serve_it() -> None:
    simulator = Simulator(SimulatorConfig(flights_per_day=600))
    legs = {
        airline: sum(
            len(line.legs) for line in simulator.lines if line.aircraft.carrier.iata == airline
        )
        for airline in {line.aircraft.carrier.iata for line in simulator.lines}
    }
    assert max(legs, key=legs.__getitem__) == "6E"
    assert {"6E", "AI", "IX", "QP"} <= set(legs)
    assert set(legs) & {"EK", "FZ", "EY", "G9", "QR", "WY", "J9", "GF", "SV"}


def test_an_odd_number_of_flights_is_rounded_up_to_pairs() -> None:
    simulator = Simulator(SimulatorConfig(flights_per_day=41))
    assert sum(len(line.legs) for line in simulator.lines) == 42


def test_no_two_aircraft_are_planned_at_one_gate() -> None:
    stays: dict[str, list[tuple[int, int]]] = {}
    for line in Simulator(SimulatorConfig(flights_per_day=400)).lines:
        for before, after in pairwise(line.legs):
            if before.destination == "AMD":
                assert before.arrival_gate == after.departure_gate
                stays.setdefault(before.arrival_gate, []).append((before.arrives, after.departs))
    assert len(stays) > 10
    for visits in stays.values():
        visits.sort()
        assert all(one[1] < two[0] for one, two in pairwise(visits))


def test_flights_know_their_designator_over_days() -> None:
    """The same flight goes the same way at the same time each day."""
    one, other = (
        Simulator(replace(SimulatorConfig(flights_per_day=60), start=start)).lines
        for start in (datetime(2025, 1, 5, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    )
    assert one == other
    designators = [leg.designator for line in one for leg in line.legs]
    assert len(designators) == len(set(designators))


@pytest.mark.parametrize("days", [None, 2_000])
def test_it_ends_before_times_that_the_contract_does_not_know(days: int | None) -> None:
    config = SimulatorConfig(
        start=datetime(2098, 12, 31, tzinfo=UTC), flights_per_day=60, mess=MESS_PRESETS["hostile"]
    )
    end = datetime(2099, 12, 30, tzinfo=UTC)
    simulator = Simulator(replace(config, days=days))

    def after(at: datetime) -> list[Emission]:
        return list(islice(simulator.emissions(int(at.timestamp() * 1e6)), 100_000))

    last = after(end - timedelta(hours=2))
    assert 0 < len(last) < 100_000
    assert end.timestamp() - 600 < last[-1].due_us / 1e6 < end.timestamp()
    assert not any(b'"2100-' in emission.payload for emission in last)
    assert after(end) == after(end + timedelta(days=900)) == []
