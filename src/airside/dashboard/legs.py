"""Keeps the legs that were heard of lately, by the same rules as `rpt_live_flights`.

That view lays every event since gold's last refresh over what gold holds, anew for each look: with
twenty thousand events a second a hundred thousand rows. Here each event is taken in once. Of every
attribute is remembered when it was said, so an event that comes late changes only what nothing
newer has been said of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_IDENTITY = ("leg_key", "flight_icao", "departure_airport_iata", "scheduled_departure_at")
_ATTRIBUTES = (
    "airline_iata",
    "tail_number",
    "aircraft_type",
    "arrival_airport_iata",
    "departure_gate",
    "arrival_gate",
    "scheduled_arrival_at",
    "estimated_departure_at",
    "estimated_arrival_at",
    "actual_departure_at",
    "actual_arrival_at",
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
    "flight_status",
)
"""What a leg takes from its latest event that has it."""
TAKEN = (*_IDENTITY, "event_at", *_ATTRIBUTES)
"""What is taken from an event."""
_LIVE = (
    *("leg_key", "flight_icao", "airline_iata", "airline_name", "tail_number", "aircraft_type"),
    *("departure_airport_iata", "arrival_airport_iata", "departure_gate", "arrival_gate"),
    *("scheduled_departure_at", "scheduled_arrival_at"),
    *("estimated_departure_at", "estimated_arrival_at"),
    *("actual_departure_at", "actual_arrival_at"),
    *("departure_delay_minutes", "arrival_delay_minutes"),
    *("passenger_count", "baggage_count", "security_wait_time_minutes"),
    *("runway_in_use", "weather_conditions", "latitude", "longitude", "altitude_ft"),
    *("ground_speed_kts", "vertical_speed_fps", "heading", "flight_status"),
    *("last_event_at", "events", "watermark_at"),
)
"""The columns of `rpt_live_flights`."""
_ACTIVE = ("boarding", "departing", "en-route")
_MINUTE = 6e7  # in microseconds
_INSTANT = pa.timestamp("us")
_NEVER = np.iinfo(np.int64).min
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Liveness:
    """When a flight is live, in minutes of event time; as gold's views have it."""

    departure_minutes: int = 180
    """A scheduled flight is live this close to its departure, before or after."""
    landed_minutes: int = 30
    """A landed flight stays live this long after its last event."""
    stale_minutes: int = 360
    """A flight whose last event is further than this from the watermark is not live."""


