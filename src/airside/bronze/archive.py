"""Cuts the stream into archive files."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from airside.bronze.index import INDEX_SUFFIX, Contents, decode, decode_index, encode_index, totals
from airside.errors import CorruptDataError
from airside.events import Feed
from airside.lake import Lake
from airside.ledger import Ledger
from airside.stream import (
    Backlog,
    Frame,
    Horizon,
    Position,
    RangeFile,
    SequenceRange,
    Waiting,
    files_by_shard,
    hour_folder,
    in_force,
)

BRONZE = "bronze"
DATA_SUFFIX = ".ndjson.zst"
_HOUR_US = 3_600_000_000
_READ_RAW_BYTES = 64 * 1024 * 1024
_READ_RECORDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Archive:
    """Where a feed's archive lies in a lake, and how its files are named."""

    lake: Lake
    feed: Feed

    @property
    def root(self) -> str:
        """The folder that holds the feed's archive."""
        return f"bronze/{self.feed.name}"

    @property
    def where(self) -> str:
        """The folder's whole address, for messages."""
        return self.lake.where(self.root)

    def name(self, frames: Sequence[Frame]) -> str:
        """Name a file by the hour in which its records arrived and the range that it holds."""
        first, last = frames[0], frames[-1]
        return RangeFile(
            hour_folder(self.root, first.first_arrived_at_us),
            first.shard_id,
            first.first_sequence_number,
            last.last_sequence_number,
            DATA_SUFFIX,
        ).name

    def write(self, contents: Contents) -> int:
        """Write one file with its index; returns the size of the file in bytes.

        The index goes first: where there is a file of records, its index is there too.
        """
        name = self.name(contents.frames)
        with self.lake.publish(name + INDEX_SUFFIX) as path:
            path.write_bytes(encode_index(contents))
        with self.lake.publish(name) as path, path.open("wb") as file:
            return sum(file.write(frame.data) for frame in contents.frames)

    def read(self, name: str) -> Contents:
        """Cut a file into its frames again.

        Raises:
            CorruptDataError: The file or its index is missing or damaged.
        """
        return self._named(
            name, decode(name, self.lake.read(name), self.lake.read(name + INDEX_SUFFIX))
        )

    def read_index(self, name: str) -> Contents:
        """Give a file's frames without their data, by its index alone.

        Raises:
            CorruptDataError: The index is missing or damaged.
        """
        return self._named(name, decode_index(name, self.lake.read(name + INDEX_SUFFIX)))

    def stored_bytes(self, name: str) -> int:
        """How large a file has to be, by its index alone.

        Raises:
            CorruptDataError: The index is missing or damaged.
        """
        return totals(name, self.lake.read(name + INDEX_SUFFIX)).stored_bytes

    def _named(self, name: str, contents: Contents) -> Contents:
        if self.name(contents.frames) != name:
            raise CorruptDataError(
                f"{name} is not under its own name: its index says {self.name(contents.frames)}; "
                "restore both from a copy of the archive"
            )
        return contents


class Source(Protocol):
    """What is archived: a stream, or what is left of one."""

    def read(
        self, after: Position, *, through: Position | None = None, max_records: int, max_bytes: int
    ) -> list[Frame]:
        """See `airside.stream.Stream.read`."""

    def backlog(self, after: Position) -> Backlog:
        """See `airside.stream.Stream.backlog`."""


