"""Aircraft types: what the simulation needs to know of them.

Seats are of a common layout, cruise speeds and altitudes and ranges are rounded from the makers'
published figures, wake categories are ICAO Doc 8643's. The minimum turnaround is what a handler
needs when all goes well.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AircraftType:
    """One aircraft type, by its ICAO designator."""

    code: str
    wake: str
    """ICAO wake turbulence category: M, H or J (super)."""
    seats: int
    minimum_turnaround: int
    """Minutes from in-block to off-block."""
    cruise_kts: int
    """Ground speed in still air."""
    cruise_ft: int
    range_nm: int
    """The longest route it is put on."""

    @property
    def is_heavy(self) -> bool:
        """Whether it is handled as a heavy: EUROCONTROL's turnaround figures are by this class."""
        return self.wake in "HJ"


_TYPES = (
    # code, wake, seats, turnaround, knots, feet, miles
    ("AT76", "M", 78, 24, 270, 20_000, 450),
    ("DH8D", "M", 78, 24, 350, 25_000, 700),
    ("E170", "M", 76, 26, 430, 36_000, 1_300),
    ("E75L", "M", 76, 26, 430, 36_000, 1_500),
    ("CRJ9", "M", 76, 26, 430, 36_000, 1_200),
    ("E190", "M", 100, 27, 435, 37_000, 1_700),
    ("E195", "M", 120, 28, 435, 37_000, 1_700),
    ("BCS3", "M", 145, 28, 445, 37_000, 2_500),
    ("A319", "M", 144, 28, 445, 36_000, 2_200),
    ("A320", "M", 180, 30, 448, 36_000, 2_400),
    ("A20N", "M", 186, 30, 450, 37_000, 2_700),
    ("A321", "M", 220, 33, 448, 35_000, 2_400),
    ("A21N", "M", 232, 33, 450, 36_000, 3_100),
    ("B738", "M", 189, 30, 452, 37_000, 2_500),
    ("B38M", "M", 189, 30, 452, 38_000, 2_800),
    ("A332", "H", 268, 58, 470, 38_000, 6_300),
    ("A333", "H", 300, 60, 470, 38_000, 5_600),
    ("B788", "H", 256, 58, 485, 40_000, 7_000),
    ("B789", "H", 290, 60, 485, 40_000, 7_400),
    ("A359", "H", 325, 62, 485, 40_000, 7_800),
    ("B77W", "H", 360, 66, 487, 36_000, 7_500),
    ("A388", "J", 489, 80, 487, 39_000, 7_800),
)

AIRCRAFT_TYPES = {row[0]: AircraftType(*row) for row in _TYPES}
"""Designator → type."""
