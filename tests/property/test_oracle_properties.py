"""The oracle's JSON reader against DuckDB's, and what must hold of any record whatever."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import oracle
from oracle import text
from oracle.corpus import hostile
from oracle.json_reader import Value
from oracle.odd_values import BAD_INTEGERS
from oracle.sample import SAMPLE
from oracle.time_formats import event_timestamp, iso

INSTANTS = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30))  # noqa: DTZ001

SPACES = st.text(" \t\r\n", max_size=2)
ESCAPE_TEXTS = r"\n \" \\ \/ \b \u0000 \u00e9 \ud83d\ude00 \uD83D \uDE00 \x \u12 \' " + "\\"
ESCAPES = st.sampled_from([*ESCAPE_TEXTS.split(), *"\t\x00\x7f\u2028\ufeff\U0001f6eb"])
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.integers(-(2**65), 2**65).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)
MARK_TEXTS = """[ ] { } , : {} [] ,, null true false True nul - + . e 0 nan NaN Inf iNfinity -inf
    -NAN infi // /**/ ' " "a" "a": a"""
MARKS = st.sampled_from([*MARK_TEXTS.split(), *"\ufeff\u00a0\x0b\x0c\x00"])


def quoted(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, max_size=4).map(lambda texts: f'"{"".join(texts)}"')


SCALARS = st.one_of(
    NUMBERS,
    quoted(st.one_of(ESCAPES, st.text(max_size=3))),
    st.sampled_from(["null", "true", "false", "NaN", "-Infinity", "inf"]),
)


def containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.tuples(quoted(st.sampled_from(["a", "b", r"\u0061"])), SPACES, inner)
    comma = st.sampled_from(["", "", ","])
    return st.one_of(
        st.tuples(st.lists(inner, max_size=3), SPACES, comma).map(
            lambda t: f"[{t[1]}{f'{t[1]},'.join(t[0])}{t[2]}{t[1]}]"
        ),
        st.tuples(st.lists(members, max_size=3), SPACES, comma).map(
            lambda t: f"{{{t[1]}{','.join(f'{k}{s}:{v}' for k, s, v in t[0])}{t[2]}{t[1]}}}"
        ),
    )


JSON_LIKE = st.recursive(SCALARS, containers, max_leaves=6)
TOKEN_SOUP = st.lists(st.one_of(MARKS, SPACES, SCALARS), max_size=7).map("".join)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def duckdb_reads(connection: duckdb.DuckDBPyConnection, source: str, path: str) -> tuple[bool, ...]:
    row = connection.execute(
        "SELECT json_valid($1) IS TRUE,"
        " CASE WHEN json_valid($1) THEN json_extract_string($1, $2) END,"
        " CASE WHEN json_valid($1) THEN json_type($1, $2) END",
        [source, path],
    ).fetchone()
    assert row is not None
    return row


def oracle_reads(source: str) -> tuple[bool, Value]:
    try:
        return True, oracle.parse(source)
    except oracle.NotJson:
        return False, None


@settings(max_examples=1000, deadline=None)
@given(source=st.one_of(JSON_LIKE, TOKEN_SOUP, NUMBERS))
@example("[" * 50_000 + "]" * 50_000)
@example('{"a":' * 50_000 + "1" + "}" * 50_000)
@example("[" * 50_000)
@example("")
@example("1e20")
@example("1e21")
@example("-1.5e-6")
@example("9.9e-7")
@example("1" + "0" * 400 + ".5")
@example("18446744073709551616")
def test_valid_json_is_what_duckdb_says(duck: duckdb.DuckDBPyConnection, source: str) -> None:
    is_valid, extracted, kind = duckdb_reads(duck, source, "$")

    ours, value = oracle_reads(source)

    assert ours == is_valid
    if kind in {"OBJECT", "ARRAY"}:
        assert isinstance(value, dict if kind == "OBJECT" else list)
    else:
        assert value == extracted


@settings(max_examples=600, deadline=None)
@given(
    members=st.lists(
        st.tuples(st.sampled_from(["a", "b", "a\0", "A", "a "]), st.one_of(SCALARS, JSON_LIKE)),
        min_size=1,
        max_size=4,
    )
)
def test_a_member_reads_as_the_text_that_duckdb_extracts(
    duck: duckdb.DuckDBPyConnection, members: list[tuple[str, str]]
) -> None:
    source = f"{{{','.join(f'{json.dumps(key)}: {value}' for key, value in members)}}}"
    is_valid, extracted, kind = duckdb_reads(duck, source, "$.a")

    ours, value = oracle_reads(source)

    assert ours == is_valid
    if isinstance(value, dict):
        member = value.get("a")
        assert isinstance(member, dict | list) == (kind in {"OBJECT", "ARRAY"})
        if not isinstance(member, dict | list):
            assert member == extracted


