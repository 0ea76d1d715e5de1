"""The fuzzer's targets without the fuzzer: its corpus replayed, and what is nasty on purpose."""

import gc
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuzz.targets import GOOD, LIMIT, TARGETS, door_array, door_gzip, door_lines, kernel, record


@pytest.fixture(scope="module", autouse=True)
def _kernel_goes() -> Iterator[None]:
    """What lives longer than the library passes for leaked."""
    yield
    kernel.cache_clear()
    gc.collect()


CORPUS = Path(__file__).with_name("corpus")
DEEP = 20_000
NASTY = {
    "exactly a mebibyte": b'{"a":"' + b"x" * (LIMIT - 8) + b'"}',
    "a byte more, cut at the limit": b'{"a":"' + b"x" * (LIMIT - 7) + b'"}',
    "arrays in arrays": b"[" * DEEP + b"]" * DEEP,
    "arrays that never end": b"[" * 500_000,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "depth beside the fields": GOOD[:-1] + b', "x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a number of 100,000 digits": GOOD.replace(b"180", b"9" * 100_000),
    "a number with a huge exponent": GOOD.replace(b"180", b"1e999999999"),
    "minus nothing": GOOD.replace(b"180", b"-"),
    "text that runs backwards": GOOD.replace(b"Clear", "\u202eraelC\u2066\u2069\u200f".encode()),
    "control characters, escaped": GOOD.replace(b"Clear", rb"\u0000\u0007\u001b[2J\u009b\u007f"),
    "control characters, raw": GOOD.replace(b"Clear", b"\x00\x07\x1b[2J\x7f"),
    "a lone surrogate": GOOD.replace(b"Clear", rb"\ud800"),
    "an overlong encoding": GOOD.replace(b"Clear", b"\xc0\xaf"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "duplicate keys": GOOD[:-1] + b', "event_id": "second", "route_info": null}',
    "a hundred thousand keys": b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}",
    "the same key a hundred thousand times": b"{" + b",".join([b'"event_id":1'] * 100_000) + b"}",
    "every byte there is": bytes(range(256)) * 100,
}


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_record_gets_the_oracles_verdict(name: str) -> None:
    record(NASTY[name])


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_body_is_taken_as_it_is_or_refused(name: str) -> None:
    door_lines(NASTY[name])
    door_array(NASTY[name])
    door_array(b"[" + NASTY[name] + b"," + GOOD + b"]")
    door_gzip(NASTY[name])
    door_gzip(gzip.compress(NASTY[name], mtime=0))


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_fuzzer_has_found_is_replayed(target: str) -> None:
    found = sorted((CORPUS / target).iterdir())
    assert found, "the corpus has gone"
    for path in found:
        TARGETS[target](path.read_bytes())


FIELDS = [
    ("event_id",),
    ("event_timestamp",),
    ("flight_details", "flight_icao"),
    ("route_info", "departure_airport_iata"),
    ("route_info", "scheduled_departure_utc"),
    ("operational_data", "passenger_count"),
    ("live_telemetry", "location_str"),
    ("live_telemetry", "flight_status"),
]


@given(field=st.sampled_from(FIELDS), text=st.text(max_size=40))
@example(field=("flight_details", "flight_icao"), text="\u202e\u2066")
def test_any_text_in_any_field(field: tuple[str, ...], text: str) -> None:
    document = json.loads(GOOD)
    section = document
    for name in field[:-1]:
        section = section[name]
    section[field[-1]] = text
    record(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(place=st.integers(0, len(GOOD) - 1), cut=st.integers(0, 30), put_in=st.binary(max_size=30))
def test_any_bytes_anywhere(place: int, cut: int, put_in: bytes) -> None:
    spoilt = GOOD[:place] + put_in + GOOD[place + cut :]
    record(spoilt)
    door_lines(spoilt)
    door_array(b"[" + spoilt + b"]")
