"""The world's air traffic as events: so many aircraft in the air, each reporting once a second.

    python benchmarks/world.py DIRECTORY [--aircraft 20000]

Puts the reports on the embedded stream of a data directory, evenly over each second, until its
standard input ends. Aircraft fly great circles between airports of the whole world; one that has
arrived says so and leaves for somewhere else, so that as many stay in the air.
"""

import argparse
import math
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from airside.events.reference import airports_table
from airside.runtime.data_dir import DataDir
from airside.runtime.streams import open_for_putting
from airside.settings import Settings

AIRPORTS = 900
AIRLINES = (
    "6E",
    "AI",
    "LH",
    "BA",
    "AF",
    "KL",
    "UA",
    "DL",
    "AA",
    "WN",
    "EK",
    "QR",
    "SQ",
    "NH",
    "QF",
)
TYPES = (("A320", 180), ("B738", 189), ("A321", 220), ("B77W", 396), ("A359", 325), ("E190", 114))
EARTH_NM = 3440.065
KNOTS = 450.0
PUTS_PER_SECOND = 20
LINE = (
    '{"event_id":"%s-%d","event_timestamp":"%s",%s,"live_telemetry":{"location_str":"%.4f;%.4f",'
    '"altitude_ft":%d,"ground_speed_kts":%d,"vertical_speed_fps":%d,"heading":%d,'
    '"flight_status":"%s"}}'
)
Floats = npt.NDArray[np.float64]


