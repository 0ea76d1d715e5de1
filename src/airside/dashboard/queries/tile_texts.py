"""What each tile is called, its unit, and what its figure means."""

from typing import NamedTuple


class TileText(NamedTuple):
    """The words of one tile."""

    label: str
    unit: str
    definition: str


_PERIOD = "scheduled to depart in the last 24 hours of event time, or in the chosen window"

TILES = {
    "active_flights": TileText(
        "Active flights",
        "flights",
        "Flights boarding, departing or en route, about to depart, or just landed. Trend: flights"
        " from three hours before departure to thirty minutes after arrival, each hour; one still"
        " active, however late, has not arrived.",
    ),
    "flights_today": TileText(
        "Flights today",
        "flights",
        "Flights scheduled to depart on the UTC day of the data's clock, or in the chosen window."
        " Trend: scheduled departures an hour.",
    ),
    "d15": TileText(
        "D15 departures",
        "ratio",
        f"Of the flights {_PERIOD}: those that left less than 15 minutes late, among all that"
        " departed or were cancelled (n). Cancelled flights are not on time.",
    ),
    "a15": TileText(
        "A15 arrivals",
        "ratio",
        f"Of the flights {_PERIOD}: those that arrived less than 15 minutes late, among all that"
        " landed, were cancelled or diverted (n). Cancelled and diverted flights are not on time.",
    ),
    "mean_departure_delay_minutes": TileText(
        "Mean departure delay",
        "minutes",
        "Actual less scheduled departure, early ones counting negative, over the flights"
        f" {_PERIOD} that have departed (n).",
    ),
    "passengers_in_motion": TileText(
        "Passengers in motion",
        "passengers",
        "Passengers on active flights that are departing or en route; n is the flights whose"
        " passengers are known. Trend: on flights between departure and arrival, each hour.",
    ),
    "longest_security_wait_minutes": TileText(
        "Longest security wait",
        "minutes",
        "The longest wait at security reported for an active flight that has not departed; n is"
        " the flights with a known wait. Trend: the longest by hour of scheduled departure.",
    ),
}
