"""Reads the live board: what is new at once, and all of it after each refresh of gold."""

import time
from collections.abc import Callable
from datetime import datetime

import pyarrow as pa

from airside.dashboard.advance import TAKEN, advance, latest, now_in, replaced
from airside.dashboard.queries import live
from airside.dashboard.queries.live import Version
from airside.warehouse import Reader

_MAX_IN_DOUBT = 1_000
"""For more legs than this it is as cheap to ask for all."""
_ASKING_SHARE = 4
"""Asking for single legs takes a fifth of the time at most; what is in doubt waits meanwhile."""


class LiveBoard:
    """What `rpt_live_flights` says, for less where few batches are new.

    `read` takes new events in by itself. `settle` asks for the legs of which that leaves doubt, or
    for all where gold has been refreshed: what is certain need not wait for either.

    A flight that comes to be active, or ceases to be, only because time passes is noticed with the
    next whole look; gold's refreshes (every five seconds by default) bring those about.

    Args:
        reader: Whom to ask.
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(self, reader: Reader, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._in_doubt: list[str] = []
        self._is_old = False
        """Whether gold has been refreshed since the last whole look."""
        self._due = 0.0
        self._version = Version()
        self._table: pa.Table | None = None
        self._latest: dict[str, datetime] = {}
        """The three legs heard of last."""

    def read(self, version: Version) -> tuple[pa.Table, datetime | None]:
        """The active flights as of a version or later, in no order, and now in event time.

        Legs in doubt are as they were before.

        Raises:
            AirsideError: The warehouse cannot be read.
        """
        before, table = self._version, self._table
        self._table = None  # whatever fails, the next look is a whole one
        if table is None or not self._latest:
            table = self._whole()
            self._latest = live.latest_legs(self._reader)
        else:
            self._is_old |= version.gold != before.gold
            table = self._followed(table, before.batch_id, version.batch_id)
        self._version, self._table = version, table
        return table, now_in(self._latest)

    def settle(self) -> pa.Table | None:
        """The board with all in doubt as the warehouse has it.

        Returns:
            None where nothing is, or where asking again so soon would take too much of the time.

        Raises:
            AirsideError: The warehouse cannot be read.
        """
        if self._is_old:
            self._table = self._whole()
            return self._table
        began = self._monotonic()
        if self._table is None or not self._in_doubt or began < self._due:
            return None
        rows = live.board_of(self._reader, self._in_doubt)
        self._table = replaced(self._table, self._in_doubt, rows)
        now = self._monotonic()
        self._in_doubt, self._due = [], now + _ASKING_SHARE * (now - began)
        return self._table

    def _followed(self, table: pa.Table, after: int, through: int) -> pa.Table:
        events = live.events(self._reader, after, through, TAKEN)
        self._latest = latest(self._latest, events)
        watermark = now_in(self._latest)
        if watermark is None or events.num_rows > 2 * table.num_rows + _MAX_IN_DOUBT:
            return self._whole()
        advanced = advance(table, events, watermark, self._in_doubt)
        if len(advanced.in_doubt) > _MAX_IN_DOUBT:
            return self._whole()
        self._in_doubt = advanced.in_doubt
        return advanced.table

    def _whole(self) -> pa.Table:
        self._in_doubt, self._is_old = [], False
        return live.board(self._reader)
