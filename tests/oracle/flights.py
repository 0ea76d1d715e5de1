"""Flights that make sense: tails fly rotations, and every leg tells of itself as it goes.

The records are what a well-meaning producer sends; `oracle.mess` does the rest. Whole delays,
turnarounds and passenger numbers hang together, so that what gold derives from them is not noise.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from oracle.time_formats import event_timestamp, iso

Event = tuple[datetime, dict[str, Any]]
"""When a record is sent, and the record."""

DAY = datetime(2025, 9, 24)  # noqa: DTZ001 - instants are naive UTC throughout
CUT = DAY + timedelta(hours=19)
"""The day is cut here, so that flights are in the air when the records end."""

_AIRLINES = ("6E", "AI", "UK", "SG", "QP", "9W", None)  # None: the producer does not say
_SEATS = {"A320": 180, "A21N": 222, "B738": 189, "AT76": 78, "B77W": 342, "C208": 1}
"""With one seat the passengers never vary: no correlation there."""
_AIRPORTS = ("AMD", "BOM", "DEL", "BLR", "HYD", "CCU", "MAA", "DXB")
_WEATHER = ("Clear", "Rain", "Fog", "Thunderstorm", "Haze é", None)
_SPELLINGS = {
    "scheduled": ("scheduled", "Scheduled", " SCHEDULED "),
    "boarding": ("boarding", "BOARDING\t", "Boarding"),
    "departing": ("departing", " departing ", "Departing"),
    "en-route": ("en-route", " En-Route ", "en route", "EnRoute", "airborne", "ACTIVE", "enroute"),
    "landed": ("landed", "arrived", "LANDED", "\r\nArrived\f"),
    "diverted": ("diverted", "Diverted\v"),
    "cancelled": ("cancelled", "canceled", "Cancelled", " CANCELED"),
}


@dataclass
class _Leg:
    """One flight, with what really happens to it."""

    designator: str
    airline: str | None
    tail: str
    kind: str
    origin: str
    destination: str
    scheduled_departure: datetime
    scheduled_arrival: datetime
    departed: datetime
    arrived: datetime
    passengers: int
    turnaround: int
    is_reported: bool
    end: str


def events(count: int, rng: Random) -> list[Event]:
    """About `count` records of a day's flights, in the order in which they are sent."""
    sent: list[Event] = []
    tail = 0
    while len(sent) < count:
        tail += 1
        for leg in _rotation(tail, rng):
            sent += [event for event in _events_of(leg, rng) if event[0] <= CUT]
    return sorted(sent, key=lambda event: event[0])


def _rotation(tail: int, rng: Random) -> list[_Leg]:
    kind = rng.choice(tuple(_SEATS))
    airline = rng.choice(_AIRLINES)
    ready = DAY + timedelta(minutes=rng.randrange(0, 8 * 60))
    origin = rng.choice(_AIRPORTS)
    legs = []
    for number in range(rng.randint(2, 6)):
        destination = rng.choice([airport for airport in _AIRPORTS if airport != origin])
        block = timedelta(minutes=rng.randrange(50, 210, 5))
        scheduled = _to_minute(ready) + timedelta(minutes=rng.randrange(-10, 20))
        delay = timedelta(seconds=round(rng.expovariate(1 / 900)) - 300)
        if rng.random() < 0.3:
            delay += timedelta(microseconds=rng.randrange(1_000_000))
        departed = max(ready, scheduled + delay)
        arrived = departed + block + timedelta(seconds=rng.randrange(-600, 900))
        passengers = round(_SEATS[kind] * rng.uniform(0.5, 1))
        turnaround = round(20 + passengers / 5 + rng.gauss(0, 4))
        is_cancelled = rng.random() < 0.05
        end = "cancelled" if is_cancelled else "diverted" if rng.random() < 0.04 else "landed"
        legs.append(
            _Leg(
                designator=f"{airline or 'ZZ'}{tail * 10 + number}",
                airline=airline,
                tail=f"VT-{tail:04}",
                kind=kind,
                origin=origin,
                destination=destination,
                scheduled_departure=scheduled,
                scheduled_arrival=scheduled + block,
                departed=departed,
                arrived=arrived,
                passengers=passengers,
                turnaround=turnaround,
                is_reported=rng.random() < 0.5,
                end=end,
            )
        )
        if not is_cancelled:
            # a long stop now and then: too long to be a turnaround
            stop = turnaround if rng.random() < 0.93 else rng.randrange(170, 260)
            origin, ready = destination, arrived + timedelta(minutes=stop)
    return legs


