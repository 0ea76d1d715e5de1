"""What the rules ask of the warehouse."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from airside.alerts.rules import Finding, Limits, findings
from airside.warehouse import DuckDBWarehouse

NOW_US = 1_764_550_800_000_000
SECOND = 1_000_000


class Asked:
    """A warehouse without a row that remembers what it was asked."""

    def __init__(self) -> None:
        self.questions: set[tuple[str, str]] = set()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        self.questions.add((sql, repr(list(parameters))))
        rows: list[dict[str, Any]] = []
        if "quarantined" in sql:
            rows = [{"received": None, "quarantined": None}]
        return pa.Table.from_pylist(rows)


def test_within_a_minute_the_same_questions_are_asked() -> None:
    """So they can be recalled while nothing has been loaded."""
    limits = Limits(
        airline_delay_minutes=30, security_wait_minutes=30, quarantine_share=0.1, schema_drift=0.1
    )
    warehouse = Asked()
    counts = []
    for seconds in (0, 5, 59, 60):
        findings(warehouse, limits, lags={}, sources={}, now_us=NOW_US + seconds * SECOND)
        counts.append(len(warehouse.questions))
    assert counts == [4, 4, 4, 6]


MINUTE_US = 60 * SECOND


def refusals(folder: Path, arrived_at_us: int, lag: float = 0) -> list[Finding]:
    """What is told at `NOW_US` of a bad batch that has just been loaded."""
    with closing(DuckDBWarehouse(folder / "warehouse.duckdb", clock=lambda: NOW_US)) as warehouse:
        warehouse.transform.execute(
            "INSERT INTO staging.batches SELECT 1, 200, 100, 100, 0,"
            " make_timestamp($arrived), make_timestamp($arrived), make_timestamp($now)",
            {"arrived": arrived_at_us, "now": NOW_US},
        )
        limits = Limits(quarantine_share=0.2)
        return findings(warehouse, limits, lags={"silver": lag}, sources={}, now_us=NOW_US)


def test_refusals_count_by_when_they_came(tmp_path: Path) -> None:
    """A rebuild loads in a minute what was refused in a year: that is no news."""
    assert refusals(tmp_path, NOW_US - 16 * MINUTE_US) == []


def test_refusals_of_late_are_told(tmp_path: Path) -> None:
    (finding,) = refusals(tmp_path, NOW_US - 14 * MINUTE_US)
    assert (finding.rule, finding.value) == ("quarantine", 0.5)


def test_refusals_are_told_however_far_behind_the_cleaning_is(tmp_path: Path) -> None:
    (finding,) = refusals(tmp_path, NOW_US - 70 * MINUTE_US, lag=3_600)
    assert finding.value == 0.5
