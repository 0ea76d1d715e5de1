"""What became of one leg: the facts that its messages tell, bit by bit."""

from dataclasses import dataclass

from airside.simulator.geography import Vector
from airside.simulator.line import ScheduledLeg
from airside.simulator.network import Aircraft
from airside.simulator.profile import Profile


@dataclass(slots=True)
class Diversion:
    """Where a flight went instead, and how."""

    decided_at: int
    airport: str
    start: Vector
    end: Vector
    profile: Profile
    landed_at: int


@dataclass(slots=True)
class Flight:
    """One leg on one day, with all that happens to it. Instants are Unix seconds."""

    key: int
    """64 bits of its own; ids and whims of its messages follow from it."""
    aircraft: Aircraft
    tail: str
    leg: ScheduledLeg
    scheduled_departure_at: int
    scheduled_arrival_at: int
    passengers: int
    bags_checked: int
    bags_loaded: int
    """Those checked in, less those that missed the flight."""
    security_wait_minutes: int
    departure_runway: str
    arrival_runway: str
    departure_weather: str
    arrival_weather: str
    reactionary_minutes: float = 0.0
    """How long the aircraft's late arrival alone held it."""
    cancelled_at: int | None = None
    off_block_at: int = 0
    takeoff_at: int = 0
    landing_at: int = 0
    in_block_at: int = 0
    start: Vector = (0.0, 0.0, 0.0)
    end: Vector = (0.0, 0.0, 0.0)
    profile: Profile | None = None
    diversion: Diversion | None = None

    @property
    def taxi_out_minutes(self) -> int:
        """Off-block to take-off, in whole minutes."""
        return round((self.takeoff_at - self.off_block_at) / 60)

    @property
    def over_at(self) -> int:
        """After this instant the flight sends nothing of itself."""
        if self.cancelled_at is not None:
            return self.cancelled_at
        landed = self.in_block_at if self.diversion is None else self.diversion.landed_at
        return landed + 60
