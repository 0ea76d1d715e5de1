"""Legs as events leave them, against the rule read word by word."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from airside.dashboard.legs import TAKEN, Legs, Liveness

START = datetime(2026, 3, 1, 8)  # noqa: DTZ001 - event time is UTC without a zone
INSTANTS = (
    "event_at",
    *(
        f"{kind}_{side}_at"
        for kind in ("scheduled", "estimated", "actual")
        for side in ("departure", "arrival")
    ),
)
NUMBERS = (
    *("passenger_count", "baggage_count", "security_wait_time_minutes", "latitude", "longitude"),
    *("altitude_ft", "ground_speed_kts", "vertical_speed_fps", "heading"),
)
KINDS = dict.fromkeys(INSTANTS, pa.timestamp("us")) | dict.fromkeys(NUMBERS, pa.float64())
SCHEMA = pa.schema([(name, KINDS.get(name, pa.string())) for name in TAKEN])
ALWAYS = Liveness(departure_minutes=10**6, landed_minutes=10**6, stale_minutes=10**6)
AIRLINES = {"AI": "Air India", "6E": "IndiGo"}


def minutes(first: datetime | None, last: datetime | None) -> float | None:
    return None if first is None or last is None else (last - first).total_seconds() / 60


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events of two legs in the order in which they come, with times from so few that they tie."""
    instant = st.integers(0, 9).map(lambda minute: START + timedelta(minutes=minute))
    event = st.fixed_dictionaries(
        {
            "leg_key": st.sampled_from(["a", "b"]),
            "event_at": instant,
            "flight_status": st.sampled_from(["boarding", "departing", "en-route"]),
        },
        optional={
            "airline_iata": st.sampled_from([*AIRLINES, "ZZ"]),
            "departure_gate": st.sampled_from(["1", "2", "3"]),
            "actual_departure_at": instant,
            "actual_arrival_at": instant,
            "latitude": st.floats(-90, 90),
        },
    )
    return draw(st.lists(event, min_size=1, max_size=12))


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """As the warehouse gives them: by event time, then in the order in which they came."""
    rows = sorted(rows, key=lambda row: row["event_at"])
    return pa.Table.from_pylist(
        [{"scheduled_departure_at": START, "flight_icao": "AIC1", **row} for row in rows], SCHEMA
    )


def leg(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The contract: of each attribute the latest value that is known."""
    ordered = sorted(rows, key=lambda row: row["event_at"])
    said: dict[str, Any] = {}
    for row in ordered:
        said |= row
    departed, arrived = said.get("actual_departure_at"), said.get("actual_arrival_at")
    if departed is not None and arrived is not None and arrived < departed:
        arrived = None
    return {
        "flight_status": said["flight_status"],
        "airline_iata": said.get("airline_iata"),
        "airline_name": AIRLINES.get(said.get("airline_iata", "")),
        "departure_gate": said.get("departure_gate"),
        "latitude": said.get("latitude"),
        "actual_departure_at": departed,
        "actual_arrival_at": arrived,
        "departure_delay_minutes": minutes(START, departed),
        "last_event_at": ordered[-1]["event_at"],
        "events": len(rows),
    }


def history(rows: list[dict[str, Any]], counted: int) -> pa.Table:
    """With so many of them counted by gold."""
    numbers = sorted(range(len(rows)), key=lambda number: rows[number]["event_at"])
    is_new = [number >= counted for number in numbers]
    keys = [row["leg_key"] for row in rows[:counted]]
    counts = [
        0 if new else keys.count(rows[number]["leg_key"])
        for new, number in zip(is_new, numbers, strict=True)
    ]
    found = table(rows).append_column("leg_events", pa.array(counts, pa.int64()))
    return found.append_column("is_new", pa.array(is_new, pa.bool_()))


@given(events(), st.lists(st.integers(0, 12), max_size=3), st.integers(0, 12))
def test_however_events_are_cut_into_batches(
    rows: list[dict[str, Any]], cuts: list[int], counted: int
) -> None:
    legs = Legs(history([], 0))
    for first, last in pairwise([0, *sorted(cuts), len(rows)]):
        batch = table(rows[first:last])
        keys = set(legs.unsure(batch, START))
        ties = {(row["leg_key"], row["event_at"]) for row in rows[first:last]} & {
            (row["leg_key"], row["event_at"]) for row in rows[:first]
        }
        assert keys <= {key for key, _ in ties}
        if keys:
            legs.replace(keys, history([r for r in rows[:last] if r["leg_key"] in keys], counted))
        legs.take(table([row for row in rows[first:last] if row["leg_key"] not in keys]))
    found = {
        row["leg_key"]: row
        for row in legs.live(START + timedelta(minutes=9), AIRLINES, ALWAYS).to_pylist()
    }
    for key in {row["leg_key"] for row in rows}:
        expected = leg([row for row in rows if row["leg_key"] == key])
        assert {name: found[key][name] for name in expected} == expected
    assert len(found) == len({row["leg_key"] for row in rows})


def test_legs_that_may_be_known_elsewhere_are_asked_for() -> None:
    legs = Legs(history([], 0))
    batch = table([{"leg_key": "a", "event_at": START, "flight_status": "boarding"}])
    assert legs.unsure(batch, START) == {}
    assert legs.unsure(batch, START + timedelta(minutes=1)) == {"a": START}


def test_a_tie_is_left_to_the_order_of_the_stream() -> None:
    legs = Legs(history([], 0))
    event = {"leg_key": "a", "event_at": START, "flight_status": "boarding"}
    legs.take(table([event, {**event, "event_at": START + timedelta(minutes=1)}]))
    assert legs.unsure(table([event | {"departure_gate": "1"}]), START) == {}
    later = event | {"event_at": START + timedelta(minutes=1)}
    assert legs.unsure(table([later]), START) == {"a": START}
