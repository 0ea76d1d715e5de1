"""What a simulation is made of."""

import difflib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from airside.errors import UsageError
from airside.simulator.geography import airport
from airside.simulator.mess import MESS_PRESETS, MessRates

EARLIEST = datetime(2000, 1, 3, tzinfo=UTC)
LATEST = datetime(2099, 1, 1, tzinfo=UTC)
END = datetime(2099, 12, 30, tzinfo=UTC)
"""Flights of which is told by then are over before 2100, whose times the contract does not know."""


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """All that decides what a simulation sends. The same values give the same bytes."""

    airport: str = "AMD"
    """IATA code of the hub; every flight leaves from it or goes to it."""
    flights_per_day: int = 600
    """Legs in an operating day; flights come in pairs, so an odd number is rounded up."""
    seed: int = 42
    start: datetime = datetime(2025, 9, 24, tzinfo=UTC)
    """The first simulated instant, in whole seconds. It cuts a running operation: flights that
    are under way at that moment go on sending."""
    mess: MessRates = field(default=MESS_PRESETS["none"])
    days: int | None = None
    """Ends after this many simulated days; None goes on."""
    max_events: int | None = None
    """Ends after this many messages; None goes on."""
    telemetry_seconds: int = 60
    """Simulated time between two positions of an airborne flight."""
    source_system_id: str = "simulator-v8.0-time-compressed"

    def __post_init__(self) -> None:
        airport(self.airport)
        _whole("flights_per_day", self.flights_per_day, 2, 1_000_000)
        _whole("seed", self.seed, -(2**63), 2**63 - 1)
        _whole("telemetry_seconds", self.telemetry_seconds, 1, 3_600)
        if self.days is not None:
            _whole("days", self.days, 1, 36_500)
        if self.max_events is not None:
            _whole("max_events", self.max_events, 0, 2**63 - 1)
        _instant(self.start)
        if not isinstance(self.mess, MessRates):
            raise UsageError(
                f"mess is {self.mess!r}: expected MessRates, such as MESS_PRESETS['typical']."
            )
        if not self.source_system_id.isprintable() or not self.source_system_id.strip():
            raise UsageError(
                f"source_system_id is {self.source_system_id!r}: expected printable text."
            )


def mess_preset(name: str) -> MessRates:
    """The rates of a named level of mess.

    Raises:
        UsageError: no level has that name.
    """
    if name in MESS_PRESETS:
        return MESS_PRESETS[name]
    near = difflib.get_close_matches(name.lower(), MESS_PRESETS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(f"mess level {name!r} is unknown: expected {', '.join(MESS_PRESETS)}.{hint}")


def _whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{name} is {value!r}: expected a whole number from {least} to {most}.")


def _instant(start: object) -> None:
    if not isinstance(start, datetime) or start.utcoffset() != timedelta(0) or start.microsecond:
        raise UsageError(
            f"start is {start!r}: expected a datetime in UTC, in whole seconds,"
            " such as datetime(2025, 9, 24, tzinfo=UTC)."
        )
    if not EARLIEST <= start < LATEST:
        raise UsageError(
            f"start is {start.isoformat()}: expected {EARLIEST:%Y-%m-%d} up to {LATEST:%Y-%m-%d}."
        )
