"""Recorded flights, played again as records of the contract.

What enters: a data set that comes with Airside, or a file of records. What leaves: `Emission`s in
order, each with the instant at which it is due; the caller paces them and puts them on a stream.
A source keeps no state: after a crash, a replay starts from the first record again, and the
records already accepted are known as duplicates by their `event_id`.
"""

from airside.replay.catalog import DATA_SETS, open_source
from airside.replay.lines import opened
from airside.replay.source import Source

__all__ = ["DATA_SETS", "Source", "open_source", "opened"]
