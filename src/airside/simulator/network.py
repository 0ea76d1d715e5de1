"""Who serves the hub, from where, and with what: the aircraft that fly, in a fixed order.

An aircraft's airline, type and base depend on the seed and its place in the order, never on the
day: the same tails are seen day after day.
"""

import math
import random
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TypeVar

from airside.simulator.carriers import CARRIERS, Carrier
from airside.simulator.chance import generator
from airside.simulator.fleet import AIRCRAFT_TYPES, AircraftType
from airside.simulator.geography import airport, distance_nm
from airside.simulator.world import AIRPORT_WEIGHTS

T = TypeVar("T")

HOME_SHARE = 0.72
"""Share of aircraft of airlines of the hub's own country, where it has any."""
MINIMUM_ROUTE_NM = 60
ABROAD_NM = 1_200
"""How far airlines come: e times fewer with each such distance."""
HEAVY_FROM_NM = 1_400
"""Heavies are put on shorter routes only where an airline has nothing else to do with them."""
SHORT_HOP_NM = 220
"""Below this distance people take the train or the road instead, the more the shorter."""
WITHOUT_SERVICE = (frozenset({"IN", "PK"}), frozenset({"IL", "IR"}))
"""Countries without flights between them."""
DAYS_OF_A_LONG_LINE = 3
"""A long-haul line of flying may take this many days, so as many tails take turns at it."""


@dataclass(frozen=True, slots=True)
class Aircraft:
    """A place in the fleet, filled by one tail or, on long-haul, by several in turns."""

    index: int
    carrier: Carrier
    type: AircraftType
    base: str
    number: int
    """The first of the flight numbers that are its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Things to draw from, with their running weights."""

    items: tuple[str, ...]
    running: tuple[float, ...]

    def draw(self, chance: random.Random) -> str:
        """One item, by weight."""
        return chance.choices(self.items, cum_weights=self.running)[0]


class Network:
    """The air services of one hub."""

    def __init__(self, hub: str, seed: int) -> None:
        self.hub = hub
        self._seed = seed
        self._numbers: dict[str, int] = {}
        home_country = airport(hub).country
        self._home = {
            carrier: carrier.weight * (3.0 if hub in carrier.hubs else 1.0)
            for carrier in CARRIERS
            if carrier.country == home_country and any(self._types_at(carrier))
        }
        self._away = {
            carrier: math.sqrt(carrier.weight)  # the great are mostly great at home
            * max(math.exp(-distance_nm(hub, base) / ABROAD_NM) for base in bases)
            for carrier in CARRIERS
            if carrier not in self._home and (bases := self._bases(carrier))
        }

    def aircraft(self, index: int) -> Aircraft:
        """The aircraft at this place; ask for places in order, starting with 0."""
        chance = generator(self._seed, self.hub, "aircraft", index)
        if self._home and (chance.random() < HOME_SHARE or not self._away):
            carrier = _draw(self._home, chance)
            here = 0.88 if self.hub in carrier.hubs else 0.35
            bases = [base for base in self._bases(carrier) if distance_nm(self.hub, base) < 2_500]
            if chance.random() < here or not bases:
                kind = _draw(dict(self._types_at(carrier)), chance)
                return self._place(index, carrier, kind, self.hub)
        else:
            carrier = _draw(self._away, chance)
            bases = self._bases(carrier)
        weights = {
            base: AIRPORT_WEIGHTS.get(base, 1.0)
            * math.exp(-distance_nm(self.hub, base) / ABROAD_NM)
            for base in bases
        }
        base = _draw(weights, chance)
        return self._place(index, carrier, _draw(self._types_for(carrier, base), chance), base)

    def routes(self, code: str, country: str) -> Choice:
        """Where a hub-based aircraft of this type, of an airline of this country, may go."""
        return _routes(self.hub, code, country)

    def _place(self, index: int, carrier: Carrier, kind: AircraftType, base: str) -> Aircraft:
        number = self._numbers.get(carrier.iata, 101)
        self._numbers[carrier.iata] = number + 20
        return Aircraft(index, carrier, kind, base, number)

    def _types_at(self, carrier: Carrier) -> list[tuple[AircraftType, float]]:
        return [
            (AIRCRAFT_TYPES[code], share)
            for code, share in carrier.fleet
            if _routes(self.hub, code, carrier.country).items
        ]

    def _bases(self, carrier: Carrier) -> list[str]:
        reach = max(AIRCRAFT_TYPES[code].range_nm for code, _ in carrier.fleet)
        return [
            base
            for base in carrier.hubs
            if base != self.hub
            and MINIMUM_ROUTE_NM <= distance_nm(self.hub, base) <= reach
            and _is_served(self.hub, base)
        ]

    def _types_for(self, carrier: Carrier, base: str) -> dict[AircraftType, float]:
        nautical_miles = distance_nm(self.hub, base)
        able = {
            AIRCRAFT_TYPES[code]: share
            for code, share in carrier.fleet
            if AIRCRAFT_TYPES[code].range_nm >= nautical_miles
        }
        usual = {
            kind: share
            for kind, share in able.items()
            if not kind.is_heavy or nautical_miles >= HEAVY_FROM_NM
        }
        return usual or able


@cache
def _routes(hub: str, code: str, country: str) -> Choice:
    kind = AIRCRAFT_TYPES[code]
    shortest = HEAVY_FROM_NM if kind.is_heavy else MINIMUM_ROUTE_NM
    scale = 4_000 if kind.is_heavy else 700
    weights = {}
    for code_to, weight in AIRPORT_WEIGHTS.items():
        nautical_miles = distance_nm(hub, code_to)
        if code_to == hub or not shortest <= nautical_miles <= kind.range_nm:
            continue
        if not _is_served(hub, code_to):
            continue
        domestic = 5.0 if airport(code_to).country == country else 1.0
        by_air = min(1.0, nautical_miles / SHORT_HOP_NM) * math.exp(-nautical_miles / scale)
        weights[code_to] = weight * domestic * by_air
    return Choice(tuple(weights), tuple(accumulate(weights.values())))


def _is_served(hub: str, other: str) -> bool:
    return frozenset({airport(hub).country, airport(other).country}) not in WITHOUT_SERVICE


def _draw(weights: dict[T, float], chance: random.Random) -> T:
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def registration(prefix: str, number: int) -> str:
    """The `number`-th registration of a country: another number, another registration.

    Numbers are scrambled first, so that neighbours do not look like neighbours.
    """
    if prefix == "N":
        scrambled = (number * 7_919 + 311) % 608_400  # 900 numbers x 26 x 26; coprime
        serial, letters = divmod(scrambled, 676)
        block = "" if number < 608_400 else str(number // 608_400)
        return f"N{block}{100 + serial}{chr(65 + letters // 26)}{chr(65 + letters % 26)}"
    width = 3
    while number >= 26**width:
        number -= 26**width
        width += 1
    scrambled = (number * 7_919 + 5_001) % 26**width
    text = ""
    for _ in range(width):
        scrambled, letter = divmod(scrambled, 26)
        text = chr(65 + letter) + text
    return f"{prefix}-{text}"
