"""From flight legs to their events, in the order in which they happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airside.events import Emission
from airside.replay.aircraft_models import icao_designator
from airside.replay.nycflights13 import tables
from airside.replay.nycflights13.legs import Legs, legs_in_utc

SCHEDULED_LEAD = np.timedelta64(3, "h")
"""How long before its scheduled departure a flight is announced. The replay's choice, not data:
long enough for the earliest departure (43 minutes early), and when a flight counts as active."""

_STATUSES = np.array(["scheduled", "departing", "landed", "diverted", "cancelled"])
_SCHEDULED, _DEPARTING, _LANDED, _DIVERTED, _CANCELLED = range(len(_STATUSES))
_BATCH_EVENTS = 10_000  # about 6 MB of records at a time


class NycFlights13:
    """The replay source `nycflights13`."""

    name = "nycflights13"

    @cached_property
    def total(self) -> int:
        """How many records a full replay gives: three a flight, two where it was cancelled."""
        flights = tables.flights()
        cancelled = flights["dep_time"].null_count
        total: int = 3 * flights.num_rows - cancelled
        return total

    def emissions(self) -> Iterator[Emission]:
        """Every record from the first on, with `due_us` never falling.

        A record is due at its own event time, so that no record knows what happened after it.
        """
        flights = tables.flights()
        legs = legs_in_utc(flights)
        facts = _facts(flights)
        timeline = _Timeline.of(legs)
        record = resources.files(__package__).joinpath("record.sql").read_text(encoding="utf-8")
        # one thread, so that a batch keeps its order and a pipeline beside it keeps its core
        with duckdb.connect(config={"threads": 1}) as connection:
            for start in range(0, len(timeline.flight), _BATCH_EVENTS):
                batch = timeline[start : start + _BATCH_EVENTS]
                connection.register("batch", _batch(facts, legs, batch))
                rows = connection.sql(record).to_arrow_table()
                yield from map(Emission, rows["due_us"].to_pylist(), _as_bytes(rows["payload"]))


@dataclass(frozen=True, slots=True)
class _Timeline:
    """All events in order of time, as three parallel columns."""

    event_at: NDArray[np.datetime64]
    flight: NDArray[np.int64]
    """Row of the flight."""
    status: NDArray[np.int64]
    """Index into `_STATUSES`."""

    @classmethod
    def of(cls, legs: Legs) -> "_Timeline":
        """Say what happens to each flight, and when.

        A departure and a landing are told at their actual time. The data does not say when a
        cancellation or a diversion became known, so that is the replay's choice: a cancellation
        at the scheduled departure, a diversion when the flight would have arrived had it kept to
        its scheduled duration.
        """
        block = legs.scheduled_arrival - legs.scheduled_departure
        everyone = np.full(len(block), True)
        happenings = (
            (_SCHEDULED, legs.scheduled_departure - SCHEDULED_LEAD, everyone),
            (_DEPARTING, legs.actual_departure, legs.departed),
            (_LANDED, legs.actual_arrival, legs.landed),
            (_DIVERTED, legs.actual_departure + block, legs.departed & ~legs.landed),
            (_CANCELLED, legs.scheduled_departure, ~legs.departed),
        )
        event_at = np.concatenate([at[those] for _, at, those in happenings])
        flight = np.concatenate([np.flatnonzero(those) for _, _, those in happenings])
        status = np.repeat(
            [status for status, _, _ in happenings], [those.sum() for _, _, those in happenings]
        )
        order = np.argsort(event_at, kind="stable")
        return cls(event_at[order], flight[order], status[order])

    def __getitem__(self, part: slice) -> "_Timeline":
        return _Timeline(self.event_at[part], self.flight[part], self.status[part])


def _facts(flights: pa.Table) -> pa.Table:
    """What is known of each flight and never changes."""
    return pa.table(
        {
            "flight_icao": pc.binary_join_element_wise(
                flights["carrier"], flights["flight"].cast(pa.string()), ""
            ),
            "airline_iata": flights["carrier"],
            "tail_number": flights["tailnum"],
            "aircraft_type": _aircraft_types(flights["tailnum"]),
            "departure_airport_iata": flights["origin"],
            "arrival_airport_iata": flights["dest"],
        }
    )


def _aircraft_types(tails: pa.ChunkedArray) -> pa.ChunkedArray:
    planes = tables.planes()
    registered = pc.index_in(tails, value_set=planes["tailnum"].combine_chunks())
    types = [icao_designator(model) for model in planes["model"].to_pylist()]
    return pc.take(pa.array(types, pa.string()), registered)


def _batch(facts: pa.Table, legs: Legs, events: _Timeline) -> pa.Table:
    """Join events to their flights: the columns that `record.sql` reads."""
    arrived = events.status == _LANDED
    left = arrived | (events.status == _DEPARTING) | (events.status == _DIVERTED)
    table = facts.take(events.flight)
    for name, instants, known in (
        ("event_at", events.event_at, None),
        ("scheduled_departure_at", legs.scheduled_departure[events.flight], None),
        ("scheduled_arrival_at", legs.scheduled_arrival[events.flight], None),
        ("actual_departure_at", legs.actual_departure[events.flight], left),
        ("actual_arrival_at", legs.actual_arrival[events.flight], arrived),
    ):
        mask = None if known is None else ~known
        table = table.append_column(name, pa.array(instants, mask=mask))
    return table.append_column("flight_status", pa.array(_STATUSES[events.status]))


def _as_bytes(texts: pa.ChunkedArray) -> list[bytes]:
    payloads: list[bytes] = texts.cast(pa.binary()).to_pylist()
    return payloads
