"""Reads the live board: what gold holds once, and from then on only what is new."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from airside.dashboard.legs import TAKEN, Legs, Liveness
from airside.dashboard.queries import live
from airside.dashboard.queries.live import Version
from airside.dashboard.watermark import latest, now_in
from airside.warehouse import Reader

_RENEW_SECONDS = 600.0
"""How often to read all anew: airlines get names, and legs of which nobody speaks are forgotten."""
_EVENTS = 100_000
"""At most about so many are taken in at once, whose columns take 100 MB."""


class LiveBoard:
    """What `rpt_live_flights` says, at the cost of the events that are new.

    Args:
        reader: Whom to ask.
        liveness: When a flight is live, as in gold's views.
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(
        self, reader: Reader, liveness: Liveness, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._liveness = liveness
        self._monotonic = monotonic
        self._due = 0.0
        """When to read all anew, if gold has been refreshed since."""
        self._gold = 0
        """What gold held when all was read."""
        self._version = Version()
        self._through = 0
        """The last batch that has been taken in."""
        self._legs: Legs | None = None
        self._complete_since = datetime.min  # noqa: DTZ901 - event time is UTC without a zone
        """All legs are here that gold held and that were to depart then or later."""
        self._airlines: Mapping[str, str] = {}
        self._latest: dict[str, datetime] = {}
        """The three legs heard of last."""

    def read(self, version: Version) -> tuple[pa.Table, datetime | None]:
        """The active flights as of a version or later, in no order, and now in event time.

        Raises:
            AirsideError: The warehouse cannot be read.
        """
        legs, self._legs = self._legs, None  # whatever fails, all is read anew next time
        if legs is None or version.batch_id < self._version.batch_id:
            legs = self._whole(version)
        else:
            legs = self._followed(legs, version)
        self._legs, self._version = legs, version
        watermark = now_in(self._latest)
        return legs.live(
            watermark or self._complete_since, self._airlines, self._liveness
        ), watermark

    def renew(self) -> pa.Table | None:
        """The active flights, all read anew; None while it is not time for that.

        Raises:
            AirsideError: The warehouse cannot be read.
        """
        if self._version.gold == self._gold or self._monotonic() < self._due:
            return None
        self._legs = None
        table, _ = self.read(self._version)
        return table

    def _whole(self, version: Version) -> Legs:
        self._due = self._monotonic() + _RENEW_SECONDS
        self._gold = version.gold
        self._airlines = live.airlines(self._reader)
        self._latest = live.latest_legs(self._reader)
        watermark = now_in(self._latest)
        if watermark is not None:
            self._complete_since = watermark - timedelta(minutes=self._liveness.stale_minutes)
        known, self._through = live.known_since(self._reader, self._complete_since, TAKEN)
        return self._followed(Legs(known), version)

    def _followed(self, legs: Legs, version: Version) -> Legs:
        """Take in all batches up to a version."""
        while self._through < version.batch_id:
            through = live.step(self._reader, self._through, version.batch_id, _EVENTS)
            events = live.events(self._reader, self._through, through, TAKEN)
            self._latest = latest(self._latest, events)
            unsure = legs.unsure(events, self._complete_since)
            if unsure:
                history, held = live.history(self._reader, unsure, through, TAKEN)
                if held > through:  # gold is ahead of what is here
                    return self._whole(version)
                legs.replace(unsure, history)
                is_other = pc.invert(pc.is_in(events["leg_key"], value_set=pa.array(list(unsure))))
                events = events.filter(is_other)
            legs.take(events)
            self._through = through
        return legs
