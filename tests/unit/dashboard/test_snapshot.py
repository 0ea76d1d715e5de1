"""The snapshot, as long as nothing changes."""

from types import SimpleNamespace
from typing import Any

import orjson

from airside.dashboard import Options
from airside.dashboard.producer import Producer

NOON_US = 1_772_366_400_000_000
HOUR_US = 3_600_000_000


def test_it_tells_the_time_of_its_asking() -> None:
    now = [NOON_US]
    backend: Any = SimpleNamespace(reader=None, clock=lambda: now[0])  # of a backend, what is asked
    producer = Producer(backend, Options())
    first = producer.snapshot()
    assert producer.snapshot() is first
    now[0] += HOUR_US
    told = [orjson.loads(body)["at"] for body in (first, producer.snapshot())]
    assert told == ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"]
