"""Rebuilds silver and gold from the archive.

`restore` makes a new data directory out of another's archive; `rebuild` makes a directory's own
lake and warehouse anew, for instance after the rules have changed.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from airside.bronze import BRONZE, Archive, Archiver, ArchiveReader
from airside.errors import CorruptDataError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.gold import export
from airside.lake import LocalLake
from airside.ledger import Ledger
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.streams import open_for_consuming
from airside.runtime.wiring import make_gold, make_silver, open_ledger, open_warehouse
from airside.settings import Settings
from airside.stream import EmbeddedStream, Position, SequenceRange

REBUILD = "rebuild"
"""Where silver and gold are built anew, inside the data directory."""
Progress = Callable[[int], None]
"""Told how many records were just done."""
Warn = Callable[[str], None]
"""Told a sentence for people."""
_RESTORE = "restore"


def restore(
    source: Path, target: DataDir, settings: Settings, progress: Progress, warn: Warn
) -> int:
    """Make a new data directory out of the archive of another.

    The archive is copied, with what waits on the other's stream for it; the new stream goes on
    where it ends, and silver and gold are built from it: the rows equal those of the directory it
    came from, and a pipeline can run on from there. One that was cut off is taken up again. An
    archive of Kinesis is gone on with from Kinesis itself, which is not asked meanwhile.

    Args:
        source: A data directory, or any folder that holds its `bronze/`.
        target: A new or empty directory.
        settings: Of the new directory.
        progress: Told of the records.
        warn: Told what could not be taken along.

    Returns:
        How many records the archive holds.

    Raises:
        UsageError: There is no archive, or the target holds records of its own.
        CorruptDataError: The archive is damaged; says where.
    """
    root = Archive(LocalLake(source), FLIGHT_EVENTS).root
    names = LocalLake(source).names(root)
    origin = DataDir(source)
    if not names and not origin.stream.exists():
        raise UsageError(
            f"there is no archive in {source / root}; name a data directory, or the folder above "
            "its `bronze`"
        )
    target.open()
    with target.owned(), ExitStack() as stack:
        lake = LocalLake(target.root)
        lake.sweep()
        target.feed_from(settings.stream.url or origin.marked_stream_url)
        stream = _embedded(target, settings)
        if stream is not None:
            stack.callback(stream.close)
        ledger = open_ledger(target, settings, wall_clock)
        stack.callback(ledger.close)
        archive = Archive(lake, FLIGHT_EVENTS)
        position = ledger.position(BRONZE)
        is_filled = bool(position) if stream is None else bool(stream.backlog({}).received)
        if is_filled and not ledger.position(_RESTORE):
            raise UsageError(
                f"{target.root} holds records of its own; name a new directory with --data-dir"
            )
        ledger.note(_RESTORE, {"source": str(source.resolve())})
        if not is_filled:
            if not position:
                _copy(source, lake, names)
                _adopt(ArchiveReader(archive), ledger)
            if stream is not None:
                _archive_the_waiting(origin.stream, archive, ledger, warn)
                reader = ArchiveReader(archive)
                stream.restore(reader.end(), _Sums.of(reader).last_arrived_at_us)
        _transform(
            archive, lake=lake, ledger=ledger, target=target, settings=settings, progress=progress
        )
        return ledger.progress(BRONZE)[1].get("records", 0)


def _embedded(target: DataDir, settings: Settings) -> EmbeddedStream | None:
    """The embedded stream of a new directory; None where it is fed from elsewhere."""
    if target.stream_url is not None:
        return None
    return EmbeddedStream(target.stream, clock=wall_clock, shards=settings.stream.shards)


def rebuild(data_dir: DataDir, settings: Settings, progress: Progress) -> int:
    """Make a directory's silver and gold anew from its own archive.

    They are built beside the old ones and put in their place when they are whole; until then the
    old ones stay as they are.

    Returns:
        How many records were read.

    Raises:
        RetryableError: A pipeline runs on the directory.
        CorruptDataError: The archive is damaged; says where.
    """
    data_dir.check()
    with data_dir.owned():
        lake = LocalLake(data_dir.root)
        lake.sweep()
        archive = Archive(lake, FLIGHT_EVENTS)
        _archive_the_rest(data_dir, archive, settings)
        beside = DataDir(data_dir.root / REBUILD)
        shutil.rmtree(beside.root, ignore_errors=True)
        beside.root.mkdir()
        scratch = open_ledger(beside, settings, wall_clock)
        try:
            done = _transform(
                archive,
                lake=LocalLake(beside.root),
                ledger=scratch,
                target=beside,
                settings=settings,
                progress=progress,
            )
        finally:
            scratch.close()
        _put_in_place(data_dir, beside)
        return done


def _archive_the_rest(data_dir: DataDir, archive: Archive, settings: Settings) -> None:
    """Let the archive hold all that the stream has."""
    with ExitStack() as stack:
        try:
            ledger = open_ledger(data_dir, settings, wall_clock)
            stack.callback(ledger.close)
            stream = open_for_consuming(data_dir, settings, wall_clock, BRONZE, ledger)
            stack.callback(stream.close)
            Archiver(stream, archive, ledger, clock=wall_clock).run_once(flush=True)
            position = ledger.position(BRONZE)
        except CorruptDataError as error:
            seen, _, _ = str(error).rpartition("; ")
            raise CorruptDataError(
                f"{seen}; restore it from a copy, or make a new directory of what the archive has "
                f"with `airside backfill --source {data_dir.root} --data-dir NEW`"
            ) from error
    end = ArchiveReader(archive).end()
    for shard, last in position.items():
        if end.get(shard, "") < last:
            raise CorruptDataError(
                f"the archive of {shard} in {data_dir.root / archive.root} has reached {last}, but "
                f"its files end at {end.get(shard) or 'nothing'}; restore bronze/ from a copy"
            )


def _put_in_place(data_dir: DataDir, beside: DataDir) -> None:
    """Swap the old silver and gold for the new, by renaming alone.

    What a crash in between leaves behind is found by `airside doctor`; doing it again mends it.
    """
    for part in ("silver", "gold"):
        if (data_dir.root / part).exists():
            (data_dir.root / part).replace(beside.root / f"old-{part}")
        if (beside.root / part).exists():
            (beside.root / part).replace(data_dir.root / part)
    data_dir.warehouse.with_name(data_dir.warehouse.name + ".wal").unlink(missing_ok=True)
    beside.warehouse.replace(data_dir.warehouse)
    shutil.rmtree(beside.root)


def _copy(source: Path, lake: LocalLake, names: list[str]) -> None:
    """Copy the archive; where the file system allows it, as links to the same immutable files."""
    present = set(lake.names("bronze"))
    for name in names:
        if name not in present:
            with lake.publish(name) as path:
                try:
                    os.link(source / name, path)
                except OSError:
                    shutil.copyfile(source / name, path)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What an archive holds."""

    records: int
    stored_bytes: int
    last_arrived_at_us: int

    @classmethod
    def of(cls, reader: ArchiveReader) -> "_Sums":
        records = stored = last_us = 0
        at: Position = {}
        while frames := reader.read(at, max_records=100_000, max_bytes=64 * 1024 * 1024):
            at = SequenceRange.of(at, frames).through
            records += sum(frame.records for frame in frames)
            stored += sum(len(frame.data) for frame in frames)
            last_us = max(last_us, *(frame.runs[-1].arrived_at_us for frame in frames))
        return cls(records, stored, last_us)


