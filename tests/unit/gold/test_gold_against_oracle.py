"""Gold equals the contract read a second time, whatever the order and the cutting of batches."""

import random
from collections.abc import Iterable, Sequence

import pytest

from oracle.gold import Gold as OracleGold
from oracle.gold import gold as read_contract
from unit.gold.staged_gold import LEG_COLUMNS, Row, StagedGold, cut, random_events

TURNAROUND_COLUMNS = (
    "leg_key",
    "airport_iata",
    "tail_number",
    "aircraft_type",
    "passenger_count",
    "reported_minutes",
    "derived_minutes",
    "turnaround_minutes",
)
LIVE_COLUMNS = tuple(
    name for name in LEG_COLUMNS if name not in {"taxi_time_minutes", "turnaround_time_minutes"}
)


def by_leg(rows: Iterable[Row], columns: Sequence[str]) -> dict[str, Row]:
    return {row["leg_key"]: {name: row[name] for name in columns} for row in rows}


def assert_facts_equal(staged: StagedGold, rows: list[Row]) -> None:
    expected = read_contract(rows)
    assert by_leg(staged.rows("FROM fct_flight_legs"), LEG_COLUMNS) == expected.legs
    turnarounds = by_leg(staged.rows("FROM fct_turnarounds"), TURNAROUND_COLUMNS)
    assert turnarounds == expected.turnarounds
    assert_reports_equal(staged, expected)


def assert_reports_equal(staged: StagedGold, expected: OracleGold) -> None:
    columns = ", ".join(next(iter(expected.airline_delays.values()), {"airline_iata": None}))
    delays = staged.rows(f"SELECT {columns} FROM rpt_airline_delays")
    assert {row["airline_iata"]: pytest.approx(row) for row in delays} == expected.airline_delays
    fits = {
        (row["scope"], row["aircraft_type"]): pytest.approx(
            {name: row[name] for name in ("n", "r", "slope", "intercept")}
        )
        for row in staged.rows("FROM rpt_passengers_vs_turnaround")
    }
    overall = dict(expected.passengers_vs_turnaround)
    by_type = overall.pop("by_aircraft_type")
    assert fits == {("all", None): overall} | {
        ("aircraft_type", kind): fit for kind, fit in by_type.items()
    }


def assert_live_equals(staged: StagedGold, rows: list[Row]) -> None:
    expected = read_contract(rows)
    assert staged.one("FROM rpt_watermark") == expected.watermark
    live = by_leg(staged.rows("FROM rpt_live_flights"), LIVE_COLUMNS)
    assert live == by_leg(expected.active.values(), LIVE_COLUMNS)


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_cut_of_batches_gives_what_the_contract_says(
    staged: StagedGold, seed: int
) -> None:
    rng = random.Random(seed)
    rows = random_events(rng, legs=120, events=900)
    loaded: list[Row] = []
    for batch in cut(rng, rows, batches=6):
        staged.load(batch)
        loaded += batch
        assert_live_equals(staged, loaded)  # views do not wait for a refresh
        if rng.random() < 0.6:
            staged.gold.refresh()
            assert_facts_equal(staged, loaded)
            assert_live_equals(staged, loaded)
    staged.gold.refresh()
    assert_facts_equal(staged, rows)
    incremental = staged.tables()
    staged.gold.full_refresh()
    assert staged.tables() == incremental
