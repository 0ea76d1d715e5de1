"""The contract's derived figures, worked out by hand."""

import pytest

from unit.gold.staged_gold import Row, StagedGold, at, event


def legs(staged: StagedGold) -> dict[str, Row]:
    return {row["flight_icao"]: row for row in staged.rows("FROM fct_flight_legs")}


def turnarounds(staged: StagedGold) -> dict[str, Row]:
    return {row["flight_icao"]: row for row in staged.rows("FROM fct_turnarounds")}


def arrival(flight: str, tail: str | None, landed: float, **values: object) -> Row:
    """A leg that lands in AMD so many minutes after noon."""
    return event(
        flight_icao=flight,
        tail_number=tail,
        scheduled_departure_at=at(landed - 60),
        actual_departure_at=at(landed - 60),
        actual_arrival_at=at(landed),
        event_at=at(landed),
        flight_status="landed",
        **values,
    )


def departure(flight: str, tail: str | None, left: float, **values: object) -> Row:
    """A leg that leaves AMD so many minutes after noon."""
    return event(
        flight_icao=flight,
        tail_number=tail,
        departure_airport_iata="AMD",
        arrival_airport_iata="DEL",
        **{"scheduled_departure_at": at(left), "event_at": at(left)} | values,
        actual_departure_at=at(left),
        flight_status="departing",
    )


def test_a_leg_gathers_what_its_events_say(staged: StagedGold) -> None:
    staged.load(
        [
            event(event_at=at(-60), airline_iata="6E", departure_gate="A1", passenger_count=170),
            event(event_at=at(-10), flight_status="boarding", departure_gate="A2"),
            event(event_at=at(6), flight_status="departing", actual_departure_at=at(5.5)),
        ]
    )
    staged.gold.refresh()
    leg = legs(staged)["6E1"]
    assert leg["flight_status"] == "departing"
    assert leg["departure_gate"] == "A2"
    assert (leg["airline_iata"], leg["passenger_count"]) == ("6E", 170)
    assert leg["departure_delay_minutes"] == 5.5
    assert (leg["actual_arrival_at"], leg["arrival_delay_minutes"]) == (None, None)
    assert (leg["last_event_at"], leg["events"]) == (at(6), 3)


def test_a_late_event_fills_gaps_but_moves_nothing_back(staged: StagedGold) -> None:
    staged.load([event(event_at=at(60), flight_status="landed", arrival_gate="B1")])
    staged.gold.refresh()
    staged.load(
        [event(event_at=at(-5), flight_status="boarding", arrival_gate="B9", tail_number="VT-A")]
    )
    staged.gold.refresh()
    leg = legs(staged)["6E1"]
    assert (leg["flight_status"], leg["arrival_gate"]) == ("landed", "B1")
    assert (leg["tail_number"], leg["events"]) == ("VT-A", 2)


def test_an_impossible_arrival_returns_when_the_departure_is_put_right(staged: StagedGold) -> None:
    staged.load(
        [
            event(event_at=at(70), flight_status="landed", actual_arrival_at=at(65)),
            event(event_at=at(80), flight_status="landed", actual_departure_at=at(75)),
        ]
    )
    staged.gold.refresh()
    assert legs(staged)["6E1"]["actual_arrival_at"] is None
    staged.load([event(event_at=at(90), flight_status="landed", actual_departure_at=at(7))])
    staged.gold.refresh()
    leg = legs(staged)["6E1"]
    assert leg["actual_arrival_at"] == at(65)
    assert (leg["departure_delay_minutes"], leg["arrival_delay_minutes"]) == (7, 5)


def test_turnarounds(staged: StagedGold) -> None:
    staged.load(
        [
            arrival("IN1", "VT-A", landed=0, passenger_count=150, aircraft_type="A320"),
            departure("OUT1", "VT-A", left=45),
            departure("OUT2", "VT-A", left=50),
            arrival("REPORTS", "VT-B", landed=0, turnaround_time_minutes=30),
            departure("OUT3", "VT-B", left=40),
            arrival("TOO-LONG", "VT-C", landed=0),
            departure("OUT4", "VT-C", left=180),
            arrival("JUST", "VT-D", landed=0),
            departure("OUT5", "VT-D", left=179.5),
            arrival("NO-TAIL", None, landed=0),
            departure("OUT6", None, left=30),
            arrival("SAME-MINUTE", "VT-E", landed=0),
            departure("OUT7", "VT-E", left=0),
            arrival("ELSEWHERE", "VT-F", landed=0),
            event(flight_icao="OUT8", tail_number="VT-F", actual_departure_at=at(30)),
        ]
    )
    staged.gold.refresh()
    found = turnarounds(staged)
    minutes = {
        flight: (row["reported_minutes"], row["derived_minutes"], row["turnaround_minutes"])
        for flight, row in found.items()
    }
    assert minutes == {
        "IN1": (None, 45, 45),
        "REPORTS": (30, 40, 30),
        "JUST": (None, 179.5, 179.5),
    }
    assert found["IN1"]["airport_iata"] == "AMD"
    assert (found["IN1"]["passenger_count"], found["IN1"]["aircraft_type"]) == (150, "A320")


