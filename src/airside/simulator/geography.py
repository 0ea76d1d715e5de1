"""Airports and the distances between them."""

import difflib
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import airportsdata

from airside.errors import UsageError

EARTH_RADIUS_NM = 3440.065
"""Mean radius of the earth in nautical miles."""

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Airport:
    """One airport, as `airportsdata` knows it."""

    iata: str
    name: str
    country: str
    latitude: float
    longitude: float
    elevation_ft: int
    timezone: str
    vector: Vector
    """The unit vector from the centre of the earth."""


@cache
def airport(iata: str) -> Airport:
    """The airport with this IATA code.

    Raises:
        UsageError: no airport has that code.
    """
    row = _directory().get(iata)
    if row is None:
        near = difflib.get_close_matches(iata.upper(), _directory(), n=3, cutoff=0.6)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise UsageError(
            f"airport {iata!r} is unknown: expected an IATA code of three capital letters,"
            f" such as AMD or FRA.{hint}"
        )
    latitude, longitude = float(row["lat"]), float(row["lon"])
    phi, lam = math.radians(latitude), math.radians(longitude)
    return Airport(
        iata=iata,
        name=str(row["name"]),
        country=str(row["country"]),
        latitude=latitude,
        longitude=longitude,
        elevation_ft=round(float(row["elevation"])),
        timezone=str(row["tz"]),
        vector=(math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)),
    )


@cache
def distance_nm(origin: str, destination: str) -> float:
    """Great-circle distance between two airports, in nautical miles."""
    return angle(airport(origin).vector, airport(destination).vector) * EARTH_RADIUS_NM


def angle(a: Vector, b: Vector) -> float:
    """The angle between two unit vectors, in radians; exact for small angles too."""
    cross = math.hypot(
        a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    )
    return math.atan2(cross, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@cache
def _directory() -> dict[str, dict[str, Any]]:
    return {code: dict(row) for code, row in airportsdata.load("IATA").items()}
