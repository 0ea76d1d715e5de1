"""Wall clocks in UTC: every zone, both changes of a year, and what a clock shows twice or never."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.replay.local_time import local_to_utc

ZONES = [
    "America/New_York",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Casablanca",  # four changes a year
    "America/St_Johns",
    "Pacific/Apia",
    "UTC",
]


def utc_of(local: str, zone: str) -> str:
    return str(local_to_utc(np.array([local], dtype="datetime64[us]"), zone)[0])[:16]


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2013-01-01T05:15", "America/New_York", "2013-01-01T10:15"),
        ("2013-07-01T05:15", "America/New_York", "2013-07-01T09:15"),
        ("2013-03-10T01:59", "America/New_York", "2013-03-10T06:59"),
        ("2013-03-10T02:30", "America/New_York", "2013-03-10T07:30"),  # never shown: 03:30 EDT
        ("2013-03-10T03:00", "America/New_York", "2013-03-10T07:00"),
        ("2013-11-03T00:59", "America/New_York", "2013-11-03T04:59"),
        ("2013-11-03T01:30", "America/New_York", "2013-11-03T05:30"),  # shown twice: the first
        ("2013-11-03T02:00", "America/New_York", "2013-11-03T07:00"),
        ("2013-07-01T23:59", "Pacific/Honolulu", "2013-07-02T09:59"),
        ("2013-07-01T00:10", "America/Puerto_Rico", "2013-07-01T04:10"),  # no summer time
    ],
)
def test_a_local_time_is_read_by_its_zone(local: str, zone: str, utc: str) -> None:
    assert utc_of(local, zone) == utc


@given(
    zone=st.sampled_from(ZONES),
    local=st.lists(
        st.datetimes(datetime(2012, 12, 31), datetime(2014, 1, 2)),  # noqa: DTZ001 (wall clocks)
        min_size=1,
        max_size=20,
    ),
)
def test_a_column_of_times_is_read_as_datetime_reads_each(zone: str, local: list[datetime]) -> None:
    read = local_to_utc(np.array(local, dtype="datetime64[us]"), zone).tolist()
    expected = [
        at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for at in local
    ]
    assert read == expected


def test_no_times_are_no_times() -> None:
    assert len(local_to_utc(np.array([], dtype="datetime64[us]"), "UTC")) == 0
