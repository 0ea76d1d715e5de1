"""The words of a message: what stays the same for a flight is written once and kept.

A message is five pieces: the flight's id and the event's; the event time; the middle, which only
changes when something happens to the flight; position and speeds; the status.
"""

import json
from datetime import UTC, datetime
from functools import lru_cache

from airside.simulator.flight import Flight
from airside.simulator.script import Kind

STATUSES = {
    Kind.SCHEDULED: b"scheduled",
    Kind.BOARDING: b"boarding",
    Kind.DEPARTING: b"departing",
    Kind.EN_ROUTE: b"en-route",
    Kind.TOUCHED_DOWN: b"landed",
    Kind.IN_BLOCK: b"landed",
    Kind.TURNED_AROUND: b"landed",
    Kind.CANCELLED: b"cancelled",
    Kind.DIVERTED: b"diverted",
}

MESSAGE = (
    b'{"event_id": "%b%012x", "event_timestamp": %b%b%.4f;%.4f", "altitude_ft": %d,'
    b' "ground_speed_kts": %d, "vertical_speed_fps": %b, "heading": %b, "flight_status": "%b"}}'
)

NULL = b"null"
ODD_STATUSES = 7


def status_variants(status: bytes) -> tuple[bytes, ...]:
    """How the source writes a status: as agreed first, then in its careless ways."""
    title = b"-".join(part.capitalize() for part in status.split(b"-"))
    return (
        status,
        status.upper(),
        title,
        b" " + status + b" ",
        status + b"  ",
        b"  " + status.upper(),
        b" " + title + b" ",
        title + b"   ",
    )


class Wording:
    """The pieces of one flight's messages that stay."""

    __slots__ = ("_before", "epoch", "flight", "key", "prefix")

    def __init__(self, flight: Flight, source: bytes) -> None:
        key, leg = flight.key, flight.leg
        self.flight = flight
        self.key = key
        self.epoch = flight.scheduled_departure_at - 2 * 86_400
        """An instant before all events of the flight."""
        self.prefix = b"%08x-%04x-4%03x-%x%03x-" % (
            key >> 32,
            key >> 16 & 0xFFFF,
            key >> 4 & 0xFFF,
            8 + (key & 3),
            key * 0x9E3779B97F4A7C15 >> 40 & 0xFF0 | key & 0xF,
        )
        self._before = (
            b', "source_system_id": %b, "flight_details": {"flight_icao": "%b",'
            b' "airline_iata": "%b", "tail_number": "%b"}, "route_info":'
            b' {"departure_airport_iata": "%b", "arrival_airport_iata": "%b",'
            b' "departure_gate": "%b", "arrival_gate": "%b",'
            b' "scheduled_departure_utc": "%b", "scheduled_arrival_utc": "%b",'
            b' "actual_departure_utc": '
        ) % (
            source,
            leg.designator.encode(),
            flight.aircraft.carrier.iata.encode(),
            flight.tail.encode(),
            leg.origin.encode(),
            leg.destination.encode(),
            leg.departure_gate.encode(),
            leg.arrival_gate.encode(),
            iso(flight.scheduled_departure_at),
            iso(flight.scheduled_arrival_at),
        )

    def middle(self, kind: Kind, turnaround: int | None = None) -> bytes:
        """What stands between the event time and the latitude while this is what happens."""
        flight = self.flight
        departed = arrived = taxi = runway = passengers = bags = wait = NULL
        weather = flight.departure_weather
        if kind not in (Kind.SCHEDULED, Kind.CANCELLED):
            passengers, wait = b"%d" % flight.passengers, b"%d" % flight.security_wait_minutes
            bags = b"%d" % (flight.bags_checked if kind is Kind.BOARDING else flight.bags_loaded)
            runway = b'"%b"' % flight.departure_runway.encode()
        if kind >= Kind.DEPARTING and kind is not Kind.CANCELLED:
            departed = b'"%b"' % iso(flight.off_block_at)
        if kind >= Kind.EN_ROUTE and kind is not Kind.CANCELLED:
            taxi = b"%d" % flight.taxi_out_minutes
        if kind in (Kind.TOUCHED_DOWN, Kind.IN_BLOCK, Kind.TURNED_AROUND):
            weather, runway = flight.arrival_weather, b'"%b"' % flight.arrival_runway.encode()
        if kind in (Kind.IN_BLOCK, Kind.TURNED_AROUND):
            arrived = b'"%b"' % iso(flight.in_block_at)
        return (
            b'%b%b, "actual_arrival_utc": %b}, "operational_data": {"taxi_time_minutes": %b,'
            b' "turnaround_time_minutes": %b, "runway_in_use": %b, "passenger_count": %b,'
            b' "baggage_count": %b, "security_wait_time_minutes": %b, "aircraft_type": "%b",'
            b' "weather_conditions": "%b"}, "live_telemetry": {"location_str": "'
        ) % (
            self._before,
            departed,
            arrived,
            taxi,
            NULL if turnaround is None else b"%d" % turnaround,
            runway,
            passengers,
            bags,
            wait,
            flight.aircraft.type.code.encode(),
            weather.encode(),
        )


class Clockface:
    """The three ways in which the source writes an event time."""

    def __init__(self, minute: int) -> None:
        """Args: the minute, as Unix seconds."""
        at = datetime.fromtimestamp(minute, UTC)
        self._minute = minute
        # not strftime: its month follows the process's language
        month = "JanFebMarAprMayJunJulAugSepOctNovDec"[at.month * 3 - 3 : at.month * 3]
        self._slashes = f'"{at.day:02d}/{month}/{at.year} {at.hour:02d}:{at.minute:02d}:'.encode()
        self._iso = f'"{at:%Y-%m-%dT%H:%M}:'.encode()

    def written(self, second: int, way: int) -> bytes:
        """The JSON value of an instant of this minute."""
        if way == 0:
            return b'%b%02d"' % (self._slashes, second - self._minute)
        if way == 1:
            return b'%b%02dZ"' % (self._iso, second - self._minute)
        return b"%d" % second


@lru_cache(maxsize=16_384)
def iso(second: int) -> bytes:
    """An instant as the source writes times of the route: UTC, without saying so."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}".encode()


def quoted(text: str) -> bytes:
    """Text as a JSON string."""
    return json.dumps(text).encode()