def test_a_turnaround_follows_its_next_leg_wherever_that_goes(staged: StagedGold) -> None:
    """Tails are swapped, departures move: what rested on the old state is worked out again."""
    staged.load([arrival("IN", "VT-A", landed=0), arrival("OTHER", "VT-B", landed=10)])
    staged.gold.refresh()
    assert turnarounds(staged) == {}

    out = departure("OUT", "VT-A", left=45)
    staged.load([out])
    staged.gold.refresh()
    assert turnarounds(staged)["IN"]["derived_minutes"] == 45

    swapped = departure("OUT", "VT-B", left=45, event_at=at(46))
    staged.load([swapped])
    staged.gold.refresh()
    assert {key: row["derived_minutes"] for key, row in turnarounds(staged).items()} == {
        "OTHER": 35
    }

    moved = departure("OUT", "VT-B", left=300, scheduled_departure_at=at(45), event_at=at(301))
    staged.load([moved])
    staged.gold.refresh()
    assert turnarounds(staged) == {}

    earlier = departure("EARLIER", "VT-B", left=90)
    staged.load([earlier])
    staged.gold.refresh()
    assert turnarounds(staged)["OTHER"]["next_leg_key"] == earlier["leg_key"]


def test_punctuality_counts_cancelled_and_diverted_legs_as_late(staged: StagedGold) -> None:
    def leg(
        number: int, departure_delay: float | None, arrival_delay: float | None, status: str
    ) -> Row:
        return event(
            flight_icao=f"F{number}",
            airline_iata="6E",
            flight_status=status,
            actual_departure_at=None if departure_delay is None else at(departure_delay),
            actual_arrival_at=None if arrival_delay is None else at(60 + arrival_delay),
        )

    staged.load(
        [
            leg(1, -3, 0, "landed"),
            leg(2, 14.9, 15, "landed"),
            leg(3, 15, 3, "landed"),
            leg(4, None, None, "cancelled"),
            leg(5, 2, 14, "diverted"),
            leg(6, 1, None, "en-route"),
            leg(7, None, None, "scheduled"),
        ]
    )
    staged.gold.refresh()
    (delays,) = staged.rows("FROM rpt_airline_delays")
    counts = [delays[name] for name in ("flights", "departed", "landed", "cancelled", "diverted")]
    assert counts == [7, 5, 4, 1, 1]
    assert delays["d15"] == 4 / 6  # all that left within 15 minutes, of those and the cancelled
    assert delays["d0"] == 1 / 6
    assert delays["a15"] == 2 / 5  # neither the diverted one nor the cancelled one
    assert delays["a0"] == 1 / 5
    assert delays["mean_departure_delay_minutes"] == pytest.approx((-3 + 14.9 + 15 + 2 + 1) / 5)
    assert delays["median_departure_delay_minutes"] == 2
    assert delays["p90_departure_delay_minutes"] == pytest.approx(14.96)
    assert delays["airline_name"] == "IndiGo"


def test_live_flights_and_the_watermark_do_not_wait_for_a_refresh(staged: StagedGold) -> None:
    def leg(flight: str, last_event: float, status: str, scheduled: float = 0) -> Row:
        return event(
            flight_icao=flight,
            event_at=at(last_event),
            flight_status=status,
            scheduled_departure_at=at(scheduled),
        )

    staged.gold.refresh()
    assert staged.one("FROM rpt_watermark") is None
    staged.load([leg("A", 0, "boarding")])
    assert staged.one("FROM rpt_watermark") == at(0)
    staged.load([leg("A", 10, "departing"), leg("B", 400, "en-route")])
    assert staged.one("FROM rpt_watermark") == at(400)  # of two legs the greatest
    staged.load([leg("C", 500, "en-route"), leg("D", 5000, "en-route")])
    assert staged.one("FROM rpt_watermark") == at(400)  # of more the third-greatest
    staged.load(
        [
            leg("E", 395, "scheduled", scheduled=400 + 180),
            leg("F", 395, "scheduled", scheduled=400 - 180),
            leg("G", 395, "scheduled", scheduled=400 + 180.1),
            leg("H", 370, "landed"),
            leg("I", 369.9, "landed"),
            leg("J", 40, "boarding"),
            leg("K", 39.9, "boarding"),
            leg("L", 395, "cancelled"),
            leg("M", 395, "diverted"),
        ]
    )
    expected = {"B", "C", "E", "F", "H", "J"}
    for _ in range(2):
        live = {row["flight_icao"] for row in staged.rows("FROM rpt_live_flights")}
        assert live == expected
        staged.gold.refresh()


