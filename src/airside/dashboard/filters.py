"""The filters that every endpoint about flights takes, and what they mean in SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Direction = Literal["arrival", "departure"]
NO_AIRLINE = "none"
"""Stands for legs without an airline. Codes are upper case, so that no airline's is this."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which legs are meant. Hashable: equal filters share one cached answer."""

    airlines: tuple[str, ...] = ()
    airports: tuple[str, ...] = ()
    direction: Direction | None = None
    statuses: tuple[str, ...] = ()
    flights: tuple[str, ...] = ()
    """Flight designators."""
    since: datetime | None = None
    """Scheduled to depart at or after it, UTC without a zone …"""
    until: datetime | None = None
    """… and before it."""

    @property
    def is_empty(self) -> bool:
        """Whether all legs are meant."""
        return self == Filters()

    @property
    def is_timeless(self) -> bool:
        """Whether legs of all times and designators are meant, as gold's tallies count them."""
        return not self.flights and self.since is None and self.until is None

    def at_hub(self, hub: str | None) -> "Filters":
        """A direction without an airport is the hub's."""
        if self.direction is None or self.airports or hub is None:
            return self
        return replace(self, airports=(hub,))

    def within(self, since: datetime, until: datetime | None = None) -> "Filters":
        """The same, in a window of time where none is given."""
        if self.since is not None or self.until is not None:
            return self
        return replace(self, since=since, until=until)

    def where(self) -> tuple[str, list[Any]]:
        """A condition over columns of `fct_flight_legs`, and its parameters."""
        terms, parameters = self._terms()
        sides = [
            f"{side}_airport_iata IN ({_marks(self.airports)})"
            for side in ("departure", "arrival")
            if self.airports and self.direction in (None, side)
        ]
        if sides:
            terms.append(f"({' OR '.join(sides)})")
            parameters += [*self.airports] * len(sides)
        return " AND ".join(terms) or "true", parameters

    def where_turnaround(self) -> tuple[str, list[Any]]:
        """The same over columns of `fct_turnarounds`, for the legs that bring the aircraft in."""
        where, parameters = self.where()
        return where.replace("arrival_airport_iata", "airport_iata"), parameters

    def where_side(self) -> tuple[str, list[Any]]:
        """A condition over the two sides of legs, with columns `side` and `airport_iata`."""
        terms, parameters = self._terms()
        if self.direction is not None:
            terms.append("side = ?")
            parameters.append(self.direction)
        if self.airports:
            terms.append(f"airport_iata IN ({_marks(self.airports)})")
            parameters += self.airports
        return " AND ".join(terms) or "true", parameters

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the live board, as it travels, is meant."""
        if self.airlines and (row["airline_iata"] or NO_AIRLINE) not in self.airlines:
            return False
        if self.statuses and row["flight_status"] not in self.statuses:
            return False
        if self.flights and row["flight_icao"] not in self.flights:
            return False
        if self.airports and not any(
            row[f"{side}_airport_iata"] in self.airports
            for side in ("departure", "arrival")
            if self.direction in (None, side)
        ):
            return False
        if self.since is None and self.until is None:
            return True
        scheduled = datetime.fromisoformat(row["scheduled_departure_at"]).replace(tzinfo=None)
        return (self.since is None or scheduled >= self.since) and (
            self.until is None or scheduled < self.until
        )

    def _terms(self) -> tuple[list[str], list[Any]]:
        terms: list[str] = []
        parameters: list[Any] = []
        if self.airlines:
            terms.append(f"coalesce(airline_iata, '{NO_AIRLINE}') IN ({_marks(self.airlines)})")
            parameters += self.airlines
        if self.statuses:
            terms.append(f"flight_status IN ({_marks(self.statuses)})")
            parameters += self.statuses
        if self.flights:
            terms.append(f"flight_icao IN ({_marks(self.flights)})")
            parameters += self.flights
        # As text, because a remote reader's parameters travel as JSON.
        if self.since is not None:
            terms.append("scheduled_departure_at >= CAST(? AS TIMESTAMP)")
            parameters.append(self.since.isoformat())
        if self.until is not None:
            terms.append("scheduled_departure_at < CAST(? AS TIMESTAMP)")
            parameters.append(self.until.isoformat())
        return terms, parameters


def airline_codes(values: Iterable[str]) -> tuple[str, ...]:
    """Airlines as somebody gave them, for `Filters.airlines`; `none` stays what it stands for.

    In upper case it is a code: records that call their airline so have it.
    """
    texts = (value.strip() for value in values)
    return tuple(sorted({text if text == NO_AIRLINE else text.upper() for text in texts}))


def utc(instant: datetime) -> datetime:
    """An instant as UTC without a zone; one without a zone is UTC already.

    Raises:
        OverflowError: The instant is outside the years that can be told.
    """
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


def last_hours(watermark: datetime, hours: float) -> datetime:
    """An instant so many hours before the watermark."""
    return watermark - timedelta(hours=hours)


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
