"""Reads the warehouse, keeps what the page shows, and tells viewers what changed.

One thread for everybody. It wakes when a batch has been loaded (or looks for one four times a
second), reads the live board and whatever gold has built anew, and hands one message on. What it
holds is the snapshot that new viewers start from: both change together, under one lock.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airside import __version__
from airside.dashboard import parts
from airside.dashboard.backend import Backend, Document, Options
from airside.dashboard.board import Board, Changes
from airside.dashboard.legs import Liveness
from airside.dashboard.live_board import LiveBoard
from airside.dashboard.notices import notices
from airside.dashboard.parts import GoldParts
from airside.dashboard.push import Message
from airside.dashboard.queries import kpis, live
from airside.dashboard.queries.kpis import LiveFigures
from airside.dashboard.queries.live import Freshness, Version
from airside.dashboard.rows import dumps, iso
from airside.errors import AirsideError

_LOG = logging.getLogger(__name__)
Publish = Callable[[int, Message, Message], None]
_PIPELINE_SECONDS = 1.0
_GOLD_PATIENCE_SECONDS = 1.0
_READING_SHARE = 2  # at most half of the time goes into reading


class Producer:
    """The dashboard's only regular reader of the warehouse.

    Args:
        backend: Where everything comes from.
        options: How often to look.
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        backend: Backend,
        options: Options,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.version = Version()
        self.watermark: datetime | None = None
        self.error: str | None = None
        """Why the data could not be read last time; None while it can."""
        self.update_seconds = 0.0
        """What the last update took."""
        self._backend = backend
        self._options = options
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._board = Board()
        self._live = LiveBoard(backend.reader, options.liveness, monotonic)
        self._parts: Document = parts.empty()
        self._gold_parts = GoldParts(backend, options.airport, monotonic, options.liveness)
        self._is_built = False
        self._freshness = Freshness()
        self._pipeline_due = 0.0
        self._tiled: tuple[Document | None, pa.Table | None] = (None, None)
        """What the tiles were made of."""
        self._gold_since: float | None = None
        self._snapshot: tuple[tuple[int, int], bytes] | None = None
        self._has_looked = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- what requests ask -------------------------------------------------------------------

    def meta(self) -> Document:
        """`Meta` of the API: where the data stands."""
        return {
            "seq": self.seq,
            "at": iso(self._backend.clock()),
            "watermark": _iso(self.watermark),
        }

    def stamp(self) -> Document:
        """`Stamp` of the API."""
        return {
            **self.meta(),
            "epoch": self.epoch,
            "newest_arrived_at": _iso(self._freshness.newest_arrived_at),
            "committed_at": _iso(self._freshness.committed_at),
        }

    def part(self, name: str) -> Any:  # noqa: ANN401 - parts differ
        """A part of the snapshot as it is now."""
        return self._parts[name]

    @property
    def is_built(self) -> bool:
        """Whether gold has its reports."""
        return self._is_built

    @property
    def hub(self) -> str | None:
        """The hub's code; None before the first flight."""
        airport = self._parts["airport"]
        return airport["airport_iata"] if airport else None

    def flights(self) -> list[Document]:
        """The live board's rows, by scheduled departure."""
        with self._lock:
            return self._board.ordered()

    def flight(self, leg_key: str) -> Document | None:
        """One row of the live board."""
        with self._lock:
            row = self._board.rows.get(leg_key)
            return None if row is None else dict(row)

    @property
    def liveness(self) -> Liveness:
        """When a flight is live."""
        return self._options.liveness

    def live_figures(self, matches: Callable[[Document], bool]) -> LiveFigures:
        """What the tiles show of those flights of the live board that match."""
        with self._lock:
            keys = [key for key, row in self._board.rows.items() if matches(row)]
            table = self._board.table
        if table is None:
            return LiveFigures()
        wanted = pa.array(keys, pa.string())
        return LiveFigures.of(table.filter(pc.is_in(table["leg_key"], value_set=wanted)))

    def wait(self, seconds: float) -> bool:
        """Wait until the data has been looked at once; False where that takes too long."""
        return self._has_looked.wait(seconds)

    def snapshot(self) -> bytes:
        """The snapshot as JSON; made once for each `seq` and second, as it tells the time."""
        with self._lock:
            key = (self.seq, self._backend.clock() // 1_000_000)
            if self._snapshot is None or self._snapshot[0] != key:
                document = {
                    **self.stamp(),
                    **self._parts,
                    "live": {
                        "active": len(self._board),
                        "by_status": self._parts["by_status"],
                        "flights": self._board.numbered(),
                    },
                    "version": __version__,
                }
                self._snapshot = (key, dumps(document))
            return self._snapshot[1]

    # --- the thread --------------------------------------------------------------------------

    def start(self, publish: Publish) -> None:
        """Start the thread.

        Args:
            publish: Takes a delta's `seq`, the delta for everybody, and what those get instead who
                are too slow for it; called from the thread.
        """
        self._thread = threading.Thread(target=self._run, args=(publish,), name="dashboard")
        self._thread.daemon = True
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._backend.changed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, publish: Publish) -> None:
        changed = self._backend.changed
        while not self._stop.is_set():
            began = self._monotonic()
            batch_id = self.version.batch_id
            for delta in self._told():
                resync = Message.of("resync", self.stamp())
                publish(delta["seq"], Message.of("delta", delta), resync)
            if self.version.batch_id != batch_id:
                # Batches may come faster than anybody can look, and reading costs the pipeline.
                took = self._monotonic() - began
                pause = max(self._options.min_push_seconds, _READING_SHARE * took)
                self._stop.wait(pause - took)
            changed.wait(self._options.poll_seconds)
            changed.clear()

    def _told(self) -> Iterator[Document]:
        """The deltas of one look; where the data cannot be read, one that says so."""
        try:
            yield from self.update()
        except AirsideError as error:
            yield from self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - a defect is told on the page; the next look may succeed
            _LOG.exception("the dashboard cannot read the data")
            yield from self._failed(f"{type(error).__name__}: {error}")

    def update(self) -> Iterator[Document]:
        """Look at the data and take in what changed, the flights first.

        Yields:
            The deltas; none where nothing changed.

        Raises:
            AirsideError: The data cannot be read now.
        """
        began = self._monotonic()
        version, freshness = live.version(self._backend.reader)
        version = self._in_turn(version)
        if not self._is_built and version.gold:
            self._is_built = live.gold_is_built(self._backend.reader)
        yield from self._update_board(version, freshness)
        yield from self._update_parts()
        self.update_seconds = self._monotonic() - began
        if not self._gold_parts.is_reading:
            self._has_looked.set()

    def _in_turn(self, version: Version) -> Version:
        """The version to show now.

        A refresh of gold ends about when the next batch does, and reading all of it would hold the
        flights up. So gold's news follow those, or come after a second without any.
        """
        shown, now = self.version, self._monotonic()
        if not shown.gold or version.gold == shown.gold or version.batch_id != shown.batch_id:
            self._gold_since = None
            return version
        if self._gold_since is None:
            self._gold_since = now
        is_due = now - self._gold_since >= _GOLD_PATIENCE_SECONDS
        return version if is_due else replace(version, gold=shown.gold)

    def _update_board(self, version: Version, freshness: Freshness) -> Iterator[Document]:
        table, watermark = None, self.watermark
        if self._is_built and (version != self.version or watermark is None):
            table, watermark = self._live.read(version)
        with self._lock:
            self.version, self._freshness, self.watermark = version, freshness, watermark
        if table is not None:
            yield from self._flights(table)
        renewed = self._live.renew()
        if renewed is not None:
            yield from self._flights(renewed)

    def _flights(self, table: pa.Table) -> list[Document]:
        with self._lock:
            changes = self._board.update(table)
            # The tiles follow with the other parts, so that the flights need not wait for them.
            return self._keep({"by_status": self._board.by_status()}, changes)

    def _update_parts(self) -> list[Document]:
        now = self._monotonic()
        changed: Document = {}
        if self._is_built and self.watermark is not None:
            changed |= self._gold_parts.read(self.version.gold, self.watermark)
        if now >= self._pipeline_due or self.error is not None:
            self._pipeline_due = now + _PIPELINE_SECONDS
            changed["pipeline"] = self._backend.pipeline()
        self.error = None
        with self._lock:
            figures, board = self._gold_parts.figures, self._board.table
            if figures is not self._tiled[0] or board is not self._tiled[1]:
                self._tiled = (figures, board)
                changed["kpis"] = kpis.tiles(figures, LiveFigures.of(board))
            changed["notices"] = notices(self._state(changed))
            return self._keep(changed)

    def _keep(self, changed: Document, flights: Changes | None = None) -> list[Document]:
        """Take parts and flights in; gives the delta where they differ from what was there."""
        new = {name: part for name, part in changed.items() if part != self._parts[name]}
        self._parts = {**self._parts, **new}
        if not (new or flights):
            return []
        self.seq += 1
        return [{**self.stamp(), **new, **(flights or Changes()).as_dict()}]

    def _failed(self, error: str) -> list[Document]:
        self.error = error
        with self._lock:
            return self._keep({"notices": notices(self._state({}))})

    def _state(self, changed: Document) -> Document:
        return {
            "error": self.error,
            "is_built": self._is_built,
            "has_data": self.version.batch_id > 0,
            "pipeline": changed.get("pipeline", self._parts["pipeline"]),
            "warehouse": self._backend.warehouse,
        }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat() + "Z"