def test_hourly_operations_and_airport_movements(staged: StagedGold) -> None:
    staged.load(
        [
            departure("OUT1", "VT-A", left=5, passenger_count=100, security_wait_time_minutes=10),
            departure("OUT2", "VT-B", left=65, scheduled_departure_at=at(55), passenger_count=50),
            arrival("IN", "VT-C", landed=30, passenger_count=70),
            event(flight_icao="NO", departure_airport_iata="AMD", flight_status="cancelled"),
        ]
    )
    staged.gold.refresh()
    noon, one = staged.rows(
        "FROM rpt_hourly_operations WHERE airport_iata = 'AMD' AND hour_at >= '2025-09-24 12:00'"
        " ORDER BY hour_at LIMIT 2"
    )
    assert (noon["scheduled_departures"], noon["departures"], noon["arrivals"]) == (3, 1, 1)
    assert (noon["cancelled_departures"], noon["departed_passengers"]) == (1, 100)
    assert noon["mean_security_wait_time_minutes"] == 10
    assert (one["departures"], one["mean_departure_delay_minutes"]) == (1, 10)
    (ahmedabad,) = staged.rows("FROM rpt_airport_movements WHERE airport_iata = 'AMD'")
    assert (ahmedabad["movements"], ahmedabad["departures"], ahmedabad["arrivals"]) == (3, 2, 1)
    assert (ahmedabad["departed_passengers"], ahmedabad["arrived_passengers"]) == (150, 70)
    assert (ahmedabad["city"], ahmedabad["country"]) == ("Ahmedabad", "IN")


def test_dimensions_know_every_code_seen_and_the_unknown(staged: StagedGold) -> None:
    staged.load([event(airline_iata="6E", tail_number="VT-A", aircraft_type="A320")])
    staged.gold.refresh()
    staged.load(
        [
            event(airline_iata="??", arrival_airport_iata="QQQ", tail_number="VT-B"),
            event(tail_number="VT-A", aircraft_type="B738", event_at=at(-1)),
            event(tail_number="VT-A", aircraft_type=None, event_at=at(9)),
        ]
    )
    staged.gold.refresh()
    assert staged.one("SELECT airline_name FROM dim_airlines WHERE airline_iata = '??'") == "??"
    assert staged.one("SELECT airport_name FROM dim_airports WHERE airport_iata = 'QQQ'") == "QQQ"
    assert staged.one("SELECT seats FROM dim_aircraft WHERE tail_number = 'VT-A'") == 180
    (aircraft,) = staged.rows("FROM dim_aircraft WHERE tail_number = 'VT-A'")
    assert (aircraft["first_seen_at"], aircraft["last_seen_at"]) == (at(-1), at(9))
    for table, code in (
        ("dim_airlines", "airline_iata"),
        ("dim_airports", "airport_iata"),
        ("dim_aircraft", "tail_number"),
        ("dim_flights", "flight_icao"),
        ("dim_dates", "calendar_date"),
    ):
        assert staged.one(f"SELECT count(*) FROM {table} WHERE {code} IS NULL") == 1


def test_data_quality_says_what_became_of_every_record(staged: StagedGold) -> None:
    def refused(number: int, reason: str) -> Row:
        return {
            "shard_id": "shard-0000",
            "sequence_number": f"q{number}",
            "arrived_at": at(0),
            "reason": reason,
            "reasons": [reason],
            "detail": "",
            "payload": b"",
        }

    staged.load([event(quality_flags=["bad_heading"]), event()], [refused(1, "not_json")], 2)
    staged.gold.refresh()
    staged.load(
        [event(quality_flags=["bad_heading", "bad_location"])], [refused(2, "bad_route")], 1
    )
    staged.gold.refresh()
    rows = staged.rows("FROM rpt_data_quality")
    assert {(row["kind"], row["item"]): row["records"] for row in rows} == {
        ("verdict", "clean"): 3,
        ("verdict", "quarantined"): 2,
        ("verdict", "duplicate"): 3,
        ("reason", "not_json"): 1,
        ("reason", "bad_route"): 1,
        ("flag", "bad_heading"): 2,
        ("flag", "bad_location"): 1,
    }
    assert {row["received"] for row in rows} == {8}
    assert sum(row["share_of_received"] for row in rows if row["kind"] == "verdict") == 1
