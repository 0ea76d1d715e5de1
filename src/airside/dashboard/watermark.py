"""Follows the watermark by the same rule as `rpt_watermark`."""

import heapq
from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

_LEGS = 3
"""The watermark is the last but two: no two stray clocks decide it."""


def latest(legs: Mapping[str, datetime], events: pa.Table) -> dict[str, datetime]:
    """The three legs heard of last, out of those that were and new events.

    What is heard last of a leg only grows, so no leg but these can come in between.
    """
    heard = events.group_by("leg_key").aggregate([("event_at", "max")])
    top = heard.take(pc.select_k_unstable(heard, _LEGS, [("event_at_max", "descending")]))
    found = dict(legs)
    for leg, at in zip(top["leg_key"].to_pylist(), top["event_at_max"].to_pylist(), strict=True):
        found[leg] = max(at, found.get(leg, at))
    return dict(heapq.nlargest(_LEGS, found.items(), key=lambda item: item[1]))


def now_in(legs: Mapping[str, datetime]) -> datetime | None:
    """Now, in event time, as `rpt_watermark` has it; None where no leg has been heard of.

    Args:
        legs: The three heard of last.
    """
    at = sorted(legs.values())
    return (at[0] if len(at) == _LEGS else at[-1]) if at else None
