"""The live board goes first: what is read of gold pauses for every batch that is loaded."""

import threading
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airside.dashboard import Answers, Liveness
from airside.dashboard.parts import GoldParts
from airside.gold import answers
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from airside.warehouse import Reader
from support.dashboards import prepared

NOON = datetime.fromisoformat("2026-03-01T12:00:00")


@pytest.fixture
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with open_reader(DataDir(prepared(tmp_path_factory))) as opened:
        yield opened


def parts_of(reader: Reader, changed: threading.Event, now: Any = lambda: 0.0) -> GoldParts:
    backend: Any = SimpleNamespace(  # of a backend, what is asked here
        reader=reader,
        answers=Answers(
            airline_delays=answers.airline_delays,
            delay_totals=answers.delay_totals,
            passengers_vs_turnaround=answers.passengers_vs_turnaround,
        ),
        changed=changed,
    )
    return GoldParts(backend, None, now, Liveness())


def test_a_loaded_batch_interrupts_and_nothing_is_lost(reader: Reader) -> None:
    at_once = parts_of(reader, threading.Event())
    whole = at_once.read(7, NOON)
    assert len(whole["airline_delays"]) > 5
    assert not at_once.is_reading

    changed = threading.Event()
    changed.set()  # batches come faster than the reports can be read
    parts = parts_of(reader, changed)
    looks = 0
    while not (read := parts.read(7, NOON)):
        looks += 1
        assert parts.is_reading
        assert looks < 50
    assert looks > 3
    assert read == whole
    assert parts.figures == at_once.figures


def test_what_has_not_changed_is_not_read_again(reader: Reader) -> None:
    seconds = 0.0
    parts = parts_of(reader, threading.Event(), lambda: seconds)
    assert {"airline_delays", "turnaround_points"} <= parts.read(7, NOON).keys()
    assert parts.read(7, NOON) == {}
    assert "turnaround_points" not in parts.read(8, NOON), "points are too much for every refresh"
    seconds = 31.0
    assert parts.read(8, NOON).keys() == {"turnaround_points", "delay_pairs"}
    assert parts.read(8, NOON) == {}
