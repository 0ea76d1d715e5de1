"""Removes files of the cleaned zone that no plan accounts for.

A batch's files are named by its plan and come before its commit. Where the ledger has lost the
plan (its log's end was damaged, or it is an older copy), the same records would be cut into other
batches, and lie in the zone twice.
"""

from airside import silver
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake
from airside.ledger import Ledger
from airside.silver import SILVER
from airside.stream import Position


def remove_unplanned(lake: Lake, ledger: Ledger, committed: Position) -> list[str]:
    """Remove the files behind the last batch that is committed or planned.

    Args:
        lake: Where they are.
        ledger: Has the plans.
        committed: Shard → the last sequence number in the warehouse.

    Returns:
        The names of what was removed; its records are on the stream, and are cleaned again.
    """
    reached = dict(committed)
    while planned := ledger.planned(SILVER, reached):
        if not planned.plan["through"].items() - reached.items():
            break
        reached |= planned.plan["through"]
    unplanned = [
        name
        for zone in silver.ZONES
        for name in silver.beyond(lake, f"{zone}/{FLIGHT_EVENTS.name}", reached)
    ]
    for name in unplanned:
        lake.delete(name)
    return unplanned
