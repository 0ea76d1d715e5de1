"""The event contract read a second time: row by row, in plain Python, from its words alone.

It shares no code and no SQL with the pipeline, so that where both agree the contract is met.
"""

from oracle.gold import Gold, Settings, gold
from oracle.json_reader import NotJson, parse
from oracle.record import FLAGS, REASONS, Row, Verdict, read_record
from oracle.stream import Outcome, Quarantined, Record, run

__all__ = [
    "FLAGS",
    "REASONS",
    "Gold",
    "NotJson",
    "Outcome",
    "Quarantined",
    "Record",
    "Row",
    "Settings",
    "Verdict",
    "gold",
    "parse",
    "read_record",
    "run",
]
