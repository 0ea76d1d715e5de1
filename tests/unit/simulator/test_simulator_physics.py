"""No message breaks physics, and each is in the contract's shape."""

import json
import math
import re
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from airside.events import Emission
from airside.events.vocabulary import FLIGHT_STATUSES
from airside.simulator import Simulator, SimulatorConfig
from airside.simulator.fleet import AIRCRAFT_TYPES
from airside.simulator.geography import airport

Event = dict[str, Any]
Key = tuple[str, str, str]
Place = tuple[float, float]

DAYS = 3
ORDER = {status: place for place, status in enumerate(FLIGHT_STATUSES)}
SAMPLE = {
    "event_id": None,
    "event_timestamp": None,
    "source_system_id": None,
    "flight_details": ["flight_icao", "airline_iata", "tail_number"],
    "route_info": [
        "departure_airport_iata",
        "arrival_airport_iata",
        "departure_gate",
        "arrival_gate",
        "scheduled_departure_utc",
        "scheduled_arrival_utc",
        "actual_departure_utc",
        "actual_arrival_utc",
    ],
    "operational_data": [
        "taxi_time_minutes",
        "turnaround_time_minutes",
        "runway_in_use",
        "passenger_count",
        "baggage_count",
        "security_wait_time_minutes",
        "aircraft_type",
        "weather_conditions",
    ],
    "live_telemetry": [
        "location_str",
        "altitude_ft",
        "ground_speed_kts",
        "vertical_speed_fps",
        "heading",
        "flight_status",
    ],
}


def instant(value: str | int) -> int:
    """Event time of any of the three forms, in Unix seconds."""
    if isinstance(value, int):
        return value
    form = "%d/%b/%Y %H:%M:%S" if "/" in value else "%Y-%m-%dT%H:%M:%SZ"
    return int(datetime.strptime(value, form).replace(tzinfo=UTC).timestamp())


def utc(value: str) -> int:
    return int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp())


