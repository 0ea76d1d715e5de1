"""What gold counts as live, and as a turnaround."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The contract's settings of live flights and turnarounds, in minutes of event time."""

    turnaround_cutoff_minutes: int = 180
    """An aircraft that stands this long or longer is not being turned around."""
    live_departure_minutes: int = 180
    """A scheduled flight is live this close to its departure, before or after."""
    live_landed_minutes: int = 30
    """A landed flight stays live this long after its last event."""
    live_stale_minutes: int = 360
    """A flight whose last event is further than this from the watermark is not live."""
