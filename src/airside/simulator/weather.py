"""Weather at airports: spells that begin, last, and slow everything while they do."""

import random
from dataclasses import dataclass

from airside.simulator.chance import generator
from airside.simulator.geography import airport

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Condition:
    """What the weather does to an airport."""

    wording: str
    taxi: float = 1.0
    """Taxi times are this many times as long."""
    spacing: float = 1.0
    """Runway spacing is this many times as wide: the departure rate falls by it."""
    delay_minutes: float = 0.0
    """Mean of what it adds to a departure at the gate."""
    cancels: float = 0.0
    """Share of flights that it cancels."""
    diverts: float = 0.0
    """Share of arrivals that it sends elsewhere."""


CLEAR = Condition("Clear")
FAIR = (CLEAR, CLEAR, Condition("Few Clouds"), Condition("Cloudy"), Condition("Haze", taxi=1.03))
RAIN = Condition("Rain", 1.15, 1.15, 4.0, 0.005, 0.003)
HEAVY_RAIN = Condition("Heavy Rain", 1.3, 1.4, 9.0, 0.02, 0.012)
THUNDERSTORM = Condition("Thunderstorm", 1.45, 1.7, 18.0, 0.05, 0.03)
FOG = Condition("Fog", 1.5, 1.6, 14.0, 0.04, 0.02)
SNOW = Condition("Snow", 1.5, 1.6, 16.0, 0.05, 0.012)
WIND = Condition("Strong Wind", 1.1, 1.3, 5.0, 0.008, 0.01)


@dataclass(frozen=True, slots=True)
class Spell:
    """A condition from one instant to another, in Unix seconds."""

    begins: int
    ends: int
    condition: Condition


class Weather:
    """The weather everywhere, as far as the seed decides it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._days: dict[tuple[str, int], tuple[Condition, tuple[Spell, ...]]] = {}

    def at(self, iata: str, second: float) -> Condition:
        """The condition at an airport at an instant (Unix seconds)."""
        day = int(second // DAY)
        usual, spells = self._day(iata, day)
        for spell in spells:
            if spell.begins <= second < spell.ends:
                return spell.condition
        for spell in self._day(iata, day - 1)[1]:
            if spell.begins <= second < spell.ends:
                return spell.condition
        return usual

    def forget_before(self, second: float) -> None:
        """Drop what is held of days long gone, so that memory stays bounded."""
        last = int(second // DAY) - 2
        self._days = {key: value for key, value in self._days.items() if key[1] >= last}

    def _day(self, iata: str, day: int) -> tuple[Condition, tuple[Spell, ...]]:
        known = self._days.get((iata, day))
        if known is None:
            known = self._days[iata, day] = _draw_day(
                generator(self._seed, "weather", iata, day), iata, day
            )
        return known


def _draw_day(chance: random.Random, iata: str, day: int) -> tuple[Condition, tuple[Spell, ...]]:
    kinds, weights = _climate(iata, (day % 365) / 365)
    spells = []
    for _ in range(chance.choices((0, 1, 2), weights=(42, 40, 18))[0]):
        condition = chance.choices(kinds, weights=weights)[0]
        begins = day * DAY + int(chance.random() * DAY)
        length = int(min(9.0, 0.6 + chance.expovariate(1 / 2.2)) * 3_600)
        spells.append(Spell(begins, begins + length, condition))
    return chance.choice(FAIR), tuple(spells)


def _climate(iata: str, season: float) -> tuple[tuple[Condition, ...], tuple[float, ...]]:
    """What spells an airport has at a time of the year, from its latitude alone."""
    latitude = airport(iata).latitude
    warmth = season if latitude >= 0 else (season + 0.5) % 1
    is_summer, is_winter = 0.38 < warmth < 0.75, warmth < 0.18 or warmth > 0.9
    storms = 3.0 if is_summer else 0.6
    snow = 3.0 if is_winter and abs(latitude) > 38 else 0.0
    fog = 2.5 if is_winter else 0.6
    kinds = (RAIN, HEAVY_RAIN, THUNDERSTORM, FOG, SNOW, WIND)
    return kinds, (4.0, 1.5, storms, fog, snow, 1.5)
