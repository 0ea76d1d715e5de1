"""The contract's grammar of time: each spelling read, each near miss refused."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airside.events.times import event_timestamp_us, trimmed, utc_us
from oracle import text as oracle
from oracle import time_formats

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - instants are naive UTC


def us(instant: datetime | None) -> int | None:
    """Microseconds since the epoch of a naive UTC instant."""
    if instant is None:
        return None
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-09-24T18:15", "2025-09-24T18:15:00+00:00"),
        ("2025-09-24T18:15:30", "2025-09-24T18:15:30+00:00"),
        ("2025-09-24T18:15:30Z", "2025-09-24T18:15:30+00:00"),
        ("2025-09-24T18:15:30.5", "2025-09-24T18:15:30.500000+00:00"),
        ("2025-09-24T18:15:30.1234569Z", "2025-09-24T18:15:30.123456+00:00"),
        ("2025-09-24T18:15:30+05:30", "2025-09-24T12:45:30+00:00"),
        ("2025-09-24T18:15:30+0530", "2025-09-24T12:45:30+00:00"),
        ("2025-09-24T18:15:30-05", "2025-09-24T23:15:30+00:00"),
        ("2025-09-24T18:15+23:59", "2025-09-23T18:16:00+00:00"),
        ("1999-12-31T23:30-01:00", "2000-01-01T00:30:00+00:00"),
        ("2024-02-29T00:00", "2024-02-29T00:00:00+00:00"),
        ("2099-12-31T23:59:59.999999", "2099-12-31T23:59:59.999999+00:00"),
        (" \t2025-09-24T18:15\0:30\r\n", "2025-09-24T18:15:30+00:00"),
    ],
)
def test_iso_times_are_read(text: str, expected: str) -> None:
    at = us(datetime.fromisoformat(expected).astimezone(UTC).replace(tzinfo=None))
    assert utc_us(text) == at
    assert event_timestamp_us(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "2025-09-24",
        "2025-09-24 18:15:30",
        "2025-09-24t18:15:30",
        "2025-09-24T18:15:30z",
        "2025-09-24T24:00:00",
        "2025-09-24T18:60",
        "2025-09-24T18:15:60",
        "2025-09-24T18",
        "2025-09-24T18:15:30.",
        "2025-09-24T18:15.5",
        "2025-09-24T18:15:30+24:00",
        "2025-09-24T18:15:30+05:60",
        "2025-09-24T18:15:30+5",
        "2025-09-24T18:15:30 Z",
        "2025-02-29T00:00",
        "2025-13-01T00:00",
        "2025-9-24T18:15",
        "2000-01-01T00:30+01:00",  # 1999 in UTC
        "2099-12-31T23:30-01:00",  # 2100 in UTC
        "0000-01-01T00:00",
        "0001-01-01T00:00+23:59",
        "٢٠٢٥-09-24T18:15",
        "2025-09-24T18:15\u00a0",
        "",
        " \0 ",
        None,
    ],
)
def test_what_the_contract_does_not_allow_has_no_time(text: str | None) -> None:
    assert utc_us(text) is None
    assert event_timestamp_us(text) is None


@pytest.mark.parametrize(
    ("text", "expected_us"),
    [
        ("946684800", 946_684_800_000_000),
        ("1758737730", 1_758_737_730_000_000),
        ("0001758737730", 1_758_737_730_000_000),
        ("1758737730123", 1_758_737_730_123_000),
        ("100000000000", None),  # milliseconds from here on: 1973
        ("99999999999", None),  # the last of the seconds: year 5138
        ("946684799", None),
        ("4102444799", 4_102_444_799_000_000),
        ("4102444800", None),
        ("9" * 5_000, None),
        ("1758737730.5", None),
        ("-1758737730", None),
        ("+1758737730", None),
        ("1e9", None),
        ("24/Sep/2025 18:15:30", 1_758_737_730_000_000),
        ("4/sEP/2025 18:15:30", 1_757_009_730_000_000),
        ("04/SEP/2025 18:15:30", 1_757_009_730_000_000),
        ("31/Sep/2025 18:15:30", None),
        ("24/Sept/2025 18:15:30", None),
        ("24/Foo/2025 18:15:30", None),
        ("24/Sep/2025  18:15:30", None),
        ("24/Sep/2025 18:15", None),
        ("24/Sep/25 18:15:30", None),
        ("24/Sep/2025 18:15:30Z", None),
        ("24/\u017fep/2025 18:15:30", None),  # a long s: folds to an s, but is no English letter
        ("24/09/2025 18:15:30", None),
    ],
)
def test_event_timestamps_have_two_more_forms(text: str, expected_us: int | None) -> None:
    assert event_timestamp_us(text) == expected_us
    assert utc_us(text) is None


@given(
    instant=st.datetimes(datetime(1999, 12, 30), datetime(2100, 1, 2)),  # noqa: DTZ001
    rng=st.randoms(use_true_random=False),
)
def test_every_spelling_of_an_instant_is_read_as_another_reader_reads_it(
    instant: datetime, rng: Random
) -> None:
    text = str(time_formats.event_timestamp(instant, rng))
    assert event_timestamp_us(text) == us(oracle.event_time(text))


@given(st.from_regex(r"[0-9]{1,14}|[ T0-9:.+Z/SepOct-]{0,34}", fullmatch=True))
@example("2025-09-24T18:15:30.0000009-0001")
def test_near_misses_are_judged_as_another_reader_judges_them(text: str) -> None:
    assert event_timestamp_us(text) == us(oracle.event_time(oracle.clean(text)))
    assert utc_us(text) == us(oracle.iso_time(oracle.clean(text)))


@given(st.text(alphabet=" \t\n\r\f\v\0\u00a0ab"))
def test_only_ascii_blanks_and_nulls_are_trimmed(text: str) -> None:
    assert trimmed(text) == oracle.clean(text)
