"""The monitor's rounds, where the clock was ahead at first and is then put right."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from airside.alerts import AlertStore, Limits, Monitor
from airside.alerts.rules import SILENT_SOURCE, Finding, Heard

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
NOW_US = 1_800_000_000_000_000


class Nothing:
    """A warehouse that loads nothing any more."""

    def query(self, _sql: str, _parameters: Sequence[object] = ()) -> pa.Table:
        return pa.table({"id": [1]})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        yield store


def silent(store: AlertStore) -> list[str]:
    return [alert.subject for alert in store.firing() if alert.rule == SILENT_SOURCE]


@pytest.mark.parametrize("heard_us", [NOW_US, NOW_US + DAY_US // 2])
def test_a_silence_is_noticed_though_the_clock_was_ahead(store: AlertStore, heard_us: int) -> None:
    store.hear(1, [Heard("radar", 100, heard_us)])
    now_us = NOW_US + DAY_US // 2
    limits = Limits(silent_minutes=15)
    monitor = Monitor(Nothing(), store, limits, lags=dict, telling=False, clock=lambda: now_us)
    monitor.run_once()
    now_us = NOW_US + MINUTE_US
    monitor.run_once()
    assert silent(store) == []
    now_us += 16 * MINUTE_US
    monitor.run_once()
    assert silent(store) == ["radar"]


def test_an_alert_ends_though_the_clock_was_ahead(store: AlertStore) -> None:
    late = Finding("airline_delay", "6E", 70.0, 60.0, "minutes", "6E is late")
    store.update([late], NOW_US + DAY_US, telling=False)
    for minute in range(3):
        store.update([], NOW_US + minute * MINUTE_US, telling=False)
    assert store.firing() == []
