"""The silver transform, on every engine, against the independent reading of the contract.

An engine is a function from records to silver rows with their verdicts; another joins by a line in
`ENGINES`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import oracle
from airside.events import FLIGHT_EVENTS
from airside.silver.kernel import RECORDS, Kernel
from oracle import odd_values as odd
from oracle.corpus import hostile
from oracle.edge_cases import EDGE_CASES
from oracle.json_writer import Raw, write
from oracle.near_misses import near_misses, put
from oracle.sample import SAMPLE
from support.spark import transformed

ARRIVED = datetime(2025, 9, 25)  # noqa: DTZ001 - instants are naive UTC

Engine = Callable[[pa.Table], pa.Table]


def duckdb_engine(_request: pytest.FixtureRequest) -> Iterator[Engine]:
    with duckdb.connect(config={"threads": 2}) as connection:
        yield Kernel(connection).to_arrow


def spark_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield partial(transformed, request.getfixturevalue("spark"))


ENGINES: dict[str, Callable[[pytest.FixtureRequest], Iterator[Engine]]] = {
    "duckdb": duckdb_engine,
    "spark": spark_engine,
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from ENGINES[request.param](request)


def as_records(payloads: Sequence[bytes]) -> pa.Table:
    """The payloads as the stream hands them on."""
    count = len(payloads)
    return pa.table(
        {
            "shard_id": ["shard-0"] * count,
            "sequence_number": [f"{n:020}" for n in range(count)],
            "arrived_at": [ARRIVED + timedelta(microseconds=n) for n in range(count)],
            "payload": list(payloads),
        },
        schema=RECORDS,
    )


judged = cache(oracle.read_record)
"""Once for all engines."""


def expected_row(number: int, payload: bytes) -> dict[str, Any]:
    verdict = judged(payload)
    row = verdict.row or dict.fromkeys(FLIGHT_EVENTS.column_names)
    return row | {
        "shard_id": "shard-0",
        "sequence_number": f"{number:020}",
        "arrived_at": ARRIVED + timedelta(microseconds=number),
        "reason": verdict.reason,
        "reasons": list(verdict.reasons) or None,
    }


def disagreements(engine: Engine, records: pa.Table) -> list[str]:
    """A line for each column of each record on which engine and oracle differ."""
    payloads = records["payload"].to_pylist()
    rows = {row["sequence_number"]: row for row in engine(records).to_pylist()}
    lines = [] if len(rows) == len(payloads) else [f"{len(payloads)} records, {len(rows)} rows"]
    for sequence_number, payload in zip(
        records["sequence_number"].to_pylist(), payloads, strict=True
    ):
        row = rows.get(sequence_number, {})
        for column, want in expected_row(int(sequence_number), payload).items():
            got = row.get(column, "no such column")
            if got != want or type(got) is not type(want):
                lines.append(f"{column}: expected {want!r}, got {got!r}, for {payload[:2_000]!r}")
    return lines


def check(engine: Engine, records: pa.Table) -> None:
    lines = disagreements(engine, records)
    if lines:
        shown = "\n".join(lines[:12])
        pytest.fail(f"{len(lines)} disagreements with the oracle:\n{shown}", pytrace=False)


def test_hostile_records(engine: Engine) -> None:
    check(engine, as_records(hostile(10_000, seed=2)))


def test_edge_cases(engine: Engine) -> None:
    check(engine, as_records([case.payload for case in EDGE_CASES]))


def test_every_odd_value_in_every_field(engine: Engine) -> None:
    check(engine, as_records(list(odd_records())))


def test_near_misses(engine: Engine) -> None:
    check(engine, as_records(near_misses(3_000, seed=1)))


def test_the_columns_are_the_feeds(engine: Engine) -> None:
    columns = engine(as_records([SAMPLE.encode()])).schema

    assert tuple(columns.names) == (*FLIGHT_EVENTS.column_names, "reason", "reasons")


def test_no_records_make_no_rows(engine: Engine) -> None:
    assert engine(as_records([])).num_rows == 0


def test_how_records_are_batched_changes_nothing(engine: Engine) -> None:
    """Slices of slices, empty batches, and bytes that are not UTF-8 at their edges."""
    payloads = [*hostile(300, seed=3), b"\xff", b"", b"\xe2\x82", "é".encode(), b""]
    whole = as_records(payloads)
    cuts = [0, 0, 1, 7, 7, 150, 299, 301, 302, 304, len(payloads)]

    batches = [whole.slice(a, b - a) for a, b in pairwise(cuts)]

    check(engine, pa.concat_tables(batches))
    check(engine, whole.slice(298, 5))
    check(engine, whole.slice(5).slice(0, 290))


_FIELDS = {
    "": ("event_id", "event_timestamp", "source_system_id"),
    "flight_details": ("flight_icao", "airline_iata", "tail_number"),
    "route_info": tuple(
        f"{part.format(end)}"
        for end in ("departure", "arrival")
        for part in ("{}_airport_iata", "{}_gate", "scheduled_{}_utc", "actual_{}_utc")
    ),
    "operational_data": (
        *(f"{kind}_time_minutes" for kind in ("taxi", "turnaround", "security_wait")),
        *("runway_in_use", "passenger_count", "baggage_count", "aircraft_type"),
        "weather_conditions",
    ),
    "live_telemetry": (
        *("location_str", "altitude_ft", "ground_speed_kts", "vertical_speed_fps", "heading"),
        "flight_status",
    ),
}
_PLACES = [(section, name) for section, names in _FIELDS.items() for name in names]
_POOLS = (
    *(odd.BLANKS, odd.NESTED, odd.IDS, odd.TEXT, odd.GOOD_INTEGERS, odd.BAD_INTEGERS),
    *(odd.NEGATIVES, odd.BAD_EVENT_TIMES, odd.GOOD_LOCATIONS, odd.BAD_LOCATIONS),
    *(odd.GOOD_AIRPORTS, odd.BAD_AIRPORTS, odd.BAD_STATUSES),
)
_CASED_BEYOND_ASCII = "Ünïcode ß"
"""Upper and lower case outside ASCII are unspecified: this may only stand where none is changed."""


def odd_records() -> Iterable[bytes]:
    for section, name in _PLACES:
        for value in (value for pool in _POOLS for value in pool):
            if value != _CASED_BEYOND_ASCII or name in {"event_id", "weather_conditions"}:
                yield put(section, name, write(value))


# Letters beyond ASCII here have no case, see above.
_LETTERS = st.text("aZ9 +-.:;/TZ\t\x0b\x1f\0\u00a0\u0665\u4eac\U0001f6eb", max_size=8)
_TIMES = st.from_regex(
    r"(1999|20[0-9]{2}|2100)-(0[1-9]|1[0-3])-(0[1-9]|[23][0-9])[T ]([01][0-9]|2[0-4]):[0-6][0-9]"
    r"(:[0-6][0-9](\.[0-9]{0,12})?)?(Z|[+-]([01][0-9]|2[0-4])(:?[0-6][0-9])?)?",
    fullmatch=True,
)
_DAYS = st.from_regex(
    r"[0-3]?[0-9]/([JFMASOND][aepuco][nbrylgptvc]|Jan|feb|MAR|apR|May|jun|JUL|Aug|sep|Oct|nov|DEC)"
    r"/(1999|20[0-9]{2}|2100) [0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
    fullmatch=True,
)
_NUMBERS = st.from_regex(r"[+-]?[0-9]{1,14}(\.[0-9]{1,9})?([eE][+-]?[0-9])?", fullmatch=True)
_JSON_NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,9})?([eE][+-]?[0-9])?", fullmatch=True
).map(Raw)
_LOCATIONS = st.tuples(_NUMBERS, st.sampled_from([";", " ; ", ","]), _NUMBERS).map("".join)
_VALUES = st.one_of(
    *(_LETTERS, _TIMES, _DAYS, _NUMBERS, _JSON_NUMBERS, _LOCATIONS),
    *map(st.sampled_from, [pool for pool in _POOLS if pool is not odd.IDS]),
)


@st.composite
def made_records(draw: st.DrawFn) -> bytes:
    """The sample with a few fields changed to whatever, sometimes cut, sometimes respelt."""
    data = SAMPLE.encode()
    for _ in range(draw(st.integers(1, 4))):
        section, name = draw(st.sampled_from(_PLACES))
        data = put(section, name, write(draw(_VALUES)), into=data)
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 9)) :]
    return data


# On Spark an example is a job, which takes as long as a hundred here.
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(payloads=st.lists(made_records(), min_size=1, max_size=10))
def test_made_up_records(engine: Engine, payloads: list[bytes]) -> None:
    check(engine, as_records(payloads))
