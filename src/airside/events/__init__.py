"""The event contract: what a record is, what each verdict means, and how a leg is known.

`docs/event-contract.md` is the prose; the modules here are its vocabulary in code.
"""

from airside.events.emission import Emission
from airside.events.feed import FLIGHT_EVENTS, Column, Feed

__all__ = ["FLIGHT_EVENTS", "Column", "Emission", "Feed"]
