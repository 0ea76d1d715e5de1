"""Takes what is whole out of a stream whose file is damaged.

Every frame is looked for by its row, on its own, so that what one damaged page holds does not cost
the others. Frames keep their sequence numbers; where some are gone, there is a hole, which is told.
"""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from airside.errors import CorruptDataError
from airside.stream.embedded import WIDTH, is_whole
from airside.stream.frame import Frame, Run, unpack
from airside.stream.log import laid_over
from airside.stream.mark import read_mark
from airside.stream.position import Position
from airside.stream.protocol import Backlog

_WAYS = (
    "SELECT frame_id FROM frames NOT INDEXED ORDER BY frame_id {}",
    "SELECT frame_id FROM frames INDEXED BY sqlite_autoindex_frames_1 ORDER BY shard_id {0}",
)
"""Two trees hold the rows' ids; each is walked from both ends, as far as it can be."""
_ROW = (
    "SELECT shard_id, first_sequence, records, arrived_at_us, raw_bytes, data, checksum"
    " FROM frames WHERE frame_id = ?"
)


class Hole(NamedTuple):
    """Records that are gone."""

    shard_id: str
    first: int
    last: int

    @property
    def records(self) -> int:
        """How many."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first:,} to {self.last:,} of {self.shard_id}"


class _Place(NamedTuple):
    frame_id: int
    shard_id: str
    first: int
    records: int
    arrived_at_us: int
    raw_bytes: int
    stored_bytes: int

    @property
    def last(self) -> int:
        return self.first + self.records - 1


class SalvagedStream:
    """The whole frames of a damaged stream, by the calls that an archiver makes.

    Args:
        path: The damaged file; it is only read.
        after: What lies before this position is of no interest.
    """

    def __init__(self, path: Path, after: Position) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix=".salvage-", dir=path.parent)
        where = laid_over(path, Path(self._scratch.name))
        if not path.exists():
            where = Path(":memory:")  # of one that is gone, the mark is left
        self._db = sqlite3.connect(where, isolation_level=None)
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA query_only = true")
        begins = {shard: int(last) for shard, last in after.items()}
        self._places = sorted(
            place
            for frame_id in self._ids()
            if (place := self._place(frame_id)) and place.first > begins.get(place.shard_id, 0)
        )
        self.holes = list(_holes(self._places, begins, self._ends(path)))
        """What is gone, as far as that can be told."""

    def backlog(self, after: Position) -> Backlog:
        """Measure what lies after a position."""
        waiting = self._after(after)
        return Backlog(
            received=sum(place.records for place in self._places),
            records=sum(place.records for place in waiting),
            raw_bytes=sum(place.raw_bytes for place in waiting),
            stored_bytes=sum(place.stored_bytes for place in waiting),
            oldest_arrived_at_us=min((place.arrived_at_us for place in waiting), default=None),
        )

    def backlogs(self, afters: Sequence[Position]) -> list[Backlog]:
        """Measure what lies after each of several positions."""
        return [self.backlog(after) for after in afters]

    def read(
        self, after: Position, *, through: Position | None = None, max_records: int, max_bytes: int
    ) -> list[Frame]:
        """Read the whole frames after a position, in stream order."""
        frames: list[Frame] = []
        records = raw_bytes = 0
        for place in self._after(after):
            if through is not None:
                if place.last > int(through.get(place.shard_id, 0)):
                    continue
            elif frames and (
                records + place.records > max_records or raw_bytes + place.raw_bytes > max_bytes
            ):
                break
            frames.append(self._frame(self._db.execute(_ROW, (place.frame_id,)).fetchone()))
            records += place.records
            raw_bytes += place.raw_bytes
        return frames

    def close(self) -> None:
        """Close the file."""
        self._db.close()
        self._scratch.cleanup()

    def _after(self, after: Position) -> list[_Place]:
        return [p for p in self._places if p.first > int(after.get(p.shard_id, 0))]

    def _ids(self) -> set[int]:
        found: set[int] = set()
        for way in _WAYS:
            for direction in ("ASC", "DESC"):
                with contextlib.suppress(sqlite3.Error):
                    for (frame_id,) in self._db.execute(way.format(direction)):
                        found.add(frame_id)
        return {frame_id for frame_id in found if isinstance(frame_id, int)}

    def _place(self, frame_id: int) -> _Place | None:
        try:
            row = self._db.execute(_ROW, (frame_id,)).fetchone()
            if row is None or not is_whole(row):
                return None
            unpack(self._frame(row))
        except (sqlite3.Error, CorruptDataError):
            return None
        shard_id, first, records, arrived_at_us, raw_bytes, data, _ = row
        return _Place(frame_id, shard_id, first, records, arrived_at_us, raw_bytes, len(data))

    def _frame(self, row: Sequence[Any]) -> Frame:
        shard_id, first, records, arrived_at_us, raw_bytes, data, _ = row
        run = Run(str(first).zfill(WIDTH), records, arrived_at_us)
        return Frame(shard_id, (run,), data, raw_bytes)

    def _ends(self, path: Path) -> dict[str, int]:
        ends = read_mark(path)
        with contextlib.suppress(sqlite3.Error):
            for shard, last in self._db.execute("SELECT shard_id, last_sequence FROM shards"):
                if isinstance(last, int):
                    ends[shard] = max(last, ends.get(shard, 0))
        return ends


def _holes(
    places: Sequence[_Place], begins: Mapping[str, int], ends: Mapping[str, int]
) -> Iterator[Hole]:
    reached = dict(begins)
    for place in places:
        before = reached.get(place.shard_id, 0)
        if place.first > before + 1:
            yield Hole(place.shard_id, before + 1, place.first - 1)
        reached[place.shard_id] = place.last
    for shard, end in sorted(ends.items()):
        if end > reached.get(shard, 0):
            yield Hole(shard, reached.get(shard, 0) + 1, end)
