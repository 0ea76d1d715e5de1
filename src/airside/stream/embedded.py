"""The stream on one machine: a SQLite database in WAL mode, one row per frame.

`synchronous=FULL` makes a put durable when it returns; other processes read while it goes on. All
shards share one file and one clock, so the order of rows is the stream order of the contract:
(`arrived_at`, `shard_id`, `sequence_number`).
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from airside.errors import CorruptDataError, RetryableError, TerminalError
from airside.stream.frame import Frame, Run, pack
from airside.stream.position import Position
from airside.stream.protocol import MAX_RECORD_BYTES, Backlog, RecordTooLargeError

_WIDTH = 20  # digits of a sequence number: room for 64 bits
_FRAME_BYTES = 4 * 1024 * 1024
_FRAME_RECORDS = 5_000
_BUSY_SECONDS = 30.0

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
    UNIQUE (shard_id, first_sequence)
) STRICT;
"""


class EmbeddedStream:
    """See `Stream` for what each method promises.

    Args:
        path: The SQLite file; made when missing.
        clock: Microseconds since the Unix epoch, for `arrived_at`.
        shards: How many shards a new stream gets; an existing one keeps its own.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int], shards: int = 1) -> None:
        self._path = path
        self._clock = clock
        with self._errors():
            self._db = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA journal_size_limit = 67108864")
            self._db.executescript(_SCHEMA)
            if self._db.execute("SELECT count(*) FROM shards").fetchone()[0] == 0:
                self._create_shards(f"shard-{n:03}" for n in range(shards))
            self._shards: list[str] = [
                row[0] for row in self._db.execute("SELECT shard_id FROM shards ORDER BY shard_id")
            ]

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
            arrived_at_us = self._next_instant()
            last = dict(self._db.execute("SELECT shard_id, last_sequence FROM shards"))
            for shard_id, count, data, raw_bytes in packed:
                self._db.execute(
                    "INSERT INTO frames (shard_id, first_sequence, records, arrived_at_us,"
                    " raw_bytes, stored_bytes, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        shard_id,
                        last[shard_id] + 1,
                        count,
                        arrived_at_us,
                        raw_bytes,
                        len(data),
                        data,
                    ),
                )
                last[shard_id] += count
            self._db.executemany(
                "UPDATE shards SET last_sequence = ?, last_arrived_at_us = ? WHERE shard_id = ?",
                [(sequence, arrived_at_us, shard_id) for shard_id, sequence in last.items()],
            )

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
        expected = {shard: int(after.get(shard, 0)) + 1 for shard in self._shards}
        with self._errors():
            where, parameters = self._after(after)
            cursor = self._db.execute(
                "SELECT shard_id, first_sequence, records, arrived_at_us, raw_bytes, data"
                f" FROM frames WHERE {where} ORDER BY frame_id",
                parameters,
            )
            for shard_id, first, count, arrived_at_us, size, data in cursor:
                if through is not None:
                    if first > int(through.get(shard_id, 0)):
                        continue
                elif frames and (records + count > max_records or raw_bytes + size > max_bytes):
                    break
                if first != expected[shard_id]:
                    raise self._gap(shard_id, expected[shard_id], first)
                expected[shard_id] = first + count
                records += count
                raw_bytes += size
                run = Run(str(first).zfill(_WIDTH), count, arrived_at_us)
                frames.append(Frame(shard_id, (run,), data, size))
        for shard_id, last in (through or {}).items():
            if expected[shard_id] <= int(last):
                raise self._gap(shard_id, expected[shard_id], int(last) + 1)
        return frames

    def backlog(self, after: Position) -> Backlog:
        """Measure what lies after a position."""
        with self._errors():
            where, parameters = self._after(after)
            row = self._db.execute(
                "SELECT (SELECT sum(last_sequence) FROM shards),"
                " coalesce(sum(records), 0), coalesce(sum(raw_bytes), 0),"
                " coalesce(sum(stored_bytes), 0), min(arrived_at_us)"
                f" FROM frames WHERE {where}",
                parameters,
            ).fetchone()
        return Backlog(*row)

    def trim(self, through: Position, arrived_before_us: int) -> int:
        """Drop old frames that every consumer is done with; SQLite reuses their pages."""
        dropped = 0
        with self._errors(), self._transaction():
            for shard_id, last in through.items():
                condition = "shard_id = ? AND first_sequence <= ? AND arrived_at_us < ?"
                values = (shard_id, int(last), arrived_before_us)
                dropped += self._db.execute(
                    f"SELECT coalesce(sum(records), 0) FROM frames WHERE {condition}",
                    values,
                ).fetchone()[0]
                self._db.execute(f"DELETE FROM frames WHERE {condition}", values)
        return dropped

    def restore(self, through: Position, arrived_at_us: int) -> None:
        """Let an empty stream go on where an archive ends: the next record follows `through`.

        Raises:
            TerminalError: The stream has taken records already.
        """
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

    def close(self) -> None:
        """Close the file."""
        self._db.close()

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

    def _after(self, position: Position) -> tuple[str, list[str | int]]:
        """Make the WHERE clause for the frames after a position.

        The first such frame of each shard is looked up by index, so that the scan, which runs in
        stream order, never walks over what has been read.
        """
        first = (
            "SELECT frame_id FROM frames WHERE shard_id = ? AND first_sequence > ?"
            " ORDER BY first_sequence LIMIT 1"
        )
        pairs = [(shard, int(position.get(shard, 0))) for shard in self._shards]
        starts = [row[0] for pair in pairs for row in self._db.execute(first, pair)]
        clause = " OR ".join(["(shard_id = ? AND first_sequence > ?)"] * len(pairs))
        parameters = [value for pair in pairs for value in pair]
        return f"frame_id >= ? AND ({clause})", [min(starts, default=0), *parameters]

    def _gap(self, shard_id: str, expected: int, found: int) -> CorruptDataError:
        return CorruptDataError(
            f"{self._path}: records {expected:,} to {found - 1:,} of {shard_id} are missing; "
            "restore the file from a copy, or rebuild what the archive has with `airside backfill`"
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RetryableError(
                f"{self._path}: {error}; free disk space or check the permissions, then try again"
            ) from error
        except sqlite3.DatabaseError as error:
            raise CorruptDataError(
                f"{self._path}: {error}; restore the file from a copy, or rebuild what the archive "
                "has with `airside backfill`"
            ) from error


def _chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut records into frames of bounded size."""
    start = size = 0
    for index, record in enumerate(records):
        if index > start and (index - start >= _FRAME_RECORDS or size + len(record) > _FRAME_BYTES):
            yield records[start:index]
            start, size = index, 0
        size += len(record) + 1
    yield records[start:]