def _adopt(reader: ArchiveReader, ledger: Ledger) -> None:
    """Let the ledger know of the archive, as if it had seen it grow."""
    sums, end = _Sums.of(reader), reader.end()
    if not sums.records:
        return
    attempt_id = ledger.begin(BRONZE, {"after": {}, "through": end})
    counts = {
        "records": sums.records,
        "files": len(reader.files),
        "stored_bytes": sums.stored_bytes,
    }
    ledger.succeed(attempt_id, counts, end)


def _archive_the_waiting(path: Path, archive: Archive, ledger: Ledger, warn: Warn) -> None:
    """Archive what another directory's stream holds beyond the archive, where it can be read."""
    if not path.exists():
        return
    try:
        stream = EmbeddedStream(path, clock=wall_clock)
        try:
            Archiver(stream, archive, ledger, clock=wall_clock).run_once(flush=True)
        finally:
            stream.close()
    except CorruptDataError as error:
        warn(f"{error}. What it had not given to the archive is left out.")


def _transform(
    archive: Archive,
    *,
    lake: LocalLake,
    ledger: Ledger,
    target: DataDir,
    settings: Settings,
    progress: Progress,
) -> int:
    """Run silver over the archive and gold over silver; returns the records read."""
    warehouse = open_warehouse(target, settings, wall_clock)
    try:
        silver = make_silver(ArchiveReader(archive), lake, ledger, warehouse, settings)
        total = 0
        while done := silver.run_once():
            total += done
            progress(done)
        if warehouse.checkpoint() != ArchiveReader(archive).end():
            raise CorruptDataError(
                f"the archive in {archive.root} ends at {ArchiveReader(archive).end()}, but only "
                f"{warehouse.checkpoint()} could be read; restore its files from a copy"
            )
        make_gold(target, settings).refresh()
        export(warehouse, lake.publish)
        return total
    finally:
        warehouse.close()
