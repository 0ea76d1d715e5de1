"""The live board and where the data stands."""

from collections.abc import Mapping, Sequence
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
_STEP = """
WITH waiting AS (
    SELECT batch_id, sum(clean) OVER (ORDER BY batch_id) AS so_far
    FROM staging.batches
    WHERE batch_id > ? AND batch_id <= ?
)
SELECT coalesce(max(batch_id) FILTER (so_far <= ?), min(batch_id)) AS batch_id FROM waiting
"""
_ORDER = ("event_at", "arrived_at", "shard_id", "sequence_number")
_EVENTS = """
SELECT {columns}
FROM staging.flight_events
WHERE batch_id > ? AND batch_id <= ?
"""
_HELD = """
SELECT coalesce(max(through_batch_id), 0) AS through_batch_id
FROM staging.gold_progress
WHERE model_name = 'int_flight_leg_events'
"""
_KNOWN = """
SELECT {columns}, leg_events, FALSE AS is_new, ({held}) AS through_batch_id
FROM main.int_flight_leg_events
WHERE {condition}
"""
_SINCE = "leg_last_event_at >= {since} OR scheduled_departure_at >= {since}".format(
    since="CAST(? AS TIMESTAMP)"
)
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


def airlines(reader: Reader) -> dict[str, str]:
    """Names by IATA code; flights without an airline have no name either, as in gold."""
    found = reader.query(
        "SELECT airline_iata, airline_name FROM main.dim_airlines WHERE airline_iata IS NOT NULL"
    )
    return dict(
        zip(found["airline_iata"].to_pylist(), found["airline_name"].to_pylist(), strict=True)
    )


def step(reader: Reader, after: int, through: int, events: int) -> int:
    """The last of the batches that together have at most so many clean events, or the first."""
    if through <= after + 1:
        return through
    found = reader.query(_STEP, (after, through, events))["batch_id"][0].as_py()
    return through if found is None else int(found)  # None where they were folded meanwhile


def events(reader: Reader, after: int, through: int, columns: Sequence[str]) -> pa.Table:
    """These columns of the clean events of some batches, in the order that legs take them in."""
    return _sorted(reader.query(_EVENTS.format(columns=_with_order(columns)), (after, through)))


def known_since(reader: Reader, instant: datetime, columns: Sequence[str]) -> tuple[pa.Table, int]:
    """What gold holds of the legs heard of, or to depart, at an instant or later.

    Returns:
        These columns of the events that still matter, in the same order; also `leg_events`, how
        many events of its leg gold has counted, and `is_new`, whether it has not counted this one.
        And the last batch that gold holds.
    """
    known, held = _known(reader, columns, _SINCE, (instant.isoformat(), instant.isoformat()))
    return _sorted(known), held


def history(
    reader: Reader, legs: Mapping[str, datetime], through: int, columns: Sequence[str]
) -> tuple[pa.Table, int]:
    """All events of some legs that still matter, up to a batch, in the same form.

    Where gold is ahead of that batch, so are the events.

    Args:
        reader: Whom to ask.
        legs: When each is to depart: the engine skips all that lies far from these instants.
        through: The batch.
        columns: Names.
    """
    # hexadecimal digits, and a list is planned best
    among = "leg_key IN ({})".format(", ".join(f"'{key}'" for key in legs))
    instants = ", ".join(f"TIMESTAMP '{instant}'" for instant in sorted(set(legs.values())))
    condition = f"{among} AND scheduled_departure_at IN ({instants})"
    known, held = _known(reader, columns, condition, ())
    sql = _EVENTS.format(columns=_with_order(columns)) + f" AND {among}"
    new = reader.query(sql, (held, through))
    for name, value in {"leg_events": 0, "is_new": True}.items():
        kind = known.schema.field(name).type
        new = new.append_column(name, pa.repeat(pa.scalar(value, kind), new.num_rows))
    return _sorted(pa.concat_tables([known, new.cast(known.schema)])), held


def _known(
    reader: Reader, columns: Sequence[str], condition: str, parameters: tuple[object, ...]
) -> tuple[pa.Table, int]:
    # Where gold says nothing of a leg it has never had an event of it, whenever that was asked: of
    # how far gold is, what was so before will do.
    (before,) = reader.query(_HELD)["through_batch_id"].to_pylist()
    sql = _KNOWN.format(columns=_with_order(columns), held=_HELD, condition=condition)
    known = reader.query(sql, parameters)
    held: int = known["through_batch_id"][0].as_py() if known.num_rows else before
    return known.drop_columns(["through_batch_id"]), held


def _with_order(columns: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys((*_ORDER, *columns)))


def _sorted(found: pa.Table) -> pa.Table:
    # a small table is sorted here for an eighth of what the engine takes to plan it
    return found.sort_by([(name, "ascending") for name in _ORDER])


def latest_legs(reader: Reader) -> dict[str, datetime]:
    """The three legs heard of last, or all where there are fewer, and when each was."""
    found = reader.query("SELECT leg_key, last_event_at FROM main.rpt_latest_legs")
    return dict(zip(found["leg_key"].to_pylist(), found["last_event_at"].to_pylist(), strict=True))
