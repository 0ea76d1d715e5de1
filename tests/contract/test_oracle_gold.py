"""The oracle's derived figures against small days worked out by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import oracle
from oracle.record import Row, leg_key

DAY = datetime(2025, 9, 24)  # noqa: DTZ001 - instants are naive UTC


def at(hours: float, minutes: float = 0) -> datetime:
    return DAY + timedelta(hours=hours, minutes=minutes)


def event(flight: str, event_at: datetime, status: str = "scheduled", **columns: Any) -> Row:
    """A clean row of a flight BOM-AMD planned for 10:00 to 11:00, all else unknown."""
    row = oracle.read_record(
        b'{"event_id": 1, "event_timestamp": "2025-09-24T00:00", "flight_details": '
        b'{"flight_icao": "%s"}, "route_info": {"departure_airport_iata": "BOM", '
        b'"arrival_airport_iata": "AMD", "scheduled_departure_utc": "2025-09-24T10:00", '
        b'"scheduled_arrival_utc": "2025-09-24T11:00"}, "live_telemetry": {"flight_status": "%s"}}'
        % (flight.encode(), status.encode())
    ).row
    assert row is not None
    row |= {"event_at": event_at, "shard_id": "0", "sequence_number": "1", "arrived_at": at(20)}
    row |= columns
    key = leg_key(flight, row["departure_airport_iata"], row["scheduled_departure_at"])
    return row | {"leg_key": key}


def only_leg(*events: Row) -> Row:
    (leg,) = oracle.gold(events).legs.values()
    return leg


def test_the_latest_event_counts_whenever_it_arrives() -> None:
    late = event("A1", at(9), "boarding", arrived_at=at(23), passenger_count=1, airline_iata="AA")
    latest = event("A1", at(10), "departing", passenger_count=2)

    leg = only_leg(latest, late)

    assert (leg["flight_status"], leg["last_event_at"], leg["events"]) == ("departing", at(10), 2)
    assert (leg["passenger_count"], leg["airline_iata"]) == (2, "AA")


@pytest.mark.parametrize(
    "later",
    [
        {"arrived_at": at(20, 1), "shard_id": "0", "sequence_number": "0"},
        {"shard_id": "1", "sequence_number": "0"},
        {"sequence_number": "2"},
    ],
)
def test_stream_order_decides_between_events_of_one_instant(later: Row) -> None:
    first, second = event("A1", at(9), "boarding"), event("A1", at(9), "departing", **later)

    assert only_leg(second, first)["flight_status"] == "departing"


def test_a_leg_cannot_arrive_before_it_departs() -> None:
    departed = event("A1", at(12), actual_departure_at=at(10, 30), actual_arrival_at=None)
    arrived = event("A1", at(11), actual_arrival_at=at(10, 20))

    leg = only_leg(arrived, departed)

    assert leg["actual_arrival_at"] is None
    assert leg["arrival_delay_minutes"] is None
    assert leg["departure_delay_minutes"] == 30.0


def test_delays_are_signed_and_measured_against_the_latest_schedule() -> None:
    leg = only_leg(
        event("A1", at(11), actual_arrival_at=at(10, 50.5), actual_departure_at=at(9, 59)),
        event("A1", at(12), scheduled_arrival_at=at(11, 30)),
    )

    assert leg["departure_delay_minutes"] == -1.0
    assert leg["arrival_delay_minutes"] == -39.5


def test_airline_delays_count_each_leg_once() -> None:
    def flight(name: str, status: str, departed: float | None, arrived: float | None) -> Row:
        return event(
            name,
            at(12),
            status,
            airline_iata="AA",
            actual_departure_at=None if departed is None else at(10, departed),
            actual_arrival_at=None if arrived is None else at(11, arrived),
        )

    delays = oracle.gold(
        [
            flight("ON1", "landed", 0, -5),
            flight("ON2", "landed", 14.9, 0),
            flight("LATE", "landed", 15, 15),
            flight("AWAY", "diverted", 1, None),
            flight("LOST", "cancelled", 2, None),
            flight("AIR", "en-route", 30, None),
            flight("TOCOME", "scheduled", None, None),
            event("OTHER", at(12)),
        ]
    ).airline_delays

    assert set(delays) == {"AA", None}
    assert {k: v for k, v in delays["AA"].items() if isinstance(v, int)} == {
        "flights": 7,
        "departed": 6,
        "landed": 3,
        "cancelled": 1,
        "diverted": 1,
    }
    assert delays["AA"]["mean_departure_delay_minutes"] == pytest.approx(62.9 / 6)
    assert delays["AA"]["median_departure_delay_minutes"] == pytest.approx((2 + 14.9) / 2)
    assert delays["AA"]["p90_departure_delay_minutes"] == pytest.approx(22.5)
    assert delays["AA"]["mean_arrival_delay_minutes"] == pytest.approx(10 / 3)
    assert delays["AA"]["d15"] == pytest.approx(3 / 6)  # ON1, ON2, AWAY of the departed six
    assert delays["AA"]["a15"] == pytest.approx(2 / 5)  # ON1, ON2 of landed, diverted, cancelled
    assert delays["AA"]["d0"] == pytest.approx(1 / 6)
    assert delays["AA"]["a0"] == pytest.approx(2 / 5)
    assert delays[None]["d15"] is None
    assert delays[None]["mean_departure_delay_minutes"] is None


def test_two_stray_clocks_do_not_move_the_watermark() -> None:
    events = [event("A1", at(9)), event("A2", at(10)), event("A3", at(24)), event("A4", at(90))]

    assert oracle.gold(events).watermark == at(10)
    assert oracle.gold(events[:3]).watermark == at(9)
    assert oracle.gold(events[:2]).watermark == at(10)
    assert oracle.gold(events[:1]).watermark == at(9)
    assert oracle.gold([]).watermark is None
    assert oracle.gold([events[0], *(event(f"B{n}", at(10)) for n in range(3))]).watermark == at(10)


def now_is(hours: float) -> list[Row]:
    """Three cancelled legs that put the watermark there, and are not active themselves."""
    return [event(f"NOW{n}", at(hours), "cancelled") for n in range(3)]


@pytest.mark.parametrize(
    ("status", "last_event", "planned", "is_active"),
    [
        ("boarding", at(6), at(2), True),
        ("departing", at(12), at(22), True),
        ("en-route", at(6, -0.1), at(12), False),  # last heard of more than 6 hours ago
        ("scheduled", at(11), at(15), True),
        ("scheduled", at(11), at(9), True),
        ("scheduled", at(11), at(15, 0.1), False),
        ("scheduled", at(11), at(8, 59), False),
        ("landed", at(11, 30), at(10), True),
        ("landed", at(11, 29), at(10), False),
        ("diverted", at(12), at(12), False),
        ("cancelled", at(12), at(12), False),
    ],
)
def test_a_flight_is_active_around_the_watermark(
    status: str, last_event: datetime, planned: datetime, is_active: bool
) -> None:
    flight = event("A1", last_event, status, scheduled_departure_at=planned)

    gold = oracle.gold([*now_is(12), flight])

    assert gold.watermark == at(12)
    assert gold.by_status == ({status: 1} if is_active else {})


def test_a_clock_far_ahead_is_not_active() -> None:
    assert not oracle.gold([*now_is(12), event("A1", at(18, 1), "en-route")]).active
    assert oracle.gold([*now_is(12), event("A1", at(18), "en-route")]).active


def landing(name: str, arrived: datetime, **columns: Any) -> Row:
    columns = {"tail_number": "VT-A", "actual_arrival_at": arrived} | columns
    return event(name, at(23), "landed", **columns)


def leaving(name: str, departed: datetime, **columns: Any) -> Row:
    columns = {"tail_number": "VT-A", "departure_airport_iata": "AMD"} | columns
    return event(name, at(23), "departing", actual_departure_at=departed, **columns)


@pytest.mark.parametrize(
    ("events", "reported", "derived"),
    [
        ([landing("IN", at(11)), leaving("OUT", at(11, 45.5))], None, 45.5),
        ([landing("IN", at(11)), leaving("OUT", at(13)), leaving("MID", at(12))], None, 60.0),
        ([landing("IN", at(11)), leaving("OUT", at(13, 59.9))], None, pytest.approx(179.9)),
        ([landing("IN", at(11), turnaround_time_minutes=0), leaving("O", at(12))], 0, 60.0),
        ([landing("IN", at(11), turnaround_time_minutes=50)], 50, None),
        ([event("IN", at(9), "scheduled", turnaround_time_minutes=50)], 50, None),
    ],
)
def test_a_turnaround_is_reported_or_derived(
    events: list[Row], reported: int | None, derived: float | None
) -> None:
    (turnaround,) = oracle.gold(events).turnarounds.values()

    assert turnaround["leg_key"] == events[0]["leg_key"]
    assert turnaround["airport_iata"] == "AMD"
    assert turnaround["reported_minutes"] == reported
    assert turnaround["derived_minutes"] == derived
    assert turnaround["turnaround_minutes"] == (derived if reported is None else reported)


@pytest.mark.parametrize(
    "departure",
    [
        leaving("OUT", at(14)),  # 180 minutes: too long
        leaving("OUT", at(11)),  # with the arrival, not after it
        leaving("OUT", at(10)),
        leaving("OUT", at(12), tail_number="VT-B"),
        leaving("OUT", at(12), tail_number=None),
        leaving("OUT", at(12), departure_airport_iata="DEL"),
    ],
)
def test_no_turnaround_without_the_tail_leaving_in_time(departure: Row) -> None:
    assert not oracle.gold([landing("IN", at(11)), departure]).turnarounds


def test_a_long_stop_hides_no_later_departure() -> None:
    events = [landing("IN", at(11)), leaving("OUT", at(14, 1)), leaving("NEXT", at(15))]

    assert not oracle.gold(events).turnarounds


def test_passengers_and_turnaround_are_correlated_by_type_and_overall() -> None:
    pairs = {"A320": [(100, 30), (150, 40), (200, 50)], "AT76": [(70, 20), (70, 25), (70, 30)]}
    events = [
        event(
            f"{kind}{n}",
            at(9),
            aircraft_type=kind,
            passenger_count=passengers,
            turnaround_time_minutes=minutes,
        )
        for kind, values in pairs.items()
        for n, (passengers, minutes) in enumerate(values)
    ]
    events += [
        event("NOPAX", at(9), aircraft_type="A320", turnaround_time_minutes=99),
        event("FEW", at(9), aircraft_type="B738", passenger_count=1, turnaround_time_minutes=9),
    ]

    answer = oracle.gold(events).passengers_vs_turnaround

    by_type = answer["by_aircraft_type"]
    assert by_type["A320"] == {"n": 3, "r": 1.0, "slope": 0.2, "intercept": 10.0}
    assert by_type["AT76"] == {"n": 3, "r": None, "slope": None, "intercept": None}
    assert by_type["B738"] == {"n": 1, "r": None, "slope": None, "intercept": None}
    assert answer["n"] == 7
    assert answer["r"] == pytest.approx(0.974257, abs=1e-6)
    assert answer["slope"] == pytest.approx(0.201567, abs=1e-6)