class Legs:
    """Legs as the events taken in so far leave them.

    Args:
        history: All events of theirs that still matter, by event time, then stream order, with the
            columns `TAKEN`, `leg_events`, how many events of its leg gold has counted, and
            `is_new`, whether gold has not counted this one.
    """

    def __init__(self, history: pa.Table) -> None:
        self._table = history.slice(0, 0).select([*_IDENTITY, *_ATTRIBUTES])
        self._said: Places = np.empty((len(_ATTRIBUTES), 0), dtype=np.int64)
        """Of each attribute and leg the event time of its value."""
        self._heard: Places = np.empty(0, dtype=np.int64)
        """Of each leg the time of its last event."""
        self._events: Places = np.empty(0, dtype=np.int64)
        """Of each leg how many events it has had."""
        self._take_history(history)

    def unsure(self, events: pa.Table, complete_since: datetime) -> dict[str, datetime]:
        """The legs that cannot be told from what is here and these events, and their schedules.

        Those are legs that gold may know, and events of the instant at which a value was said: the
        order of the stream decides between the two.

        Args:
            events: As `take` gets them.
            complete_since: All legs are here that gold knows and that were to depart then or later.
        """
        places = self._places(events["leg_key"])
        doubtful = (places < 0) & pc.less(
            events["scheduled_departure_at"], complete_since
        ).to_numpy()
        known = np.flatnonzero(places >= 0)
        rows, at = places[known], _instants(events["event_at"])[known]
        for said, name in zip(self._said, _ATTRIBUTES, strict=True):
            doubtful[known] |= (said[rows] == at) & _is_there(events[name])[known]
        found = events.select(["leg_key", "scheduled_departure_at"]).filter(pa.array(doubtful))
        return dict(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def take(self, events: pa.Table) -> None:
        """Take in events that are new here.

        Args:
            events: With the columns `TAKEN`, by event time, then stream order.
        """
        places = self._take_values(events)
        np.add.at(self._events, places, 1)

    def replace(self, keys: Iterable[str], history: pa.Table) -> None:
        """Make legs anew.

        Args:
            keys: The legs.
            history: All events of theirs that still matter, as for the class.
        """
        is_other = pc.invert(pc.is_in(self._table["leg_key"], value_set=pa.array(list(keys))))
        kept = is_other.to_numpy()
        self._table = self._table.filter(is_other).combine_chunks()
        self._said, self._heard = self._said[:, kept], self._heard[kept]
        self._events = self._events[kept]
        self._take_history(history)

    def live(
        self, watermark: datetime, airlines: Mapping[str, str], liveness: Liveness
    ) -> pa.Table:
        """The flights in operation now, with the columns of `rpt_live_flights`.

        Args:
            watermark: Now, in event time.
            airlines: Names by IATA code.
            liveness: When a flight is live.
        """
        now = int(pa.scalar(watermark, _INSTANT).cast(pa.int64()).as_py())
        is_live = pa.array(self._is_live(now, liveness))
        table = self._table.filter(is_live)
        departed, arrived = table["actual_departure_at"], table["actual_arrival_at"]
        # An arrival before the departure is none; a later event may yet move the departure.
        is_possible = pc.fill_null(pc.greater_equal(arrived, departed), fill_value=True)
        arrived = pc.if_else(is_possible, arrived, None)
        found = pc.index_in(table["airline_iata"].combine_chunks(), pa.array(airlines, pa.string()))
        columns = {name: table[name] for name in table.column_names} | {
            "airline_name": pa.array(airlines.values(), pa.string()).take(found),
            "actual_arrival_at": arrived,
            "departure_delay_minutes": _minutes(table["scheduled_departure_at"], departed),
            "arrival_delay_minutes": _minutes(table["scheduled_arrival_at"], arrived),
            "last_event_at": pa.array(self._heard, _INSTANT).filter(is_live),
            "events": pa.array(self._events).filter(is_live),
            "watermark_at": pa.repeat(pa.scalar(watermark, _INSTANT), table.num_rows),
        }
        return pa.table({name: columns[name] for name in _LIVE})

    def _take_history(self, history: pa.Table) -> None:
        places = self._take_values(history)
        np.maximum.at(self._events, places, history["leg_events"].to_numpy())
        np.add.at(self._events, places[history["is_new"].to_numpy()], 1)

    def _take_values(self, events: pa.Table) -> Places:
        """Take in what events say; the row of each event's leg."""
        events = events.combine_chunks()
        places = self._places(events["leg_key"])
        if (places < 0).any():
            self._add(events.select(_IDENTITY).filter(pa.array(places < 0)))
            places = self._places(events["leg_key"])
        at = _instants(events["event_at"])
        for said, name in zip(self._said, _ATTRIBUTES, strict=True):
            new = events[name]
            wins = np.flatnonzero(_is_there(new) & (at >= said[places]))
            if len(wins):
                last = np.full(len(said), -1)
                last[places[wins]] = wins  # in order: of several for one leg the last stays
                rows = np.flatnonzero(last >= 0)
                wins = last[rows]
                said[rows] = at[wins]
                self._set(name, new.take(pa.array(wins)), rows)
        np.maximum.at(self._heard, places, at)
        return places

    def _add(self, events: pa.Table) -> None:
        """Make room for the legs of events, which are not here yet."""
        keys = events["leg_key"].combine_chunks()
        _, first = np.unique(keys.to_numpy(zero_copy_only=False), return_index=True)
        fresh = events.take(pa.array(np.sort(first)))
        nothing = {
            name: pa.nulls(fresh.num_rows, self._table.schema.field(name).type)
            for name in _ATTRIBUTES
        }
        added = pa.table({name: fresh[name] for name in _IDENTITY} | nothing)
        both = pa.concat_tables([self._table, added.cast(self._table.schema)])
        self._table = both.combine_chunks()
        count = fresh.num_rows
        never = np.full((len(_ATTRIBUTES), count), _NEVER)
        self._said = np.concatenate([self._said, never], axis=1)
        self._heard = np.append(self._heard, np.full(count, _NEVER))
        self._events = np.append(self._events, np.zeros(count, dtype=np.int64))

    def _set(self, name: str, new: pa.ChunkedArray, places: Places) -> None:
        """Take values over, one for each of these legs."""
        column = self._table.schema.get_field_index(name)
        field = self._table.schema.field(column)
        old = self._table.column(column).combine_chunks()
        new = new.combine_chunks().cast(field.type)
        if new.equals(old.take(pa.array(places))):
            return
        source = np.arange(len(old), dtype=np.int64)
        source[places] = len(old) + np.arange(len(new))
        values = pa.concat_arrays([old, new]).take(pa.array(source))
        self._table = self._table.set_column(column, field, values)

    def _places(self, keys: pa.ChunkedArray) -> Places:
        """The row of each leg; -1 where there is none."""
        found = pc.index_in(keys, value_set=self._table["leg_key"].combine_chunks())
        places: Places = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        return places

    def _is_live(self, now: int, liveness: Liveness) -> npt.NDArray[np.bool_]:
        silent = (now - self._heard) / _MINUTE
        ahead = np.abs(_instants(self._table["scheduled_departure_at"]) - now) / _MINUTE
        status = self._table["flight_status"]

        def has(*names: str) -> npt.NDArray[np.bool_]:
            found: npt.NDArray[np.bool_] = pc.is_in(status, pa.array(names)).to_numpy()
            return found

        is_live: npt.NDArray[np.bool_] = (np.abs(silent) <= liveness.stale_minutes) & (
            has(*_ACTIVE)
            | has("scheduled") & (ahead <= liveness.departure_minutes)
            | has("landed") & (silent <= liveness.landed_minutes)
        )
        return is_live


def _instants(column: pa.ChunkedArray) -> Places:
    """Microseconds since the Unix epoch, of a column without nulls."""
    instants: Places = column.cast(_INSTANT).cast(pa.int64()).to_numpy()
    return instants


def _is_there(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    is_there: npt.NDArray[np.bool_] = column.is_valid().to_numpy()
    return is_there


def _minutes(start: pa.ChunkedArray, end: pa.ChunkedArray) -> pa.ChunkedArray:
    """Signed and exact to the microsecond, as gold computes them."""
    return pc.divide(pc.cast(pc.subtract(end, start), pa.int64()), _MINUTE)
