"""The stream on one machine: a SQLite database in WAL mode, one row per frame.

`synchronous=FULL` makes a put durable when it returns; other processes read while it goes on. All
shards share one file and one clock, so the order of rows is the stream order of the contract:
(`arrived_at`, `shard_id`, `sequence_number`).
"""

import shlex
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from airside.errors import CorruptDataError, TerminalError, UsageError
from airside.sqlite import connect, transaction, translated_errors
from airside.stream.frame import Frame, Run, pack
from airside.stream.log import keep_log
from airside.stream.mark import read_mark, write_mark
from airside.stream.position import Position
from airside.stream.protocol import (
    MAX_RECORD_BYTES,
    Backlog,
    RecordTooLargeError,
    StreamFullError,
)

WIDTH = 20
"""Digits of a sequence number: room for 64 bits."""
_FRAME_BYTES = 4 * 1024 * 1024
_FRAME_RECORDS = 5_000
_KEPT_SHARE = 0.5
"""Of the limit: so much is filled before frames that have been read go before their time."""
_EMPTY_BYTES = 65_536
"""What tables and indexes fill of a stream without records."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shards (
    shard_id TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    last_arrived_at_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frames (
    frame_id INTEGER PRIMARY KEY,
    shard_id TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    records INTEGER NOT NULL,
    arrived_at_us INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    data BLOB NOT NULL,
    checksum INTEGER,
    UNIQUE (shard_id, first_sequence)
) STRICT;
"""