def _events_of(leg: _Leg, rng: Random) -> list[Event]:
    minutes = {"scheduled": -rng.randrange(60, 170), "boarding": -rng.randrange(15, 40)}
    sent = [
        _event(leg, status, leg.departed + timedelta(minutes=before), rng)
        for status, before in minutes.items()
    ]
    if leg.end == "cancelled":
        cancelled_at = leg.departed + timedelta(minutes=rng.randrange(-10, 60))
        return [*sent, _event(leg, "cancelled", cancelled_at, rng)]
    sent.append(_event(leg, "departing", leg.departed + timedelta(seconds=rng.randrange(600)), rng))
    for _ in range(rng.randint(1, 4)):
        aloft = (leg.arrived - leg.departed) * rng.uniform(0.1, 0.95)
        sent.append(_event(leg, "en-route", leg.departed + aloft, rng))
    for _ in range(rng.randint(1, 3)):
        after = timedelta(minutes=rng.randrange(0, 50))
        sent.append(_event(leg, leg.end, leg.arrived + after, rng))
    return sent


def _event(leg: _Leg, status: str, at: datetime, rng: Random) -> Event:
    at = at.replace(microsecond=rng.choice([0, at.microsecond, rng.randrange(1_000_000)]))
    has_left, is_down = at >= leg.departed, at >= leg.arrived and status != "diverted"
    # Before it happens, some producers send what they expect as if it had.
    departure = leg.departed if has_left or rng.random() < 0.1 else None
    arrival = leg.arrived if is_down or (has_left and rng.random() < 0.1) else None
    record = {
        "event_id": f"{rng.getrandbits(128):032x}",
        "event_timestamp": event_timestamp(at, rng),
        "source_system_id": rng.choice(["aodb-1", "acars", "simulator-v8.0"]),
        "flight_details": {
            "flight_icao": rng.choice([leg.designator, leg.designator.lower()]),
            "airline_iata": leg.airline,
            "tail_number": _maybe(leg.tail if rng.random() < 0.98 else "VT-SWAP", rng),
        },
        "route_info": {
            "departure_airport_iata": rng.choice([leg.origin, leg.origin.title()]),
            "arrival_airport_iata": leg.destination,
            "departure_gate": _maybe(f"A{len(leg.tail) + leg.passengers % 20}", rng),
            "arrival_gate": _maybe(rng.choice(["C8", "c9"]), rng),
            "scheduled_departure_utc": iso(leg.scheduled_departure, rng),
            "scheduled_arrival_utc": iso(leg.scheduled_arrival, rng),
            "actual_departure_utc": _maybe(departure and iso(departure, rng), rng),
            "actual_arrival_utc": _maybe(arrival and iso(arrival, rng), rng),
        },
        "operational_data": {
            "taxi_time_minutes": _maybe(rng.randrange(5, 30), rng) if has_left else None,
            "turnaround_time_minutes": leg.turnaround if is_down and leg.is_reported else None,
            "runway_in_use": _maybe(rng.choice(["27R", "09l", 23]), rng),
            "passenger_count": _maybe(leg.passengers, rng),
            "baggage_count": _maybe(round(leg.passengers * 1.2), rng),
            "security_wait_time_minutes": _maybe(rng.randrange(40), rng),
            "aircraft_type": _maybe(rng.choice([leg.kind, leg.kind.lower()]), rng),
            "weather_conditions": rng.choice(_WEATHER),
        },
        "live_telemetry": {
            "location_str": f"{rng.uniform(-90, 90):.4f};{rng.uniform(-180, 180):.5f}",
            "altitude_ft": rng.randrange(-100, 41_000),
            "ground_speed_kts": rng.randrange(500),
            "vertical_speed_fps": _maybe(rng.randrange(-60, 60), rng),
            "heading": _maybe(rng.randrange(361), rng),
            "flight_status": rng.choice(_SPELLINGS[status]),
        },
    }
    return at, record


def _maybe(value: Any, rng: Random) -> Any:
    return value if rng.random() < 0.8 else rng.choice([None, "", " \t"])


def _to_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