class Archiver:
    """The consumer that archives: reads the stream, writes files, moves its own checkpoint.

    Args:
        stream: Read only by this consumer's own position.
        archive: Where files go.
        ledger: Holds the plans and the position.
        clock: Microseconds since the Unix epoch, to tell how long records have waited.
        monotonic: Seconds on a clock that never goes back, for where the other one was set back.
        cut_seconds: A file is cut when its oldest record has waited so long …
        cut_bytes: … or when it has reached this size, as stored.
    """

    def __init__(
        self,
        stream: Source,
        archive: Archive,
        ledger: Ledger,
        *,
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        cut_seconds: float = 60.0,
        cut_bytes: int = 5_000_000,
    ) -> None:
        self._stream = stream
        self._archive = archive
        self._ledger = ledger
        self._clock = clock
        self._waiting = Waiting(clock, monotonic)
        self._cut_seconds = cut_seconds
        self._cut_bytes = cut_bytes
        self._has_adopted = False

    def run_once(self, *, flush: bool = False) -> int:
        """Archive what is due, or all there is with `flush`; returns how many records.

        What a crash or an error cut off comes first, over exactly the same records. What arrives
        meanwhile is left to the next time.
        """
        if not self._has_adopted:
            adopt(self._archive, self._ledger)
            self._has_adopted = True
        done = self._redo()
        horizon: Horizon | None = None
        while True:
            position = self._ledger.position(BRONZE)
            backlog = self._stream.backlog(position)
            horizon = horizon or Horizon.of(backlog, self._clock())
            if horizon.is_reached(backlog) or not (flush or self._is_due(backlog)):
                return done
            frames = self._stream.read(
                position, max_records=_READ_RECORDS, max_bytes=_READ_RAW_BYTES
            )
            for shard_frames in _by_shard(frames):
                for file_frames in _cut(shard_frames, self._cut_bytes):
                    shard = file_frames[0].shard_id
                    after = {shard: position[shard]} if shard in position else {}
                    planned = SequenceRange.of(after, file_frames)
                    done += self._write(planned, file_frames)
                    position |= planned.through

    def _is_due(self, backlog: Backlog) -> bool:
        if backlog.oldest_arrived_at_us is None:
            return False
        waited = self._waiting.seconds(backlog.oldest_arrived_at_us)
        return backlog.stored_bytes >= self._cut_bytes or waited >= self._cut_seconds

    def _redo(self) -> int:
        pending = self._ledger.pending(BRONZE)
        if pending is None:
            return 0
        planned = SequenceRange(pending.plan["after"], pending.plan["through"])
        frames = self._stream.read(
            planned.after, through=planned.through, max_records=0, max_bytes=0
        )
        return self._write(planned, frames)

    def _write(self, planned: SequenceRange, frames: Sequence[Frame]) -> int:
        attempt_id = self._ledger.begin(
            BRONZE, {"after": planned.after, "through": planned.through}
        )
        try:
            after = planned.after.get(frames[0].shard_id, "")
            size = self._archive.write(Contents(after, list(frames)))
        except Exception as error:
            self._ledger.fail(attempt_id, str(error))
            raise
        records = sum(frame.records for frame in frames)
        counts = {"records": records, "files": 1, "stored_bytes": size}
        self._ledger.succeed(attempt_id, counts, planned.through)
        return records


def adopt(archive: Archive, ledger: Ledger) -> None:
    """Let the ledger know of files that it has forgotten.

    A ledger whose log has lost its end, or that is an older copy, stands before files that are
    there. Their records must not be archived again, in files that are cut elsewhere and overlap.
    """
    position = ledger.position(BRONZE)
    names = archive.lake.names(archive.root, DATA_SUFFIX)
    files, _ = in_force(RangeFile.parse(name, DATA_SUFFIX) for name in names)
    for shard_id, group in files_by_shard(files).items():
        for file in group:
            reached = position.get(shard_id, "")
            if file.last <= reached:
                continue
            contents = archive.read_index(file.name)
            if contents.after > reached:
                break  # records between them are missing: whoever reads the archive says so
            frames = [frame for frame in contents.frames if frame.first_sequence_number > reached]
            follows = contents.after == reached
            through = {shard_id: file.last}
            after = {shard_id: reached} if reached else {}
            attempt_id = ledger.begin(BRONZE, {"after": after, "through": through})
            ledger.succeed(
                attempt_id,
                {
                    "records": sum(frame.records for frame in frames),
                    "files": int(follows),
                    "stored_bytes": archive.lake.size(file.name) if follows else 0,
                },
                through,
            )
            position |= through


def _by_shard(frames: Sequence[Frame]) -> list[list[Frame]]:
    shards: dict[str, list[Frame]] = {}
    for frame in frames:
        shards.setdefault(frame.shard_id, []).append(frame)
    return list(shards.values())


def _cut(frames: Sequence[Frame], cut_bytes: int) -> list[list[Frame]]:
    """Cut one shard's frames at the size limit and where an hour of arrival ends."""
    files: list[list[Frame]] = []
    size = 0
    for frame in frames:
        hour = frame.first_arrived_at_us // _HOUR_US
        if (
            not files
            or size + len(frame.data) > cut_bytes
            or files[-1][0].first_arrived_at_us // _HOUR_US != hour
        ):
            files.append([])
            size = 0
        files[-1].append(frame)
        size += len(frame.data)
    return files