class EmbeddedStream:
    """See `Stream` for what each method promises.

    Args:
        path: The SQLite file; made when missing.
        clock: Microseconds since the Unix epoch, for `arrived_at`.
        shards: How many shards a new stream gets; an existing one keeps its own.
        max_bytes: The stream may fill so much of its file: beyond it a put is refused, and well
            before, `trim` drops what every consumer has read. None sets no limit.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int],
        shards: int = 1,
        max_bytes: int | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._max_bytes = max_bytes
        with self._errors():
            self._db = connect(path)
        try:
            self._open(shards)
        except BaseException:
            self._db.close()
            raise
        self._shards = sorted(self._ends())

    def _open(self, shards: int) -> None:
        with self._errors():
            self._db.executescript(_SCHEMA)
            self._add_checksums()
            self._check_mark()
            if not self._ends():
                with self._transaction():
                    # Asked again under the lock: whoever comes first says how many there are.
                    if not self._ends():
                        self._create_shards(f"shard-{n:03}" for n in range(shards))

    max_record_bytes = MAX_RECORD_BYTES

    def put(self, payloads: Sequence[bytes]) -> None:
        """Append records, durable on return."""
        for index, payload in enumerate(payloads):
            if len(payload) > MAX_RECORD_BYTES:
                raise RecordTooLargeError(index, len(payload))
        if not payloads:
            return
        packed = [
            (shard_id, len(chunk), *pack(chunk))
            for shard_id, records in self._by_shard(payloads)
            for chunk in _chunks(records)
        ]
        with self._errors(), self._transaction():
            self._check_room(sum(len(data) for _, _, data, _ in packed))
            arrived_at_us = self._next_instant()
            last = self._ends()
            for shard_id, count, data, raw_bytes in packed:
                place = (shard_id, last[shard_id] + 1, count, arrived_at_us, raw_bytes)
                self._db.execute(
                    "INSERT INTO frames (shard_id, first_sequence, records, arrived_at_us,"
                    " raw_bytes, stored_bytes, data, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*place, len(data), data, checksum(place, data)),
                )
                last[shard_id] += count
            self._db.executemany(
                "UPDATE shards SET last_sequence = ?, last_arrived_at_us = ? WHERE shard_id = ?",
                [(sequence, arrived_at_us, shard_id) for shard_id, sequence in last.items()],
            )
        write_mark(self._path, last)

    def read(
        self,
        after: Position,
        *,
        through: Position | None = None,
        max_records: int,
        max_bytes: int,
    ) -> list[Frame]:
        """Read the frames after a position, in stream order."""
        frames: list[Frame] = []
        records = raw_bytes = 0
        with self._errors(), self._transaction("DEFERRED"):
            ends = self._ends()
            target = ends if through is None else {s: int(last) for s, last in through.items()}
            expected = {shard: int(after.get(shard, 0)) + 1 for shard in {**ends, **target}}
            self._check_end(expected, ends)
            where, parameters = self._between(after, through)
            cursor = self._db.execute(
                "SELECT shard_id, first_sequence, records, arrived_at_us, raw_bytes, data, checksum"
                f" FROM frames NOT INDEXED WHERE {where} ORDER BY frame_id",
                parameters,
            )
            for row in cursor:
                shard_id, first, count, arrived_at_us, size, data, _ = row
                if not is_whole(row):
                    raise self._altered(shard_id, expected[shard_id])
                full = records + count > max_records or raw_bytes + size > max_bytes
                if through is None and frames and full:
                    target = {}
                    break
                if first != expected[shard_id]:
                    raise self._gap(shard_id, expected[shard_id], first)
                expected[shard_id] = first + count
                records += count
                raw_bytes += size
                run = Run(str(first).zfill(WIDTH), count, arrived_at_us)
                frames.append(Frame(shard_id, (run,), data, size))
        for shard_id, last in target.items():
            if expected[shard_id] <= last:
                raise self._gap(shard_id, expected[shard_id], last + 1)
        return frames

    def backlog(self, after: Position) -> Backlog:
        """Measure what lies after a position."""
        return self.backlogs([after])[0]

    def backlogs(self, afters: Sequence[Position]) -> list[Backlog]:
        """Measure what lies after each of several positions, at one moment."""
        with self._errors(), self._transaction("DEFERRED"):
            return [self._measure(after) for after in afters]

    def trim(self, through: Position, arrived_before_us: int) -> int:
        """Drop old frames that every consumer is done with; SQLite reuses their pages.

        Where the stream is near its limit, younger ones go too, the oldest first.
        """
        dropped: list[int] = []
        records = 0
        with self._errors(), self._transaction():
            excess = self._excess()
            for frame_id, shard_id, first, count, arrived_at_us, stored_bytes in self._db.execute(
                "SELECT frame_id, shard_id, first_sequence, records, arrived_at_us, stored_bytes"
                " FROM frames NOT INDEXED ORDER BY frame_id"
            ):
                if arrived_at_us >= arrived_before_us and excess <= 0:
                    break
                if first + count - 1 <= int(through.get(shard_id, 0)):
                    dropped.append(frame_id)
                    records += count
                    excess -= stored_bytes
            self._db.executemany(
                "DELETE FROM frames WHERE frame_id = ?", [(frame_id,) for frame_id in dropped]
            )
        return records

    def restore(self, through: Position, arrived_at_us: int) -> None:
        """Let an empty stream go on where an archive ends: the next record follows `through`.

        Raises:
            TerminalError: The stream has taken records already.
            UsageError: The archive is not of an embedded stream.
        """
        if any(len(last) != WIDTH for last in through.values()):
            raise UsageError(
                f"the archive ends at {max(through.values())}, which is no sequence number of an "
                "embedded stream; name the stream that it was made from with --stream kinesis://NAME"
            )
        with self._errors(), self._transaction():
            taken = self._db.execute("SELECT sum(last_sequence) FROM shards").fetchone()[0]
            if taken:
                raise TerminalError(
                    f"{self._path} has taken {taken:,} records already; restore into an empty "
                    "data directory"
                )
            self._db.execute("DELETE FROM shards")
            self._create_shards(through)
            self._db.executemany(
                "UPDATE shards SET last_sequence = ?, last_arrived_at_us = ? WHERE shard_id = ?",
                [(int(last), arrived_at_us, shard) for shard, last in through.items()],
            )
        self._shards = sorted(through)

    @property
    def held_bytes(self) -> int:
        """What the stream fills of its file, whose size is what it has filled at most."""
        with self._errors():
            return self._held()

    @property
    def is_nearly_full(self) -> bool:
        """Whether `trim` would drop frames before their time."""
        with self._errors():
            return self._excess() > 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _held(self) -> int:
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _excess(self) -> int:
        """Bytes beyond the part of the limit that read frames may fill."""
        if self._max_bytes is None:
            return 0
        return self._held() - int(self._max_bytes * _KEPT_SHARE)

    def _check_room(self, size: int) -> None:
        if self._max_bytes is None:
            return
        if size > self._max_bytes:
            raise UsageError(
                f"a put of {size:,} bytes, compressed, is more than stream.max_bytes allows the "
                f"whole stream ({self._max_bytes:,}); put fewer records at a time, or raise it"
            )
        held = self._held()
        if held + size > self._max_bytes and held > _EMPTY_BYTES:
            raise StreamFullError(self._path, held, self._max_bytes)

    def _measure(self, after: Position) -> Backlog:
        where, parameters = self._between(after)
        row = self._db.execute(
            "SELECT (SELECT sum(last_sequence) FROM shards),"
            " coalesce(sum(records), 0), coalesce(sum(raw_bytes), 0),"
            " coalesce(sum(stored_bytes), 0), min(arrived_at_us)"
            f" FROM frames NOT INDEXED WHERE {where}",
            parameters,
        ).fetchone()
        return Backlog(*row)

    def _create_shards(self, names: Iterable[str]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO shards (shard_id) VALUES (?)", [(name,) for name in names]
        )

    def _by_shard(self, payloads: Sequence[bytes]) -> list[tuple[str, Sequence[bytes]]]:
        """Spread records over the shards by their bytes: a retry lands where the first try did."""
        if len(self._shards) == 1:
            return [(self._shards[0], payloads)]
        spread: dict[str, list[bytes]] = {shard: [] for shard in self._shards}
        for payload in payloads:
            spread[self._shards[zlib.crc32(payload) % len(self._shards)]].append(payload)
        return [(shard, records) for shard, records in spread.items() if records]

    def _next_instant(self) -> int:
        """Now, but later than every earlier put: the clock may be set back, the order may not."""
        last: int = self._db.execute("SELECT max(last_arrived_at_us) FROM shards").fetchone()[0]
        return max(self._clock(), last + 1)

    def _ends(self) -> dict[str, int]:
        """Shard → the last sequence number given out."""
        return dict(self._db.execute("SELECT shard_id, last_sequence FROM shards"))

    def _between(
        self, after: Position, through: Position | None = None
    ) -> tuple[str, list[str | int]]:
        """Make the WHERE clause for the frames after a position, or up to another as well.

        The first and the last such frame of each shard are looked up by index, so that the scan,
        which runs in stream order, walks neither over what has been read nor beyond what is asked.
        """
        edge = (
            "SELECT frame_id FROM frames"
            " WHERE shard_id = ? AND first_sequence > ? AND first_sequence <= ?"
            " ORDER BY first_sequence {} LIMIT 1"
        )
        bounds = [
            (shard, int(after.get(shard, 0)), end if through is None else int(through[shard]))
            for shard, end in self._ends().items()
            if through is None or shard in through
        ]
        first, last = (
            [row[0] for bound in bounds for row in self._db.execute(edge.format(way), bound)]
            for way in ("ASC", "DESC")
        )
        if not first:
            return "false", []
        clause = " OR ".join(
            ["(shard_id = ? AND first_sequence > ? AND first_sequence <= ?)"] * len(bounds)
        )
        return f"frame_id BETWEEN ? AND ? AND ({clause})", [
            min(first),
            max(last),
            *(value for bound in bounds for value in bound),
        ]

    def _check_end(self, expected: dict[str, int], ends: dict[str, int]) -> None:
        """Notice a reader that is ahead of the stream: its file has been replaced."""
        for shard_id, first in expected.items():
            if first > ends.get(shard_id, 0) + 1:
                raise CorruptDataError(
                    f"{self._path} ends at record {ends.get(shard_id, 0):,} of {shard_id}, but "
                    f"{first - 1:,} have been read from it: it is not the file that it was; "
                    f"{self._cure}"
                )

    def _check_mark(self) -> None:
        """Notice that records are gone which a put has promised to keep."""
        mark = read_mark(self._path)  # before the ends are: other processes are putting
        ends = self._ends()
        lost = {shard: last for shard, last in mark.items() if last > ends.get(shard, 0)}
        for shard, last in lost.items():
            keep_log(self._path)
            raise CorruptDataError(
                f"{self._path} ends at record {ends.get(shard, 0):,} of {shard}, but {last:,} were "
                f"durable: the end of {self._path.name}-wal is damaged, or the file is an older "
                f"copy; {self._cure}"
            )

    def _add_checksums(self) -> None:
        """Let a stream of an earlier version take checksums; what it holds stays without."""
        if self._has_checksums():
            return
        with self._transaction():
            if not self._has_checksums():  # another process may have been faster
                self._db.execute("ALTER TABLE frames ADD COLUMN checksum INTEGER")

    def _has_checksums(self) -> bool:
        return "checksum" in {row[1] for row in self._db.execute("PRAGMA table_info(frames)")}

    def _altered(self, shard_id: str, first: int) -> CorruptDataError:
        return CorruptDataError(
            f"{self._path} is damaged: the frame of {shard_id} that begins with record {first:,} "
            f"is not as it was put; {self._cure}"
        )

    def _gap(self, shard_id: str, expected: int, found: int) -> CorruptDataError:
        return CorruptDataError(
            f"{self._path}: records {expected:,} to {found - 1:,} of {shard_id} are missing; "
            f"{self._cure}"
        )

    def _transaction(self, kind: str = "IMMEDIATE") -> AbstractContextManager[None]:
        return transaction(self._db, kind)

    def _errors(self) -> AbstractContextManager[None]:
        return translated_errors(
            self._path,
            what="a stream",
            cure=self._cure,
        )

    @property
    def _cure(self) -> str:
        root = shlex.quote(str(self._path.parent))
        return (
            "restore it from a copy, or make a new directory of all that is whole with "
            f"`airside backfill --source {root} --data-dir NEW`"
        )


def checksum(place: Sequence[str | int], data: bytes) -> int:
    """Over a row: SQLite has no checksums of its own, and zstd's do not cover what is around it.

    Args:
        place: Shard, first sequence number, records, arrival, raw bytes.
        data: The frame.
    """
    return zlib.crc32(data, zlib.crc32(" ".join(map(str, place)).encode()))


def is_whole(row: Sequence[Any]) -> bool:
    """Whether a row (shard, first, records, arrival, raw bytes, data, checksum) is as it was put.

    What an earlier version put has no checksum; there, zstd's has to do.
    """
    *place, data, given = row
    types_fit = all(type(number) is int for number in place[1:]) and isinstance(data, bytes)
    return types_fit and (given is None or given == checksum(place, data))


def _chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut records into frames of bounded size."""
    start = size = 0
    for index, record in enumerate(records):
        if index > start and (index - start >= _FRAME_RECORDS or size + len(record) > _FRAME_BYTES):
            yield records[start:index]
            start, size = index, 0
        size += len(record) + 1
    yield records[start:]
