"""A stream of records, judged one after the other: verdicts, and which come twice."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from oracle.record import Row, read_record


class Record(NamedTuple):
    """A record as the stream hands it on."""

    shard_id: str
    sequence_number: str
    arrived_at: datetime
    payload: bytes


class Quarantined(NamedTuple):
    """A record that is not clean, and why."""

    shard_id: str
    sequence_number: str
    arrived_at: datetime
    reason: str
    reasons: tuple[str, ...]
    payload: bytes


@dataclass
class Outcome:
    """What became of every record, each list in stream order."""

    clean: list[Row] = field(default_factory=list)
    """Silver rows with all the columns of the contract."""
    quarantined: list[Quarantined] = field(default_factory=list)
    duplicates: list[Record] = field(default_factory=list)


class _Acceptance(NamedTuple):
    ordinal: int
    arrived_at: datetime


def run(
    records: Iterable[tuple[str, str, datetime, bytes]],
    horizon: timedelta = timedelta(hours=24),
    max_ids: int = 5_000_000,
) -> Outcome:
    """Judge `records` (shard, sequence number, arrival as naive UTC, bytes) in stream order.

    A record is a duplicate where the last accepted one with its id arrived no more than `horizon`
    before it and is among the latest `max_ids` accepted.
    """
    outcome = Outcome()
    accepted: dict[str, _Acceptance] = {}
    in_order = sorted(
        (Record(*record) for record in records),
        key=lambda record: (record.arrived_at, record.shard_id, record.sequence_number),
    )
    for record in in_order:
        verdict = read_record(record.payload)
        if verdict.row is None:
            outcome.quarantined.append(
                Quarantined(*record[:3], verdict.reasons[0], verdict.reasons, record.payload)
            )
            continue
        event_id = verdict.row["event_id"]
        ordinal = len(outcome.clean) + 1
        earlier = accepted.get(event_id)
        if (
            earlier is not None
            and record.arrived_at - earlier.arrived_at <= horizon
            and ordinal - earlier.ordinal <= max_ids
        ):
            outcome.duplicates.append(record)
            continue
        accepted[event_id] = _Acceptance(ordinal, record.arrived_at)
        outcome.clean.append(
            {
                **verdict.row,
                "shard_id": record.shard_id,
                "sequence_number": record.sequence_number,
                "arrived_at": record.arrived_at,
            }
        )
    return outcome
