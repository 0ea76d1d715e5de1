"""What is fuzzed: bytes in, and what has to hold of what comes out.

Each target takes any bytes and raises AssertionError where it does not hold. The fuzzer and the
tests call the same.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

import oracle
from airside.dashboard.ingest import _elements, _Inflate, _lines
from airside.dashboard.problems import Problem
from airside.events import FLIGHT_EVENTS
from airside.silver.kernel import RECORDS, Kernel
from airside.stream import Frame, Run, frames_to_arrow, pack
from oracle.sample import SAMPLE

GOOD = json.dumps(json.loads(SAMPLE)).encode()
"""A record that is clean, whatever lies beside it."""
LIMIT = 1024 * 1024
_UPPER = {
    name: name
    for name in (
        *("flight_icao", "airline_iata", "tail_number", "aircraft_type", "runway_in_use"),
        *("departure_gate", "arrival_gate"),
    )
} | {"leg_key": "flight_icao"}
"""Columns in upper case, and what they are made of."""
_LINES = 500
Target = Callable[[bytes], None]


@cache
def kernel() -> Kernel:
    """One for all inputs: to plan the SQL takes longer than to run it."""
    return Kernel(duckdb.connect(), threads=1)


def record(data: bytes) -> None:
    """A record a line, between two good ones: the verdicts are the oracle's."""
    payloads = [GOOD, *(line[:LIMIT] for line in data.split(b"\n")[:_LINES]), GOOD]
    packed, size = pack(payloads)
    run = Run("00000000000000000001", len(payloads), 1_790_000_000_000_000)
    records = frames_to_arrow([Frame("shard-000", (run,), packed, size)])
    assert [row.removesuffix(b"\n") for row in records["payload"].to_pylist()] == payloads
    rows = kernel().to_arrow(pa.table(records.columns, schema=RECORDS)).to_pylist()
    assert len(rows) == len(payloads), "a verdict each"
    for payload, row in zip(payloads, rows, strict=True):
        _agree(payload, row)


def _agree(payload: bytes, row: dict[str, Any]) -> None:
    verdict = oracle.read_record(payload)
    assert row["reason"] == verdict.reason, (payload, row["reason"], verdict.reason)
    assert (row["reasons"] or []) == list(verdict.reasons), payload
    for column in FLIGHT_EVENTS.column_names:
        if verdict.row and column in verdict.row:
            want = verdict.row[column]
            if column in _UPPER and not str(verdict.row[_UPPER[column]]).isascii():
                continue  # whose case the contract leaves open
            assert row[column] == want, (payload, column, row[column], want)


def door_lines(data: bytes) -> None:
    """A body of lines: as many records as lines, and every byte of them."""
    records = _lines(data)
    ended = not data or data.endswith(b"\n")
    assert b"\n".join(records) + (b"\n" if ended and data else b"") == data


def door_array(data: bytes) -> None:
    """A body that should be an array: its elements as the standard library reads them, or a 4xx."""
    try:
        records = _elements(data)
    except Problem as problem:
        _is_the_senders(problem)
        return
    text = data.decode()  # else it would have been refused
    try:
        elements = json.loads(text)
    except (RecursionError, ValueError):
        return  # deeper, or with longer numbers, than the standard library goes
    assert isinstance(elements, list), data
    assert [_plain(each) for each in records] == [_plain(json.dumps(e).encode()) for e in elements]


def _is_the_senders(problem: Problem) -> None:
    assert 400 <= problem.status < 500, problem.detail


def _plain(element: bytes) -> Any:
    return repr(json.loads(element))


def door_gzip(data: bytes) -> None:
    """A body that should be gzip: at most a little more than the limit, or a 4xx."""
    inflate = _Inflate(LIMIT)
    try:
        taken = inflate(data[: len(data) // 2]) + inflate(data[len(data) // 2 :])
        inflate.finish()
    except Problem as problem:
        _is_the_senders(problem)
        return
    assert len(taken) <= LIMIT + 1


TARGETS: dict[str, Target] = {
    target.__name__: target for target in (record, door_lines, door_array, door_gzip)
}
