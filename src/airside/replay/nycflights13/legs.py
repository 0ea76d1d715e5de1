"""From a flight of the package, in local HHMM times, to a flight leg in UTC."""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airside.errors import TerminalError
from airside.events.reference import airports_table
from airside.replay.local_time import local_to_utc

_DAY = np.timedelta64(24 * 60, "m")


@dataclass(frozen=True, slots=True)
class Legs:
    """The instants of all flights, one entry a flight, in the package's order.

    Each is `datetime64[us]` in UTC; NaT where it never happened or nobody recorded it.
    """

    scheduled_departure: NDArray[np.datetime64]
    scheduled_arrival: NDArray[np.datetime64]
    actual_departure: NDArray[np.datetime64]
    actual_arrival: NDArray[np.datetime64]

    @property
    def departed(self) -> NDArray[np.bool_]:
        """Which flights left; the others were cancelled."""
        return ~np.isnat(self.actual_departure)

    @property
    def landed(self) -> NDArray[np.bool_]:
        """Which flights have an arrival; those that left without one were diverted."""
        return ~np.isnat(self.actual_arrival)


def legs_in_utc(flights: pa.Table) -> Legs:
    """Place flights in time.

    - The package dates a flight by its scheduled departure, on the origin's clock.
    - The scheduled arrival is the first time after the scheduled departure at which the
      destination's clock shows it; so it may be a day later, or look earlier than the departure.
    - An actual time is the scheduled one plus the signed delay. The package's own HHMM of it
      carries no date, and a delay can be most of a day.
    - Without a `dep_time` the flight was cancelled.

    Args:
        flights: With the columns of `tables.flights`.

    Returns:
        The instants, in the order of the rows.

    Raises:
        TerminalError: An airport's time zone is not known.
    """
    midnight = _midnight(flights)
    departure = _Zones.of(flights["origin"]).to_utc(midnight + _clock(flights["sched_dep_time"]))
    arrival_clock = midnight + _clock(flights["sched_arr_time"])
    destination = _Zones.of(flights["dest"])
    arrival = np.full(len(departure), np.datetime64("NaT", "us"))
    # The destination's date at departure is the origin's, or next to it; latest first, so that
    # the earliest day that is after the departure stays.
    for days in (2, 1, 0, -1):
        candidate = destination.to_utc(arrival_clock + days * _DAY)
        arrival = np.where(candidate > departure, candidate, arrival)
    return Legs(
        scheduled_departure=departure,
        scheduled_arrival=arrival,
        actual_departure=departure + _delay(flights["dep_delay"], valid=flights["dep_time"]),
        actual_arrival=arrival + _delay(flights["arr_delay"], valid=flights["dep_time"]),
    )


def _midnight(flights: pa.Table) -> NDArray[np.datetime64]:
    year, month, day = (flights[name].to_numpy() for name in ("year", "month", "day"))
    months = (year.astype("int64") - 1970) * 12 + month - 1
    midnight: NDArray[np.datetime64] = (
        months.astype("datetime64[M]").astype("datetime64[us]") + (day - 1) * _DAY
    )
    return midnight


def _clock(hhmm: pa.ChunkedArray) -> NDArray[np.timedelta64]:
    """Time since midnight; 2400 is the next one."""
    values: NDArray[np.int64] = hhmm.to_numpy().astype("int64")
    return (values // 100 * 60 + values % 100).astype("timedelta64[m]")


def _delay(minutes: pa.ChunkedArray, *, valid: pa.ChunkedArray) -> NDArray[np.timedelta64]:
    known = pc.and_(minutes.is_valid(), valid.is_valid()).to_numpy()
    delay = minutes.fill_null(0).to_numpy().astype("timedelta64[m]")
    return np.where(known, delay, np.timedelta64("NaT", "m"))


@dataclass(frozen=True, slots=True)
class _Zones:
    """The time zone of each flight's airport."""

    names: list[str]
    index: NDArray[np.int64]

    @classmethod
    def of(cls, airports: pa.ChunkedArray) -> "_Zones":
        known: dict[str, str | None] = {
            airport["airport_iata"]: airport["timezone"]
            for airport in airports_table().select(["airport_iata", "timezone"]).to_pylist()
        }
        codes = airports.combine_chunks().dictionary_encode()
        zones = [known.get(iata) or _unknown(iata) for iata in codes.dictionary.to_pylist()]
        names = sorted(set(zones))
        positions = np.array([names.index(zone) for zone in zones])
        return cls(names, positions[codes.indices.to_numpy()])

    def to_utc(self, local: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
        """Read each time on its own zone's clock."""
        utc = np.empty_like(local)
        for position, name in enumerate(self.names):
            here = self.index == position
            utc[here] = local_to_utc(local[here], name)
        return utc


def _unknown(iata: str) -> NoReturn:
    raise TerminalError(
        f"the time zone of airport {iata!r} is not known; newer reference data may have it: "
        "`pip install --upgrade airportsdata`"
    )
