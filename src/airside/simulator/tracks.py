"""Where the airborne flights are: positions along great circles, for all of them at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airside.simulator.geography import EARTH_RADIUS_NM, Vector
from airside.simulator.profile import Profile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_COLUMNS = 16
_ROWS = 256


@dataclass(frozen=True, slots=True)
class Positions:
    """Reports of airborne flights, one element a report."""

    rows: list[int]
    """The flights, by the row that `Tracks.add` gave."""
    seconds: Integers
    latitude: Floats
    longitude: Floats
    altitude_ft: Integers
    ground_speed_kts: Integers
    vertical_speed_fps: Integers
    heading: Integers


class Tracks:
    """The tracks of the flights in the air, each reporting at a fixed interval from its start."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._facts = np.zeros((_ROWS, _COLUMNS))
        self._begins = np.zeros(_ROWS, dtype=np.int64)
        self._ends = np.zeros(_ROWS, dtype=np.int64)
        self._free = list(range(_ROWS - 1, -1, -1))

    def add(self, begins: int, ends: int, start: Vector, end: Vector, profile: Profile) -> int:
        """Follow a flight from one instant up to another; returns its row."""
        if not self._free:
            self._grow()
        row = self._free.pop()
        dot = sum(a * b for a, b in zip(start, end, strict=True))
        side = [b - dot * a for a, b in zip(start, end, strict=True)]
        length = sum(x * x for x in side) ** 0.5
        self._begins[row], self._ends[row] = begins, ends
        p = profile
        level = p.seconds - p.climb_seconds - p.descent_seconds
        miles = (
            (p.start_kts + p.cruise_kts) / 2 * p.climb_seconds
            + p.cruise_kts * level
            + (p.cruise_kts + p.end_kts) / 2 * p.descent_seconds
        ) / 3_600
        self._facts[row] = (
            *start,
            *(x / length for x in side),
            p.seconds,
            p.climb_seconds,
            p.descent_seconds,
            p.start_kts,
            p.cruise_kts,
            p.end_kts,
            p.start_ft,
            p.cruise_ft,
            p.end_ft,
            miles,
        )
        return row

    def release(self, until: int, forget: Callable[[int], object]) -> None:
        """Let go of the flights that end before or at this instant."""
        for row in np.flatnonzero((self._ends > 0) & (self._ends <= until)).tolist():
            self._ends[row] = 0
            self._free.append(row)
            forget(row)

    def report(self, since: int, until: int) -> Positions:
        """All reports due from one instant up to, not including, another."""
        rows = np.flatnonzero(self._ends > since)
        begins, ends = self._begins[rows], self._ends[rows]
        step = self._interval
        first = begins + step * np.maximum(0, -((begins - since) // step))
        picked, times = [], []
        for later in range(0, until - since, step):
            at = first + later
            due = np.flatnonzero((at < until) & (at < ends))
            picked.append(rows[due])
            times.append(at[due])
        rows, seconds = np.concatenate(picked), np.concatenate(times)
        return _positions(rows, seconds, seconds - self._begins[rows], self._facts[rows])

    def _grow(self) -> None:
        rows = len(self._ends)
        self._facts = np.concatenate((self._facts, np.zeros((rows, _COLUMNS))))
        self._begins = np.concatenate((self._begins, np.zeros(rows, dtype=np.int64)))
        self._ends = np.concatenate((self._ends, np.zeros(rows, dtype=np.int64)))
        self._free = list(range(2 * rows - 1, rows - 1, -1))


def _positions(rows: Integers, seconds: Integers, elapsed: Integers, facts: Floats) -> Positions:
    ax, ay, az, ux, uy, uz = facts[:, 0:6].T
    total, climb, descent, start_kts, cruise_kts, end_kts = facts[:, 6:12].T
    start_ft, cruise_ft, end_ft, miles = facts[:, 12:16].T
    left = np.maximum(0.0, total - elapsed)
    up = np.minimum(1.0, elapsed / np.maximum(climb, 1e-9))  # share of the climb done
    down = np.clip(1 - left / np.maximum(descent, 1e-9), 0.0, 1.0)  # share of the descent done
    is_climbing, is_descending = up < 1, left < descent

    speed = np.where(
        is_climbing,
        start_kts + (cruise_kts - start_kts) * up,
        cruise_kts + (end_kts - cruise_kts) * down,
    )
    flown = np.where(
        is_climbing,
        (start_kts + speed) / 2 * elapsed,
        (start_kts + cruise_kts) / 2 * climb + cruise_kts * (elapsed - climb),
    )
    flown = np.where(is_descending, miles * 3_600 - (end_kts + speed) / 2 * left, flown)

    # steeper at first, shallower towards the end of each phase, as climbs and descents are
    climbed, dropped = cruise_ft - start_ft, cruise_ft - end_ft
    altitude = np.where(
        is_climbing,
        start_ft + climbed * (1.4 - 0.4 * up) * up,
        cruise_ft - dropped * (1.2 - 0.2 * down) * down,
    )
    vertical = np.where(is_climbing, climbed * (1.4 - 0.8 * up) / np.maximum(climb, 1e-9), 0.0)
    vertical = np.where(
        is_descending, -dropped * (1.2 - 0.4 * down) / np.maximum(descent, 1e-9), vertical
    )

    theta = flown / 3_600 / EARTH_RADIUS_NM
    sine, cosine = np.sin(theta), np.cos(theta)
    x, y, z = ax * cosine + ux * sine, ay * cosine + uy * sine, az * cosine + uz * sine
    longitude = np.arctan2(y, x)
    latitude = np.arcsin(np.clip(z, -1.0, 1.0))
    east = (uy * cosine - ay * sine) * np.cos(longitude) - (ux * cosine - ax * sine) * np.sin(
        longitude
    )
    north = (uz * cosine - az * sine) / np.maximum(np.cos(latitude), 1e-9)
    heading = np.rint(np.degrees(np.arctan2(east, north))).astype(np.int64) % 360
    return Positions(
        rows=rows.tolist(),
        seconds=seconds,
        latitude=np.degrees(latitude),
        longitude=np.degrees(longitude),
        altitude_ft=np.rint(altitude).astype(np.int64),
        ground_speed_kts=np.rint(speed).astype(np.int64),
        vertical_speed_fps=np.rint(vertical).astype(np.int64),
        heading=heading,
    )