def miles(a: Place, b: Place) -> float:
    (lat1, lon1), (lat2, lon2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 3440.065 * math.asin(math.sqrt(half))


@pytest.fixture(scope="module")
def emissions() -> list[Emission]:
    return list(Simulator(SimulatorConfig(flights_per_day=320, seed=9, days=DAYS)).emissions())


@pytest.fixture(scope="module")
def events(emissions: list[Emission]) -> list[Event]:
    return [json.loads(emission.payload) for emission in emissions]


@pytest.fixture(scope="module")
def legs(events: list[Event]) -> dict[Key, list[Event]]:
    """The events of each leg, in order."""
    found = defaultdict(list)
    for event in events:
        route = event["route_info"]
        key = (
            event["flight_details"]["flight_icao"],
            route["departure_airport_iata"],
            route["scheduled_departure_utc"],
        )
        found[key].append(event)
    return found


def status(event: Event) -> str:
    return event["live_telemetry"]["flight_status"].strip().lower()


def test_shape_is_the_samples(events: list[Event]) -> None:
    for event in events[::50]:
        assert list(event) == list(SAMPLE)
        for section, names in SAMPLE.items():
            if names:
                assert list(event[section]) == names


def test_codes_are_of_the_contract(events: list[Event]) -> None:
    assert {status(event) for event in events} == set(FLIGHT_STATUSES)
    for event in events[::20]:
        route = event["route_info"]
        assert re.fullmatch(r"[A-Z]{3}", route["departure_airport_iata"])
        assert "AMD" in (route["departure_airport_iata"], route["arrival_airport_iata"])
        assert event["operational_data"]["aircraft_type"] in AIRCRAFT_TYPES
        assert event["source_system_id"] == "simulator-v8.0-time-compressed"


def test_messages_are_sent_as_they_happen(emissions: list[Emission], events: list[Event]) -> None:
    for emission, event in zip(emissions, events, strict=True):
        sent_after_us = emission.due_us - instant(event["event_timestamp"]) * 1_000_000
        assert 0 <= sent_after_us < 1_000_000


def test_the_four_irregularities_have_their_rates(events: list[Event]) -> None:
    count = len(events)
    ways = [
        "epoch" if isinstance(value, int) else "slashes" if "/" in value else "iso"
        for value in (event["event_timestamp"] for event in events)
    ]
    for way in ("epoch", "slashes", "iso"):
        assert ways.count(way) / count == pytest.approx(1 / 3, abs=0.01)
    telemetry = [event["live_telemetry"] for event in events]
    odd = sum(each["flight_status"] not in FLIGHT_STATUSES for each in telemetry)
    assert odd / count == pytest.approx(0.20, abs=0.01)
    for field in ("heading", "vertical_speed_fps"):
        missing = sum(each[field] is None for each in telemetry)
        assert missing / count == pytest.approx(0.10, abs=0.01)
    assert all(re.fullmatch(r"-?\d+\.\d+;-?\d+\.\d+", each["location_str"]) for each in telemetry)


def test_never_more_passengers_than_seats(events: list[Event]) -> None:
    for event in events:
        operations = event["operational_data"]
        passengers = operations["passenger_count"]
        assert (
            passengers is None
            or 0 < passengers <= AIRCRAFT_TYPES[operations["aircraft_type"]].seats
        )
        for field in ("baggage_count", "security_wait_time_minutes", "taxi_time_minutes"):
            assert operations[field] is None or operations[field] >= 0


def test_nothing_lands_before_it_departs_and_nothing_is_known_ahead(events: list[Event]) -> None:
    for event in events:
        at, route = instant(event["event_timestamp"]), event["route_info"]
        departed, arrived = route["actual_departure_utc"], route["actual_arrival_utc"]
        assert utc(route["scheduled_departure_utc"]) < utc(route["scheduled_arrival_utc"])
        if departed:
            assert utc(departed) <= at
        if arrived:
            assert utc(departed) < utc(arrived) <= at
        assert (departed is not None) == (
            status(event) in ("departing", "en-route", "landed", "diverted")
        )


def test_statuses_follow_each_other(legs: dict[Key, list[Event]]) -> None:
    for key, messages in legs.items():
        states = [ORDER[status(event)] for event in messages]
        assert states == sorted(states), key
        final = {status(event) for event in messages} & {"landed", "cancelled", "diverted"}
        assert len(final) <= 1, key
        if "cancelled" in final:
            assert status(messages[-1]) == "cancelled"


def test_gates_and_the_rest_of_a_leg_stay(legs: dict[Key, list[Event]]) -> None:
    for messages in legs.values():
        for section, field in (
            ("route_info", "departure_gate"),
            ("route_info", "arrival_gate"),
            ("route_info", "scheduled_arrival_utc"),
            ("route_info", "arrival_airport_iata"),
            ("flight_details", "tail_number"),
            ("operational_data", "aircraft_type"),
        ):
            assert len({event[section][field] for event in messages}) == 1
        for section, field in (
            ("operational_data", "passenger_count"),
            ("operational_data", "security_wait_time_minutes"),
            ("operational_data", "taxi_time_minutes"),
            ("route_info", "actual_departure_utc"),
            ("route_info", "actual_arrival_utc"),
        ):
            known = [event[section][field] for event in messages if event[section][field]]
            assert len(set(known)) <= 1


def test_tails_chain_by_airport_and_time(legs: dict[Key, list[Event]]) -> None:
    """Where a tail is next, it was before: over days too."""
    flown = defaultdict(list)
    for messages in legs.values():
        if status(messages[-1]) == "cancelled":
            continue
        last = messages[-1]
        flown[last["flight_details"]["tail_number"]].append(
            (utc(last["route_info"]["scheduled_departure_utc"]), last["route_info"], last)
        )
    assert len(flown) > 30
    for tail, trips in flown.items():
        trips.sort(key=lambda trip: trip[0])
        for (_, before, event), (_, after, _) in pairwise(trips):
            assert before["arrival_airport_iata"] == after["departure_airport_iata"], tail
            if status(event) == "landed" and after["actual_departure_utc"]:
                gap = utc(after["actual_departure_utc"]) - utc(before["actual_arrival_utc"])
                kind = AIRCRAFT_TYPES[event["operational_data"]["aircraft_type"]]
                assert gap >= 60 * math.floor(0.75 * kind.minimum_turnaround), tail


def test_positions_are_continuous(legs: dict[Key, list[Event]]) -> None:
    """Nothing moves faster than it can, climbs or sinks out of reason, or turns on the spot."""
    for key, messages in legs.items():
        for before, after in pairwise(messages):
            seconds = instant(after["event_timestamp"]) - instant(before["event_timestamp"])
            one, two = before["live_telemetry"], after["live_telemetry"]
            places = [tuple(map(float, each["location_str"].split(";"))) for each in (one, two)]
            fastest = max(one["ground_speed_kts"], two["ground_speed_kts"], 150) + 20
            assert miles(*places) <= fastest * seconds / 3_600 + 0.1, key
            climbed = abs(two["altitude_ft"] - one["altitude_ft"])
            assert climbed <= 75 * seconds + 150, key


def test_positions_agree_with_speed(legs: dict[Key, list[Event]]) -> None:
    """Between two reports in cruise the distance flown is speed times time."""
    checked = 0
    for messages in legs.values():
        level = [event for event in messages if status(event) == "en-route"]
        for before, after in pairwise(level):
            one, two = before["live_telemetry"], after["live_telemetry"]
            if one["ground_speed_kts"] != two["ground_speed_kts"]:
                continue
            seconds = instant(after["event_timestamp"]) - instant(before["event_timestamp"])
            places = [tuple(map(float, each["location_str"].split(";"))) for each in (one, two)]
            flown = one["ground_speed_kts"] * seconds / 3_600
            assert miles(*places) == pytest.approx(flown, abs=0.06)
            checked += 1
    assert checked > 1_000


def test_flights_begin_and_end_at_their_airports(legs: dict[Key, list[Event]]) -> None:
    landed = 0
    for messages in legs.values():
        for event in messages:
            route, place = event["route_info"], event["live_telemetry"]["location_str"]
            here = tuple(map(float, place.split(";")))
            at = {"scheduled": "departure", "boarding": "departure", "landed": "arrival"}
            end = at.get(status(event))
            if end:
                there = airport(route[f"{end}_airport_iata"])
                assert miles(here, (there.latitude, there.longitude)) < 0.5
                landed += end == "arrival"
    assert landed > 500


def test_a_hub_turnaround_is_reported_once_known(legs: dict[Key, list[Event]]) -> None:
    reported = 0
    for messages in legs.values():
        minutes = messages[-1]["operational_data"]["turnaround_time_minutes"]
        if minutes is not None:
            reported += 1
            assert messages[-1]["route_info"]["arrival_airport_iata"] == "AMD"
            assert 15 < minutes < 24 * 60
    assert reported > 200


def test_every_flight_is_heard_of_in_good_time(legs: dict[Key, list[Event]]) -> None:
    """However late it will be, and whatever becomes of it."""
    begins = min(instant(messages[0]["event_timestamp"]) for messages in legs.values())
    late = 0
    for (designator, _, scheduled), messages in legs.items():
        ahead = utc(scheduled) - 160 * 60
        if ahead >= begins:
            assert 0 <= instant(messages[0]["event_timestamp"]) - ahead < 660, designator
            departed = messages[-1]["route_info"]["actual_departure_utc"]
            late += departed is not None and utc(departed) - utc(scheduled) > 3 * 3_600
    assert late
