from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.dashboard.filters import NO_AIRLINE, Filters, airline_codes, utc
from airside.dashboard.parameters import filters as asked
from airside.dashboard.rows import documents

START = datetime.fromisoformat("2026-03-01")
AIRPORTS = ["AMD", "BOM", "DEL"]
LEGS = pa.Table.from_pylist(
    [
        {
            "leg_key": f"{number}",
            "flight_icao": f"IGO{number % 7}",
            "airline_iata": [None, "6E", "AI", "NONE", "6E"][number % 5],
            "departure_airport_iata": AIRPORTS[number % 2],
            "arrival_airport_iata": AIRPORTS[1 + number % 2],
            "flight_status": ["scheduled", "en-route", "landed", "cancelled"][number % 4],
            "scheduled_departure_at": START + timedelta(minutes=30 * number),
        }
        for number in range(24)
    ]
)
INSTANTS = st.none() | st.integers(0, 24).map(lambda n: START + timedelta(minutes=30 * n))

some_filters = st.builds(
    Filters,
    airlines=st.lists(st.sampled_from(["6E", "AI", NO_AIRLINE, "NONE", "ZZ"]), max_size=2).map(
        tuple
    ),
    airports=st.lists(st.sampled_from([*AIRPORTS, "XXX"]), max_size=2).map(tuple),
    direction=st.sampled_from([None, "arrival", "departure"]),
    statuses=st.lists(st.sampled_from(["scheduled", "landed"]), max_size=2).map(tuple),
    flights=st.lists(st.sampled_from(["IGO1", "IGO4", "IGO9"]), max_size=2).map(tuple),
    since=INSTANTS,
    until=INSTANTS,
)


CONNECTION = duckdb.connect()
CONNECTION.register("legs", LEGS)


def chosen(where: str, parameters: list[Any], source: str = "legs") -> set[str]:
    rows = CONNECTION.execute(f"SELECT leg_key FROM {source} WHERE {where}", parameters).fetchall()
    return {key for (key,) in rows}


@settings(deadline=None)
@given(some_filters)
def test_the_board_and_the_warehouse_mean_the_same_flights(filters: Filters) -> None:
    assert chosen(*filters.where()) == {
        row["leg_key"] for row in documents(LEGS) if filters.matches(row)
    }


@settings(deadline=None)
@given(some_filters)
def test_sides_of_legs_are_those_of_the_legs(filters: Filters) -> None:
    where, parameters = filters.where_side()
    sides = " UNION ALL ".join(
        f"SELECT *, '{side}' AS side, {side}_airport_iata AS airport_iata FROM legs"
        for side in ("departure", "arrival")
    )
    assert chosen(where, parameters, f"({sides})") == chosen(*filters.where())


def test_an_airline_that_is_called_none_is_not_no_airline() -> None:
    assert airline_codes([" none ", "6e", "NONE", "None", "6E"]) == ("6E", "NONE", "none")
    assert asked(airline=["None", "none"]).airlines == ("NONE", "none")
    of = {
        code: {row["airline_iata"] for row in documents(LEGS) if Filters((code,)).matches(row)}
        for code in ("none", "NONE")
    }
    assert of == {"none": {None}, "NONE": {"NONE"}}


def test_no_filter_means_all() -> None:
    assert Filters().is_empty
    assert len(chosen(*Filters().where())) == LEGS.num_rows


def test_a_direction_alone_is_the_hubs() -> None:
    assert Filters(direction="arrival").at_hub("AMD").airports == ("AMD",)
    assert Filters(direction="arrival", airports=("BOM",)).at_hub("AMD").airports == ("BOM",)
    assert Filters().at_hub("AMD").is_empty
    assert Filters(direction="arrival").at_hub(None).airports == ()


def test_instants_with_an_offset_become_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert utc(datetime(2026, 3, 1, 5, 30, tzinfo=zone)) == START
    assert utc(START) == START
    with pytest.raises(OverflowError):
        utc(datetime(1, 1, 1, tzinfo=zone))
