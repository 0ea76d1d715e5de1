"""The three answers, as JSON prints them."""

import json
from pathlib import Path

import pytest

from airside.errors import UsageError
from airside.gold import answers
from airside.warehouse import DuckDBWarehouse
from unit.gold.staged_gold import Row, StagedGold, at, event

DELAY_KEYS = {
    "airline_iata",
    "flights",
    "departed",
    "landed",
    "cancelled",
    "diverted",
    "mean_departure_delay_minutes",
    "mean_arrival_delay_minutes",
    "d15",
    "a15",
}


def flown(number: int, airline: str | None, delay: float, **values: object) -> Row:
    return event(
        flight_icao=f"F{number}",
        airline_iata=airline,
        event_at=at(60 + delay),
        actual_departure_at=at(delay),
        actual_arrival_at=at(60 + delay),
        flight_status="landed",
        **values,
    )


def test_airlines_come_worst_first_and_those_that_have_not_flown_last(staged: StagedGold) -> None:
    staged.load(
        [
            flown(1, "AI", 10),
            flown(2, "6E", 30),
            flown(3, "6E", 20),
            flown(4, None, 12),
            event(flight_icao="F5", airline_iata="UK"),
        ]
    )
    staged.gold.refresh()
    answer = json.loads(json.dumps(answers.report(staged.warehouse)))
    delays = answer["airline_delays"]
    assert [row["airline_iata"] for row in delays] == ["6E", None, "AI", "UK"]
    assert [row["airline_name"] for row in delays] == ["IndiGo", "Unknown", "Air India", "Vistara"]
    assert all(row.keys() >= DELAY_KEYS for row in delays)
    assert delays[0]["mean_departure_delay_minutes"] == 25
    assert delays[-1] | {"flights": 1, "departed": 0, "d15": None} == delays[-1]
    totals = answer["totals"]
    assert (totals["flights"], totals["departed"], totals["landed"]) == (5, 4, 4)
    assert totals["mean_arrival_delay_minutes"] == 18


def test_a_line_needs_three_pairs_that_differ(staged: StagedGold) -> None:
    def turned(number: int, kind: str, passengers: int | None, minutes: int) -> Row:
        return flown(
            number,
            "6E",
            0,
            aircraft_type=kind,
            passenger_count=passengers,
            turnaround_time_minutes=minutes,
        )

    staged.load(
        [
            *(turned(i, "A320", 100 + 10 * i, 30 + 5 * i) for i in range(4)),
            *(turned(10 + i, "B738", 150, 40 + i) for i in range(3)),
            *(turned(20 + i, "AT72", 50 + i, 25 + i) for i in range(2)),
            turned(30, "AT72", None, 99),
        ]
    )
    staged.gold.refresh()
    answer = answers.passengers_vs_turnaround(staged.warehouse)
    assert answer["n"] == 9
    by_type = {row["aircraft_type"]: row for row in answer["by_aircraft_type"]}
    assert list(by_type) == ["A320", "B738", "AT72"]  # most pairs first
    line = {name: by_type["A320"][name] for name in ("n", "r", "slope", "intercept")}
    assert line == pytest.approx({"n": 4, "r": 1, "slope": 0.5, "intercept": -20})
    for kind, pairs in (("B738", 3), ("AT72", 2)):
        assert by_type[kind]["n"] == pairs
        assert by_type[kind]["r"] is by_type[kind]["slope"] is by_type[kind]["intercept"] is None


def test_a_correlation_is_never_beyond_one(staged: StagedGold) -> None:
    """Of these pairs, on a line each, rounding makes a little more than 1 and less than -1."""
    up = [(114, 119), (392, 397), (225, 230), (254, 259), (284, 289)]
    down = [(146, 259), (301, 104), (256, 149), (259, 146)]
    staged.load(
        flown(
            10 * place + number,
            "6E",
            0,
            aircraft_type=kind,
            passenger_count=passengers,
            turnaround_time_minutes=minutes,
        )
        for place, (kind, pairs) in enumerate({"A320": up, "B738": down, "AT72": up[:2]}.items())
        for number, (passengers, minutes) in enumerate(pairs, start=1)
    )
    staged.gold.refresh()
    by_type = answers.passengers_vs_turnaround(staged.warehouse)["by_aircraft_type"]
    assert {row["aircraft_type"]: row["r"] for row in by_type} == {
        "A320": 1.0,
        "B738": -1.0,
        "AT72": None,
    }


def test_live_flights_by_status(staged: StagedGold) -> None:
    staged.load(
        [
            event(flight_icao="A", flight_status="en-route"),
            event(flight_icao="B", flight_status="boarding"),
            event(flight_icao="C", flight_status="en-route"),
            event(flight_icao="D", flight_status="cancelled"),
        ]
    )
    answer = answers.live_flights(staged.warehouse)
    assert answer == {
        "watermark": "2025-09-24T12:00:00Z",
        "active": 3,
        "by_status": {"boarding": 1, "en-route": 2},
    }
    assert list(answer["by_status"]) == ["boarding", "en-route"]  # as a flight goes


def test_progress_says_what_waits(staged: StagedGold) -> None:
    staged.load([event()])
    staged.gold.refresh()
    done = {"through_batch_id": 1, "waiting_batches": 0, "waiting_records": 0}
    assert answers.progress(staged.warehouse) == done
    staged.load([event(), event()])
    staged.load([event()])
    behind = {"through_batch_id": 1, "waiting_batches": 2, "waiting_records": 3}
    assert answers.progress(staged.warehouse) == behind


def test_before_gold_has_been_built_answers_are_empty(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb", clock=lambda: 0)
    answer = answers.report(warehouse)
    assert answer["airline_delays"] == []
    assert answer["totals"]["flights"] == 0
    assert answer["totals"]["d15"] is None
    assert answer["passengers_vs_turnaround"]["n"] == 0
    assert answer["passengers_vs_turnaround"]["by_aircraft_type"] == []
    assert answer["live_flights"] == {"watermark": None, "active": 0, "by_status": {}}
    assert answers.progress(warehouse)["waiting_records"] == 0
    warehouse.close()


def test_gold_that_is_broken_is_not_passed_off_as_empty(staged: StagedGold) -> None:
    staged.gold.refresh()
    staged.execute("ALTER TABLE int_delay_counts RENAME COLUMN legs TO is_gone")
    with pytest.raises(UsageError, match="legs"):
        answers.airline_delays(staged.warehouse)
    staged.execute("ALTER TABLE int_delay_counts RENAME COLUMN is_gone TO legs")
