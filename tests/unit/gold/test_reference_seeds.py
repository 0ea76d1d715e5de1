"""The committed reference data: one row per code, codes that look like codes, nobody missing."""

import csv
import re
from importlib import resources

import pytest

from airside.events.reference import airports_table
from airside.simulator.carriers import CARRIERS
from airside.simulator.fleet import AIRCRAFT_TYPES

NYCFLIGHTS13 = [
    "9E",
    "AA",
    "AS",
    "B6",
    "DL",
    "EV",
    "F9",
    "FL",
    "HA",
    "MQ",
    "OO",
    "UA",
    "US",
    "VX",
    "WN",
    "YV",
]
AT_HOME_IN_INDIA = ["6E", "AI", "IX", "QP", "SG", "9I"]
AT_HOME_IN_THE_GULF = ["EK", "EY", "QR", "SV", "FZ", "G9", "WY", "KU", "J9", "GF", "XY"]


def seed(name: str) -> list[dict[str, str]]:
    file = resources.files("airside").joinpath(f"gold/dbt/seeds/{name}.csv")
    return list(csv.DictReader(file.read_text("utf-8").splitlines()))


@pytest.mark.parametrize(
    ("name", "key"), [("airlines", "airline_iata"), ("aircraft_types", "aircraft_type")]
)
def test_a_seed_has_one_complete_row_per_code_in_order(name: str, key: str) -> None:
    rows = seed(name)
    codes = [row[key] for row in rows]
    assert codes == sorted(set(codes))
    assert all(value and value == value.strip() for row in rows for value in row.values())


def test_airlines_have_both_codes_and_a_country() -> None:
    countries = set(airports_table()["country"].to_pylist())
    for row in seed("airlines"):
        assert re.fullmatch(r"[A-Z0-9]{2}", row["airline_iata"]), row
        assert re.fullmatch(r"[A-Z]{3}", row["airline_icao"]), row
        assert row["country"] in countries, row
    icao = [row["airline_icao"] for row in seed("airlines")]
    assert len(icao) == len(set(icao))


def test_the_airlines_that_people_will_look_for_are_there() -> None:
    known = {row["airline_iata"]: row["country"] for row in seed("airlines")}
    assert known.keys() >= {*NYCFLIGHTS13, *AT_HOME_IN_THE_GULF}
    assert {known[code] for code in AT_HOME_IN_INDIA} == {"IN"}
    known["SK"] = "DK"  # at home in Denmark, Norway and Sweden
    assert {carrier.iata: carrier.country for carrier in CARRIERS}.items() <= known.items()


def test_an_alias_says_the_same_as_its_designator() -> None:
    by_code = {row["aircraft_type"]: row for row in seed("aircraft_types")}
    for row in by_code.values():
        assert {**row, "aircraft_type": row["icao_designator"]} == by_code[row["icao_designator"]]
    for alias, designator in {"738": "B738", "77W": "B77W", "32N": "A20N", "320": "A320"}.items():
        assert by_code[alias]["icao_designator"] == designator


def test_aircraft_figures_are_plausible() -> None:
    floors = {"L": (5, 10), "M": (15, 15), "H": (170, 50), "J": (400, 60)}
    for row in seed("aircraft_types"):
        seats, minutes = floors[row["wake_class"]]
        assert seats <= int(row["seats"]) <= 500, row
        assert minutes <= int(row["minimum_turnaround_minutes"]) <= 90, row


def test_the_types_that_the_simulator_flies_are_there_and_agree() -> None:
    by_code = {row["aircraft_type"]: row for row in seed("aircraft_types")}
    for code, aircraft in AIRCRAFT_TYPES.items():
        row = by_code[code]
        assert (int(row["seats"]), row["wake_class"]) == (aircraft.seats, aircraft.wake), code
        assert int(row["minimum_turnaround_minutes"]) == aircraft.minimum_turnaround, code
