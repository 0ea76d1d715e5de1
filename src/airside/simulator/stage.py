"""Who is on: flights enter with their first news, act out their script, and leave."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from airside.simulator.batch import Ground, Message, Track, write
from airside.simulator.config import SimulatorConfig
from airside.simulator.flight import Flight
from airside.simulator.geography import airport
from airside.simulator.plan import Plan
from airside.simulator.profile import Profile
from airside.simulator.script import FIRST_NEWS, Kind, script
from airside.simulator.tracks import Tracks
from airside.simulator.wording import Wording, quoted

TAXIING_KTS, ROLLING_OUT_KTS = 15, 120


@dataclass(slots=True)
class _Entrance:
    """A flight that is yet to be heard of, or to be heard of once more."""

    flight: Flight
    turnaround_minutes: int | None = None
    at: int = 0
    """When the turnaround is known."""


@dataclass(slots=True)
class _Part:
    """A flight that is on, and its next message."""

    wording: Wording
    script: Iterator[tuple[int, Kind]]
    second: int
    kind: Kind
    turnaround_minutes: int | None = None


class Stage:
    """The flights of a stretch of simulated time after another."""

    def __init__(self, plan: Plan, config: SimulatorConfig, begins: int, stretch: int) -> None:
        """Args: the first instant, a multiple of the stretch, which is in seconds."""
        self._rates = config.mess
        self._source = quoted(config.source_system_id)
        self._hub = config.airport
        self._begins = begins
        self._stretch = stretch
        self._tracks = Tracks(config.telemetry_seconds)
        self._airborne: dict[int, Track] = {}
        self._entrances: defaultdict[int, list[_Entrance]] = defaultdict(list)
        self._parts: defaultdict[int, list[_Part]] = defaultdict(list)
        self._course = plan.begin(begins)

    def play(self, begins: int, *, since: int, after_us: int) -> Iterator[Message]:
        """The messages of the events of the stretch that begins at this instant.

        Args:
            begins: Unix seconds; stretches are asked for in order.
            since: messages of earlier events are left out.
            after_us: messages due by then are left out, where nothing happens to them on the way.
        """
        self._begins = begins
        ends = begins + self._stretch
        self._expect(ends)
        ground = Ground()
        number = begins // self._stretch
        for entrance in self._entrances.pop(number, ()):
            self._enter(entrance, ends, ground)
        for part in self._parts.pop(number, ()):
            self._act(part, ends, ground)
        positions = self._tracks.report(begins, ends)
        tracks = [self._airborne[row] for row in positions.rows]
        yield from write(
            ground, positions, tracks, self._rates, since_second=since, after_us=after_us
        )
        self._tracks.release(ends, self._airborne.pop)

    def _expect(self, ends: int) -> None:
        """Learn of all flights that have news before this instant."""
        now = self._begins // self._stretch
        for outcome in self._course.outcomes(ends):
            flight, inbound = outcome.flight, outcome.inbound
            if flight.over_at < self._begins:
                continue
            first = (flight.scheduled_departure_at - FIRST_NEWS) // self._stretch
            self._entrances[max(now, first)].append(_Entrance(flight))
            if inbound is not None and inbound.leg.destination == self._hub:
                at = flight.off_block_at + 4 + inbound.key % 36
                if at >= self._begins:
                    self._entrances[at // self._stretch].append(
                        _Entrance(inbound, outcome.turnaround_minutes, at)
                    )

    def _enter(self, entrance: _Entrance, ends: int, ground: Ground) -> None:
        flight, minutes = entrance.flight, entrance.turnaround_minutes
        lines = script(flight) if minutes is None else iter([(entrance.at, Kind.TURNED_AROUND)])
        second, kind = next(lines)
        wording = Wording(flight, self._source)
        self._act(_Part(wording, lines, second, kind, minutes), ends, ground)

    def _act(self, part: _Part, ends: int, ground: Ground) -> None:
        """Send what is due before this instant, then wait for the next."""
        while part.second < ends:
            if self._takes_off(part):
                self._follow(part)
            elif part.second >= self._begins:
                middle = part.wording.middle(part.kind, part.turnaround_minutes)
                track = Track(part.wording, middle, part.kind)
                ground.add(track, part.second, _place(part))
            following = next(part.script, None)
            if following is None:
                return
            part.second, part.kind = following
        self._parts[part.second // self._stretch].append(part)

    def _takes_off(self, part: _Part) -> bool:
        diversion = part.wording.flight.diversion
        if part.kind is Kind.DIVERTED:
            return diversion is not None and part.second == diversion.decided_at
        return part.kind is Kind.EN_ROUTE

    def _follow(self, part: _Part) -> None:
        flight = part.wording.flight
        diversion = flight.diversion
        profile: Profile | None
        if part.kind is Kind.DIVERTED and diversion is not None:
            ends, start, end = diversion.landed_at, diversion.start, diversion.end
            profile = diversion.profile
        else:
            ends = flight.landing_at if diversion is None else diversion.decided_at
            start, end, profile = flight.start, flight.end, flight.profile
        if ends <= self._begins or profile is None:
            return
        row = self._tracks.add(part.second, ends, start, end, profile)
        self._airborne[row] = Track(part.wording, part.wording.middle(part.kind), part.kind)


def _place(part: _Part) -> tuple[float, float, int, int]:
    """Latitude, longitude, altitude in feet and ground speed in knots of a flight on the ground."""
    flight, kind = part.wording.flight, part.kind
    where, knots = flight.leg.origin, 0
    if kind is Kind.DEPARTING:
        knots = TAXIING_KTS if part.second - flight.off_block_at > 60 else 0
    elif kind is Kind.DIVERTED and flight.diversion is not None:
        where = flight.diversion.airport
    elif kind in (Kind.TOUCHED_DOWN, Kind.IN_BLOCK, Kind.TURNED_AROUND):
        where = flight.leg.destination
        knots = ROLLING_OUT_KTS if kind is Kind.TOUCHED_DOWN else 0
    at = airport(where)
    return at.latitude, at.longitude, at.elevation_ft, knots
