"""Takes new events into the live board without asking the warehouse for all of it again.

`rpt_live_flights` lays every event since gold's last refresh over what gold holds: with twenty
thousand events a second that is a hundred thousand rows to merge for each look. But nearly always
an event is newer than all that its leg has had, and then what a leg becomes is plain: each
attribute that the event has, and for the rest what was there. Only legs of which that cannot be
said, because an event came late or changes what other figures depend on, are asked for.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_LATEST = (
    "tail_number",
    "aircraft_type",
    "arrival_airport_iata",
    "departure_gate",
    "arrival_gate",
    "estimated_departure_at",
    "estimated_arrival_at",
    "passenger_count",
    "baggage_count",
    "security_wait_time_minutes",
    "runway_in_use",
    "weather_conditions",
    "latitude",
    "longitude",
    "altitude_ft",
    "ground_speed_kts",
    "vertical_speed_fps",
    "heading",
)
"""Attributes that depend on nothing else, and on which nothing else depends."""
_DECISIVE = (
    "airline_iata",
    "scheduled_arrival_at",
    "actual_departure_at",
    "actual_arrival_at",
    "flight_status",
)
"""Attributes that decide about others: names, delays, whether the flight is active at all."""
TAKEN = ("leg_key", "event_at", *_LATEST, *_DECISIVE)
"""What is taken from an event."""
_LEGS = 3
"""The watermark is the last but two: no two stray clocks decide it."""
_FAR = timedelta(hours=1)
"""An event so far from the watermark may be a stray clock's, which decides whether it is active."""
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Advanced:
    """A board with new events in it."""

    table: pa.Table
    """The board; of legs that are in doubt as it was."""
    in_doubt: list[str]
    """Keys of legs that the warehouse has to be asked for; not all of them are on the board."""


def advance(
    board: pa.Table, events: pa.Table, watermark: datetime, in_doubt: Sequence[str] = ()
) -> Advanced:
    """Take events into the board.

    Args:
        board: Rows of `rpt_live_flights`.
        events: What the board does not hold yet, by event time, then stream order.
        watermark: Now, in event time.
        in_doubt: Keys of legs that were so before and have not been asked for yet.
    """
    events = events.combine_chunks()
    found = pc.index_in(events["leg_key"], value_set=board["leg_key"].combine_chunks())
    places: Places = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    doubtful = _doubtful(board, events, places, watermark)
    keys = events["leg_key"].filter(pa.array(doubtful)).unique().to_pylist()
    keys += sorted(set(in_doubt).difference(keys))
    if keys:
        doubtful |= pc.is_in(events["leg_key"], value_set=pa.array(keys)).to_numpy()
    sure = events.filter(pa.array(~doubtful))
    return Advanced(_taken_in(board, sure, places[~doubtful], watermark), keys)


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


def replaced(board: pa.Table, keys: list[str], rows: pa.Table) -> pa.Table:
    """The board with these legs as they were answered; those not among the rows are gone."""
    is_other = pc.invert(pc.is_in(board["leg_key"], value_set=pa.array(keys, pa.string())))
    return pa.concat_tables([board.filter(is_other), rows.cast(board.schema)])


def _doubtful(
    board: pa.Table, events: pa.Table, places: Places, watermark: datetime
) -> npt.NDArray[np.bool_]:
    """Of each event, whether it takes more than to take its attributes over."""
    doubtful = places < 0
    known = np.flatnonzero(~doubtful)
    before = pa.array(places[known])
    part = events.take(pa.array(known))
    late = pc.less_equal(part["event_at"], board["last_event_at"].take(before))
    low, high = watermark - _FAR, watermark + _FAR
    stray = pc.or_(pc.less(part["event_at"], low), pc.greater(part["event_at"], high))
    answer: npt.NDArray[np.bool_] = pc.or_(late, stray).to_numpy()
    for name in _DECISIVE:
        new, old = part[name], board[name].take(before)
        # a value that is not there says nothing; one where there was none does
        other = pc.and_(new.is_valid(), pc.fill_null(pc.not_equal(new, old), fill_value=True))
        answer = answer | other.to_numpy()
    doubtful[known] |= answer
    return doubtful


def _taken_in(board: pa.Table, events: pa.Table, places: Places, watermark: datetime) -> pa.Table:
    for name in _LATEST:
        new = events[name].combine_chunks().cast(board.schema.field(name).type)
        if new.null_count == len(new):
            continue
        if not new.null_count and new.equals(board[name].combine_chunks().take(pa.array(places))):
            continue
        board = _set(board, name, new, places)
    if len(places):
        board = _set(board, "last_event_at", events["event_at"].combine_chunks(), places)
        counts = board["events"].to_numpy() + np.bincount(places, minlength=board.num_rows)
        board = _put(board, "events", pa.array(counts))
    field = board.schema.field("watermark_at")
    return _put(board, "watermark_at", pa.repeat(pa.scalar(watermark, field.type), board.num_rows))


def _set(board: pa.Table, name: str, new: pa.Array, places: Places) -> pa.Table:
    """Take over the values that are not null; of several for one row the last."""
    is_there = new.is_valid().to_numpy(zero_copy_only=False)
    source = np.arange(board.num_rows, dtype=np.int64)
    source[places[is_there]] = board.num_rows + np.flatnonzero(is_there)
    old = board[name].combine_chunks()
    both = pa.concat_arrays([old, new.cast(old.type)])
    return _put(board, name, both.take(pa.array(source)))


def _put(board: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = board.schema.get_field_index(name)
    field = board.schema.field(place)
    return board.set_column(place, field, values.cast(field.type))
