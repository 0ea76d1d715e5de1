"""The hub's runways: what they can take, and who waits for them."""

from collections import Counter

from airside.simulator.line import Line

BIN_SECONDS = 600
DEPARTURE_MARGIN = 0.95
ARRIVAL_MARGIN = 1.25
"""Capacity over the timetable's busiest half hour."""
LONGEST_QUEUE_SECONDS = 20 * 60
"""Who would wait longer at the runway is held at the gate instead, as at A-CDM airports."""
LONGEST_HOLD_SECONDS = 2 * 3_600
LONGEST_SLOT_DELAY_SECONDS = 60 * 60


class Airfield:
    """One operating day of the hub's runways."""

    def __init__(self, departure_spacing: float, arrivals_per_bin: int) -> None:
        """Args: seconds between take-offs and landings per ten minutes, in fair weather."""
        self._spacing = departure_spacing
        self._arrivals_per_bin = arrivals_per_bin
        self._next_takeoff = 0.0
        self._slots: Counter[int] = Counter()

    def take_off(self, off_block: int, taxi_seconds: float, spacing: float) -> tuple[int, int]:
        """When a flight that is ready to push back does so, and when it is airborne.

        Args:
            off_block: when it is ready, in Unix seconds.
            taxi_seconds: what it needs to the runway with nobody in its way.
            spacing: how many times wider than usual the spacing is.
        """
        at_runway = off_block + taxi_seconds
        airborne = max(at_runway, self._next_takeoff)
        held = airborne - at_runway - LONGEST_QUEUE_SECONDS
        if held > 0:
            off_block += 60 * round(min(held, LONGEST_HOLD_SECONDS) / 60)
        airborne = min(airborne, off_block + taxi_seconds + LONGEST_QUEUE_SECONDS)
        self._next_takeoff = airborne + self._spacing * spacing
        return off_block, round(airborne)

    def slot_delay(self, landing: float, spacing: float) -> int:
        """Seconds to hold a flight at its origin until the hub can take its arrival."""
        capacity = max(1, int(self._arrivals_per_bin / spacing))
        first = int(landing // BIN_SECONDS)
        for later in range(LONGEST_SLOT_DELAY_SECONDS // BIN_SECONDS + 1):
            if self._slots[first + later] < capacity:
                break
        self._slots[first + later] += 1
        return later * BIN_SECONDS


def capacity(hub: str, lines: tuple[Line, ...]) -> tuple[float, int]:
    """What the runways must be able to do for the timetable: the arguments of `Airfield`."""
    departures: Counter[int] = Counter()
    arrivals: Counter[int] = Counter()
    for line in lines:
        for leg in line.legs:
            if leg.origin == hub:
                departures[leg.departs % 1_440 // 30] += 1
            else:
                arrivals[leg.arrives % 1_440 // 30] += 1
    busiest_departures = max(departures.values(), default=1) * DEPARTURE_MARGIN
    busiest_arrivals = max(arrivals.values(), default=1) * ARRIVAL_MARGIN
    return min(150.0, 1_800 / busiest_departures), max(2, round(busiest_arrivals / 3))
