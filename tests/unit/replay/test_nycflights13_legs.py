"""One flight of the data set at a time: when it was in UTC, and what became of it."""

import numpy as np
import pyarrow as pa
import pytest

from airside.errors import TerminalError
from airside.replay.nycflights13.legs import Legs, legs_in_utc


def legs(**changes: object) -> Legs:
    """The leg of one flight: UA1545, EWR to IAH on New Year's Day, with some of it changed."""
    flight = {
        "year": 2013,
        "month": 1,
        "day": 1,
        "sched_dep_time": 515,
        "dep_time": 517,
        "dep_delay": 2,
        "sched_arr_time": 819,
        "arr_delay": 11,
        "origin": "EWR",
        "dest": "IAH",
        **changes,
    }
    types = {name: pa.string() for name in ("origin", "dest")}
    return legs_in_utc(
        pa.table(
            {
                name: pa.chunked_array([pa.array([value], types.get(name, pa.int16()))])
                for name, value in flight.items()
            }
        )
    )


def times(leg: Legs) -> list[str]:
    columns = (
        leg.scheduled_departure,
        leg.scheduled_arrival,
        leg.actual_departure,
        leg.actual_arrival,
    )
    return [str(column[0])[:16] for column in columns]


def test_each_end_is_read_on_its_own_clock() -> None:
    assert times(legs()) == [
        "2013-01-01T10:15",  # EST
        "2013-01-01T14:19",  # CST
        "2013-01-01T10:17",
        "2013-01-01T14:30",
    ]


def test_an_arrival_after_midnight_is_on_the_next_day() -> None:
    leg = legs(dest="SJU", month=7, sched_dep_time=2359, sched_arr_time=340)
    assert times(leg)[:2] == ["2013-07-02T03:59", "2013-07-02T07:40"]


def test_an_arrival_may_look_earlier_than_the_departure() -> None:
    # 23:30 in New York is 18:30 in Hawaii: 23:00 is then to come, on the same date
    leg = legs(origin="JFK", dest="HNL", sched_dep_time=2330, sched_arr_time=2300)
    assert times(leg)[:2] == ["2013-01-02T04:30", "2013-01-02T09:00"]


def test_an_arrival_may_be_dated_before_the_departure() -> None:
    # half past midnight in New York is still the evening before in Hawaii
    leg = legs(origin="JFK", dest="HNL", sched_dep_time=30, sched_arr_time=2300)
    assert times(leg)[:2] == ["2013-01-01T05:30", "2013-01-01T09:00"]


def test_an_arrival_far_east_may_be_two_dates_later() -> None:
    leg = legs(origin="JFK", dest="AKL", sched_dep_time=2100, sched_arr_time=900)
    assert times(leg)[:2] == ["2013-01-02T02:00", "2013-01-02T20:00"]


def test_months_and_years_roll_over() -> None:
    leg = legs(month=12, day=31, sched_dep_time=2359, dest="SFO", sched_arr_time=330, arr_delay=0)
    assert times(leg) == [
        "2014-01-01T04:59",
        "2014-01-01T11:30",
        "2014-01-01T05:01",
        "2014-01-01T11:30",
    ]


def test_2400_is_the_end_of_the_day() -> None:
    assert times(legs(sched_dep_time=2400))[0] == "2013-01-02T05:00"


@pytest.mark.parametrize(
    ("month", "day", "departure", "arrival"),
    [
        (3, 10, "2013-03-10T06:30", "2013-03-10T11:30"),  # leaves EST, arrives in CDT
        (11, 3, "2013-11-03T05:30", "2013-11-03T12:30"),  # leaves EDT, arrives in CST
    ],
)
def test_a_flight_through_the_change_of_clocks_keeps_both(
    month: int, day: int, departure: str, arrival: str
) -> None:
    leg = legs(month=month, day=day, sched_dep_time=130, sched_arr_time=630)
    assert times(leg)[:2] == [departure, arrival]


@pytest.mark.parametrize(
    ("dep_delay", "arr_delay", "departure", "arrival"),
    [
        (1301, 1272, "2013-01-03T02:36", "2013-01-03T05:22"),
        (-20, -86, "2013-01-02T04:35", "2013-01-02T06:44"),
        (0, 0, "2013-01-02T04:55", "2013-01-02T08:10"),
    ],
)
def test_delays_are_exact_and_signed_over_midnight_too(
    dep_delay: int, arr_delay: int, departure: str, arrival: str
) -> None:
    leg = legs(sched_dep_time=2355, sched_arr_time=210, dep_delay=dep_delay, arr_delay=arr_delay)
    assert times(leg)[2:] == [departure, arrival]


@pytest.mark.parametrize(
    ("changes", "departed", "landed"),
    [
        ({}, True, True),
        ({"arr_delay": None}, True, False),
        ({"dep_time": None, "dep_delay": None, "arr_delay": None}, False, False),
        ({"dep_time": None}, False, False),
    ],
)
def test_what_was_not_recorded_did_not_happen(
    changes: dict[str, None], departed: bool, landed: bool
) -> None:
    leg = legs(**changes)
    assert (leg.departed[0], leg.landed[0]) == (departed, landed)
    assert np.isnat(leg.actual_departure[0]) == (not departed)
    assert np.isnat(leg.actual_arrival[0]) == (not landed)


def test_an_airport_without_a_zone_is_named_in_one_clear_error() -> None:
    with pytest.raises(TerminalError, match=r"'QQQ' is not known.*pip install --upgrade"):
        legs(dest="QQQ")