@settings(max_examples=400, deadline=None)
@given(instant=INSTANTS, seed=st.integers(0, 2**32))
def test_every_spelling_of_an_instant_is_read_as_that_instant(instant: datetime, seed: int) -> None:
    rng = Random(seed)

    assert text.iso_time(iso(instant, rng)) == instant
    spelling = event_timestamp(instant, rng)
    lost = instant - (text.event_time(str(spelling)) or instant + timedelta(days=1))
    assert timedelta() <= lost < timedelta(seconds=1)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.integers(-(2**33), 2**33).map(str), st.text("+-0123456789.e \u0661", max_size=12))
)
def test_an_integer_is_a_sign_and_digits_within_32_bits(source: str) -> None:
    digits = source[1:] if source[:1] in {"+", "-"} else source
    is_integer = digits.isascii() and digits.isdigit() and -(2**31) <= int(source) < 2**31

    assert text.integer(source) == (int(source) if is_integer else None)


@pytest.mark.parametrize("value", [value for value in BAD_INTEGERS if isinstance(value, str)])
def test_what_the_corpus_calls_a_bad_integer_is_one(value: str) -> None:
    assert text.integer(value) is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("a \t\n\r\f\v\0\u00a0\u3000\x1f")))
def test_cleaning_leaves_no_nul_and_no_ascii_space_at_the_ends(source: str) -> None:
    cleaned = text.clean(source)

    assert text.clean(cleaned) == cleaned
    if cleaned is None:
        assert set(source) <= set(" \t\n\r\f\v\0")
    else:
        assert "\0" not in cleaned
        assert not cleaned[0].isspace() or not cleaned[0].isascii() or cleaned[0] == "\x1f"
        assert cleaned in source.replace("\0", "")


@st.composite
def spoilt_records(draw: st.DrawFn) -> bytes:
    """The sample or a hostile record, cut up and put together again."""
    payload = bytearray(draw(st.sampled_from([SAMPLE.encode(), *hostile(40, seed=5)])))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(payload)))
        end = at + draw(st.integers(0, 30))
        payload[at:end] = draw(
            st.one_of(st.binary(max_size=3), st.just(bytes(payload[at:end]) * 2))
        )
    return bytes(payload)


@settings(max_examples=250, deadline=None)
@given(payload=st.one_of(spoilt_records(), st.binary(max_size=50)))
def test_every_record_gets_one_verdict(payload: bytes) -> None:
    verdict = oracle.read_record(payload)

    order = [oracle.REASONS.index(reason) for reason in verdict.reasons]
    assert order == sorted(set(order))
    if order and order[0] < 3:
        assert len(order) == 1
    assert (verdict.row is None) == bool(order)
    assert verdict.flags == sorted(set(verdict.flags))
    assert set(verdict.flags) <= set(oracle.FLAGS)


@settings(max_examples=100, deadline=None)
@given(
    arrivals=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=30),
    horizon=st.integers(0, 40),
    max_ids=st.integers(1, 5),
    rng=st.randoms(use_true_random=False),
)
def test_duplicates_are_those_a_search_through_all_accepted_finds(
    arrivals: list[tuple[int, int]], horizon: int, max_ids: int, rng: Random
) -> None:
    start = datetime(2025, 9, 24)  # noqa: DTZ001
    records = [
        (
            f"shard-{n % 2}",
            f"{n:056}",
            start + timedelta(hours=hour),
            SAMPLE.replace("a1b2c3d4", f"event-{identifier}").encode(),
        )
        for n, (identifier, hour) in enumerate(arrivals)
    ]

    outcome = oracle.run(rng.sample(records, len(records)), timedelta(hours=horizon), max_ids)

    accepted: list[tuple[bytes, datetime]] = []
    expected = []
    for record in sorted(records, key=lambda r: (r[2], r[0], r[1])):
        seen = any(
            payload == record[3] and record[2] - at <= timedelta(hours=horizon)
            for payload, at in accepted[-max_ids:]
        )
        if seen:
            expected.append(record)
        else:
            accepted.append((record[3], record[2]))
    assert outcome.duplicates == expected
    assert len(outcome.clean) == len(accepted)
