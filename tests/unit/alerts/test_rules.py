"""What the rules ask of the warehouse."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from airside.alerts.rules import Limits, findings

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
