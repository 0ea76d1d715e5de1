"""The live board and where the data stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from airside.errors import UsageError
from airside.warehouse import Reader

_VERSION = """
SELECT
    max(batch_id) AS batch_id,
    max(last_arrived_at) AS newest_arrived_at,
    max(committed_at) AS committed_at,
    {gold} AS gold
FROM staging.batches
"""
BOARD = "SELECT * FROM main.rpt_live_flights"
_ORDER = ("event_at", "arrived_at", "shard_id", "sequence_number")
_EVENTS = """
SELECT {columns}
FROM main.stg_flight_events
WHERE batch_id > ? AND batch_id <= ?
"""
_GOLD = "(SELECT min(through_batch_id) FROM staging.gold_progress)"


@dataclass(frozen=True, slots=True)
class Version:
    """What the data's state is; equal versions give equal answers."""

    batch_id: int = 0
    """The last batch of staging; 0 where there is none."""
    gold: int = 0
    """The last batch that all of gold holds; 0 before gold is built."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new the data is, on the wall clock; None while there is none."""

    newest_arrived_at: datetime | None = None
    """When the stream took the newest record."""
    committed_at: datetime | None = None
    """When the newest batch was loaded."""


def version(reader: Reader) -> tuple[Version, Freshness]:
    """The data's version, and how new it is."""
    try:
        (row,) = reader.query(_VERSION.format(gold=_GOLD)).to_pylist()
    except UsageError:  # gold has not been refreshed yet
        (row,) = reader.query(_VERSION.format(gold="0")).to_pylist()
    return (
        Version(row["batch_id"] or 0, row["gold"] or 0),
        Freshness(row["newest_arrived_at"], row["committed_at"]),
    )


def gold_is_built(reader: Reader) -> bool:
    """Whether gold's reports are there; they come last in its first refresh."""
    found = reader.query(
        "SELECT count(*) AS n FROM information_schema.tables"
        " WHERE table_schema = 'main' AND table_name IN ('rpt_live_flights', 'rpt_airline_delays',"
        " 'rpt_delay_totals', 'rpt_passengers_vs_turnaround', 'rpt_latest_legs', 'rpt_watermark',"
        " 'rpt_data_quality')"
    )
    return bool(found["n"][0].as_py() == 7)


def board(reader: Reader) -> pa.Table:
    """The active flights as they are now, in no order."""
    return reader.query(BOARD)


def board_of(reader: Reader, keys: Sequence[str]) -> pa.Table:
    """Those of these legs that are active now."""
    listed = ", ".join(f"'{key}'" for key in keys)  # hexadecimal digits, and a list is planned best
    return reader.query(f"{BOARD} WHERE leg_key IN ({listed})")


def events(reader: Reader, after: int, through: int, columns: Sequence[str]) -> pa.Table:
    """These columns of the clean events of some batches, in the order that legs take them in."""
    names = ", ".join(dict.fromkeys((*_ORDER, *columns)))
    found = reader.query(_EVENTS.format(columns=names), (after, through))
    # a small table is sorted here for an eighth of what the engine takes to plan it
    return found.sort_by([(name, "ascending") for name in _ORDER])


def latest_legs(reader: Reader) -> dict[str, datetime]:
    """The three legs heard of last, or all where there are fewer, and when each was."""
    found = reader.query("SELECT leg_key, last_event_at FROM main.rpt_latest_legs")
    return dict(zip(found["leg_key"].to_pylist(), found["last_event_at"].to_pylist(), strict=True))