class World:
    """All aircraft, and where they are at an instant.

    Args:
        aircraft: How many.
        now: Seconds since the Unix epoch; they are spread over their legs at that instant.
        seed: The same seed gives the same traffic.
    """

    def __init__(self, aircraft: int, now: float, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        table = airports_table()
        known = np.flatnonzero([icao is not None for icao in table["airport_icao"].to_pylist()])
        self._airports = self._random.choice(known, AIRPORTS, replace=False)
        codes = table["airport_iata"].to_pylist()
        self._codes = [codes[place] for place in self._airports]
        latitude, longitude = (
            np.radians(table[name].to_numpy()[self._airports]) for name in ("latitude", "longitude")
        )
        self._vectors = np.stack(
            [
                np.cos(latitude) * np.cos(longitude),
                np.cos(latitude) * np.sin(longitude),
                np.sin(latitude),
            ],
            axis=1,
        )
        self.aircraft = aircraft
        self._legs = np.zeros(aircraft, dtype=np.int64)
        self._from = np.zeros(aircraft, dtype=np.int64)
        self._to = self._random.integers(0, AIRPORTS, aircraft)
        self._departs, self._arrives = np.zeros(aircraft), np.zeros(aircraft)
        self._angle = np.ones(aircraft)
        self._static = [""] * aircraft
        for one in range(aircraft):
            self._leave(one, now, now)

    def reports(self, first: int, last: int, now: float) -> list[bytes]:
        """One report of each aircraft in a range; those that arrive make two."""
        at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        lines = []
        for one in (np.flatnonzero(self._arrives[first:last] <= now) + first).tolist():
            lines += self._lines(one, one + 1, now, at, "landed")
            self._leave(one, now, None)
        return lines + self._lines(first, last, now, at, "en-route")

    def _lines(self, first: int, last: int, now: float, at: str, status: str) -> list[bytes]:
        part = slice(first, last)
        share = np.clip(
            (now - self._departs[part]) / (self._arrives[part] - self._departs[part]), 0, 1
        )
        here, ahead = self._place(part, share), self._place(part, np.minimum(share + 1e-4, 1))
        latitude, longitude = here
        east = (ahead[1] - longitude) * np.cos(np.radians(latitude))
        heading = np.degrees(np.arctan2(east, ahead[0] - latitude)) % 360
        left = np.minimum(share, 1 - share) * (self._arrives[part] - self._departs[part])
        altitude = np.minimum(left * 30, 34_000) + 25 * self._random.integers(0, 8, last - first)
        climb = np.where(left * 30 > 34_000, 0, np.where(share < 0.5, 30, -30))
        speed = KNOTS + self._random.integers(-15, 16, last - first)
        second = int(now * 1_000)
        return [
            (LINE % (name, second, at, fixed, *values, status)).encode()
            for name, fixed, values in zip(
                [f"{one}.{leg}" for one, leg in enumerate(self._legs[part].tolist(), first)],
                self._static[part],
                zip(
                    latitude.tolist(),
                    longitude.tolist(),
                    altitude.tolist(),
                    speed.tolist(),
                    climb.tolist(),
                    heading.tolist(),
                    strict=True,
                ),
                strict=True,
            )
        ]

    def _place(self, part: slice, share: Floats) -> tuple[Floats, Floats]:
        angle = self._angle[part]
        start, end = self._vectors[self._from[part]], self._vectors[self._to[part]]
        near, far = np.sin((1 - share) * angle), np.sin(share * angle)
        x, y, z = ((near[:, None] * start + far[:, None] * end) / np.sin(angle)[:, None]).T
        return np.degrees(np.arcsin(np.clip(z, -1, 1))), np.degrees(np.arctan2(y, x))

    def _leave(self, one: int, now: float, spread_at: float | None) -> None:
        """Begin an aircraft's next leg; at the start somewhere in the middle of one."""
        origin = int(self._to[one])
        while True:
            target = int(self._random.integers(0, AIRPORTS))
            angle = math.acos(float(np.clip(self._vectors[origin] @ self._vectors[target], -1, 1)))
            if 0.05 < angle < 2.2:  # 170 to 7,600 nautical miles
                break
        length = angle * EARTH_NM / KNOTS * 3_600
        departs = now if spread_at is None else spread_at - length * self._random.random()
        self._from[one], self._to[one], self._angle[one] = origin, target, angle
        self._departs[one], self._arrives[one] = departs, departs + length
        self._legs[one] += 1
        self._static[one] = self._fixed(one, departs, departs + length)

    def _fixed(self, one: int, departs: float, arrives: float) -> str:
        """What does not change while a leg lasts."""
        airline = AIRLINES[one % len(AIRLINES)]
        kind, seats = TYPES[one % len(TYPES)]
        scheduled = departs - float(self._random.exponential(600))
        load = int(seats * 0.83)
        return (
            f'"source_system_id":"world-v1","flight_details":{{"flight_icao":'
            f'"{airline}{one // len(AIRLINES):04d}{chr(65 + self._legs[one] % 26)}",'
            f'"airline_iata":"{airline}",'
            f'"tail_number":"N{one:05d}"}},"route_info":{{"departure_airport_iata":'
            f'"{self._codes[self._from[one]]}","arrival_airport_iata":'
            f'"{self._codes[self._to[one]]}","departure_gate":"A{one % 60}","arrival_gate":'
            f'"C{one % 50}","scheduled_departure_utc":"{_iso(scheduled)}",'
            f'"scheduled_arrival_utc":"{_iso(arrives)}","actual_departure_utc":"{_iso(departs)}",'
            f'"actual_arrival_utc":null}},"operational_data":{{"taxi_time_minutes":15,'
            f'"turnaround_time_minutes":{40 + one % 30},"runway_in_use":"27R","passenger_count":'
            f'{load},"baggage_count":{load + 20},"security_wait_time_minutes":{one % 25},'
            f'"aircraft_type":"{kind}","weather_conditions":"Clear"}}'
        )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def fly(root: Path, aircraft: int, every: int, stop: threading.Event) -> None:
    """Report in time with the clock until told to stop; what cannot be put in time comes late."""
    world = World(aircraft, time.time())
    turns = every * PUTS_PER_SECOND
    bounds = np.linspace(0, aircraft, turns + 1).astype(int).tolist()
    with open_for_putting(DataDir(root), Settings()) as stream:
        begun = time.monotonic()
        turn = 0
        while not stop.wait(max(0.0, begun + turn / PUTS_PER_SECOND - time.monotonic())):
            slot = turn % turns
            stream.put(world.reports(bounds[slot], bounds[slot + 1], time.time()))
            turn += 1


def main() -> None:
    """Fly until standard input ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1, help="Seconds between two reports.")
    options = parser.parse_args()
    stop = threading.Event()
    given = (options.root, options.aircraft, options.every, stop)
    thread = threading.Thread(target=fly, args=given)
    thread.start()
    sys.stdin.read()
    stop.set()
    thread.join()


if __name__ == "__main__":
    main()
