"""A line of flying: what one aircraft does in an operating day."""

from dataclasses import dataclass
from datetime import date

from airside.simulator.network import Aircraft


@dataclass(frozen=True, slots=True)
class ScheduledLeg:
    """One leg of the timetable. Times are minutes after the operating day begins."""

    designator: str
    origin: str
    destination: str
    departs: int
    arrives: int
    departure_gate: str = ""
    arrival_gate: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What one aircraft flies in a day; on long-haul, in a day that takes `len(tails)` days."""

    aircraft: Aircraft
    legs: tuple[ScheduledLeg, ...]
    tails: tuple[str, ...]
    """The registrations that take turns, one a day."""

    def tail(self, day: date) -> str:
        """The registration that flies the line that begins on this day."""
        return self.tails[day.toordinal() % len(self.tails)]
