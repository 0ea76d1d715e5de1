"""Makes a new data directory out of an archive, wherever that is.

`restore` takes the archive of another directory, of a lake, or of Firehose along. `resume` is for
a directory whose lake outlives it, as a container's does: it is made anew from its own lake's
archive before the stages start, and goes on where that ends.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from airside import silver
from airside.bronze import (
    BRONZE,
    FOLDER,
    Archive,
    Archiver,
    ArchiveReader,
    Floor,
    firehose_files,
    floor_name,
    import_firehose,
    read_floor,
)
from airside.bronze.archive import DATA_SUFFIX
from airside.bronze.index import Contents, Totals
from airside.errors import CorruptDataError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake, LocalLake
from airside.ledger import Ledger
from airside.runtime.accounting import note_lost_beyond, note_lost_inside, note_removed
from airside.runtime.backfill import Progress, transform_archive
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import ZONES, lake_named, settle_lake
from airside.runtime.mending import Mender, open_source
from airside.runtime.wiring import open_ledger
from airside.settings import Settings
from airside.stream import EmbeddedStream, Position
from airside.stream.embedded import WIDTH
from airside.stream.mark import mark_of
from airside.stream.salvage import SalvagedStream

Warn = Callable[[str], None]
"""Told a sentence for people."""
Meanwhile = Callable[[], AbstractContextManager[None]]
"""Gives what is to be done while a directory is made."""
SET_ASIDE = "set-aside"
"""Where files of a lake go that its archive does not account for."""
_RESTORE = "restore"
_A_NEW_ONE = "name a new, empty directory with --data-dir"
_NAMED_HOLES = 5
_TELL_RECORDS = 1_000_000
_SURE_HOURS = 24.0
"""What Kinesis keeps at least; the notes that would tell a gap are lost with the directory."""


def restore(
    source: str, target: DataDir, settings: Settings, progress: Progress, warn: Warn
) -> int:
    """Make a new data directory out of an archive.

    The archive is copied into the new directory's lake, with what waits on the other's stream for
    it; the new stream goes on where it ends, and silver and gold are built from it: the rows equal
    those of the directory it came from, and a pipeline can run on from there. One that was cut off
    is taken up again.

    Args:
        source: A data directory, a lake with an archive, or a folder or prefix below which
            Firehose has written.
        target: A new or empty directory.
        settings: Of the new directory.
        progress: Told of the records.
        warn: Told what could not be taken along.

    Returns:
        How many records the archive holds.

    Raises:
        UsageError: There is no archive, the target holds records of its own, or it is being made
            from another source.
        CorruptDataError: The archive is damaged; says where.
    """
    given, origin = lake_named(source)
    found = Archive(given, FLIGHT_EVENTS)
    archived = any(DATA_SUFFIX in name for name in given.names(found.root))
    deliveries = [] if archived else firehose_files(given)
    waiting = origin.stream if origin and _was_there(origin.stream) else None
    if not archived and not deliveries and waiting is None:
        raise UsageError(
            f"there is no archive in {found.where}, and nothing of Firehose's below "
            f"{given.where()}; name a data directory, the folder above its `bronze`, or the prefix "
            "that Firehose writes to"
        )
    target.open()
    with target.owned(), ExitStack() as stack:
        lake = settle_lake(target, settings)
        lake.sweep(*ZONES)
        target.feed_from(settings.stream.url or (origin.marked_stream_url if origin else None))
        archive = Archive(lake, FLIGHT_EVENTS)
        if target.stream_url is None:  # where there is anything, there is a stream
            _embedded(target, settings).close()
        ledger = stack.enter_context(closing(open_ledger(target, settings, wall_clock)))
        is_filled = _is_filled(target, settings, ledger)
        noted = ledger.position(_RESTORE)
        if "done" in noted or (is_filled and not noted):
            raise UsageError(f"{target.root} holds records of its own; {_A_NEW_ONE}")
        _refuse_another(given, lake, noted, target)
        if lake.url != given.url:
            if not noted and lake.names(archive.root):
                raise UsageError(
                    f"{archive.where} holds an archive already; name an empty lake with --lake"
                )
            ledger.note(_RESTORE, {"source": given.url})
            if not is_filled and not ledger.position(BRONZE):
                if archived:
                    _copy(found, lake)
                else:
                    for name in lake.names(archive.root):  # of one that was cut off
                        lake.delete(name)
                    import_firehose(given, deliveries, archive, warn)
        mender = Mender(archive, stack.enter_context(open_source(waiting)), warn)
        mender.mend({})
        if waiting is not None and not is_filled:
            reader = ArchiveReader(archive)
            _adopt(reader, reader.totals(), ledger)
            _archive_the_waiting(waiting, archive, ledger, warn)
        _tell_of_removed(read_floor(archive), warn)
        _make(target, settings, archive, ledger, progress=progress, contents=mender.read)
        return ledger.progress(BRONZE)[1].get("records", 0)


def resume(
    data_dir: DataDir,
    lake: Lake,
    settings: Settings,
    tell: Warn,
    stopping: Callable[[], bool],
    *,
    meanwhile: Meanwhile = nullcontext,
) -> None:
    """Make a directory that is new, but whose lake is not, what it was when the lake was written.

    Nothing happens to a directory that has run before, or whose lake is new too.

    Args:
        data_dir: Owned by this process; it has its stream.
        lake: The directory's, elsewhere.
        settings: Of the directory.
        tell: Told how it goes.
        stopping: Asked from time to time whether to stop.
        meanwhile: Gives what is done beside it.

    Raises:
        UsageError: A `backfill` into the directory was cut off.
        RetryableError: It was stopped; it goes on at the next start.
        CorruptDataError: The archive is damaged; says where.
    """
    archive = Archive(lake, FLIGHT_EVENTS)
    with closing(open_ledger(data_dir, settings, wall_clock)) as ledger:
        noted = ledger.position(_RESTORE)
        is_new = not data_dir.warehouse.exists() and not ledger.position(BRONZE)
        if "done" in noted or not (noted or is_new):
            return
        if noted and "begun" not in noted:
            raise UsageError(
                f"`airside backfill --source {noted['source']} --data-dir {data_dir.root}` was cut "
                "off; run it again first"
            )
        reader = ArchiveReader(archive)
        if not reader.files:
            return
        totals = reader.totals()
        records = totals.records
        tell(f"Rebuilding {data_dir.root} from {records:,} records in {archive.where}.")
        done = told = 0

        def progress(count: int) -> None:
            nonlocal done, told
            done += count
            if done - told >= _TELL_RECORDS:
                told = done
                tell(f"{done:,} of {records:,} records read again.")

        _tell_of_removed(reader.floor, tell)
        with meanwhile():
            _make(data_dir, settings, archive, ledger, progress=progress, stopping=stopping)
        tell(f"Rebuilt {data_dir.root}; it goes on where the archive ends.")
        hours = (wall_clock() - totals.last_arrived_at_us) / 3.6e9
        if data_dir.stream_url is not None and hours > _SURE_HOURS:
            tell(
                f"The archive ends {hours:,.0f} hours ago. If records have arrived since, and the "
                "stream's retention is shorter than that, the oldest of them are no longer on it."
            )


def _make(
    target: DataDir,
    settings: Settings,
    archive: Archive,
    ledger: Ledger,
    *,
    progress: Progress,
    stopping: Callable[[], bool] = lambda: False,
    contents: Callable[[str], Contents] | None = None,
) -> None:
    """Make stream, ledger and warehouse out of the archive in the directory's own lake."""
    reader = ArchiveReader(archive)
    totals, end = reader.totals(), reader.end()
    ledger.note(_RESTORE, {"begun": "yes"})
    published = _published(archive.lake, end, ledger)
    _adopt(reader, totals, ledger)
    if target.stream_url is None:  # Kinesis itself goes on where the archive ends
        with closing(_embedded(target, settings)) as stream:
            if not stream.backlog({}).received:
                stream.restore(end, totals.last_arrived_at_us)
    if all(len(last) == WIDTH for last in end.values()):
        # An embedded stream leaves no number out: what has one, and no record, was lost, whether
        # just now or in a directory before.
        numbers = sum(map(int, end.values()))
        note_lost_inside(ledger, numbers - totals.records - reader.floor.records)
    transform_archive(
        archive,
        lake=archive.lake,
        ledger=ledger,
        target=target,
        settings=settings,
        progress=progress,
        published=published,
        stopping=stopping,
        contents=contents,
    )
    ledger.note(_RESTORE, {"done": "yes"})


def _refuse_another(given: Lake, lake: Lake, noted: Mapping[str, str], target: DataDir) -> None:
    """Go on with what was cut off only from where it began: two archives do not make one."""
    begun_from = noted.get("source", lake.url)
    if noted and begun_from != given.url:
        raise UsageError(
            f"{target.root} is being made from {begun_from}, not from {given.url}; run that again, "
            f"which goes on where it was cut off, or {_A_NEW_ONE}"
        )


def _tell_of_removed(removed: Floor, tell: Warn) -> None:
    if not removed.records:
        return
    until = datetime.fromtimestamp(removed.last_arrived_at_us / 1e6, tz=UTC)
    tell(
        f"Retention has removed {removed.records:,} records from the archive, all that had arrived "
        f"by {until:%Y-%m-%d %H:%M} UTC; they are not in what is made of it."
    )


def _published(lake: Lake, end: Position, ledger: Ledger) -> dict[str, Position]:
    """Zone → through where the lake has each shard's rows; what lies beyond is set aside first.

    It is written down before anything is moved, since what is moved cannot be asked again.
    """
    roots = {zone: f"{zone}/{FLIGHT_EVENTS.name}" for zone in silver.ZONES}
    if "measured" not in ledger.position(_RESTORE):
        cuts = {
            f"{zone}:{shard}": cut
            for zone, root in roots.items()
            for shard, cut in silver.trusted(lake, root, end).items()
        }
        ledger.note(_RESTORE, {**cuts, "measured": "yes"})
    noted = ledger.position(_RESTORE)
    published: dict[str, Position] = {
        zone: {
            key.removeprefix(f"{zone}:"): cut
            for key, cut in noted.items()
            if key.startswith(f"{zone}:")
        }
        for zone in roots
    }
    if "set aside" not in noted:
        for zone, root in roots.items():
            for name in silver.beyond(lake, root, published[zone]):
                with lake.local(name) as source, lake.publish(f"{SET_ASIDE}/{name}") as path:
                    shutil.copyfile(source, path)
                lake.delete(name)
        ledger.note(_RESTORE, {"set aside": "yes"})
    return published


def _is_filled(target: DataDir, settings: Settings, ledger: Ledger) -> bool:
    """Whether a directory has records: on its own stream, or in an archive of Kinesis."""
    if target.stream_url is not None:
        return bool(ledger.position(BRONZE))
    with closing(_embedded(target, settings)) as stream:
        return bool(stream.backlog({}).received)


def _embedded(data_dir: DataDir, settings: Settings) -> EmbeddedStream:
    return EmbeddedStream(data_dir.stream, clock=wall_clock, shards=settings.stream.shards)


def _copy(source: Archive, lake: Lake) -> None:
    """Copy the archive; where the file system allows it, as links to the same immutable files.

    A pipeline that runs on the source may merge or remove files meanwhile; then what is there
    instead is copied too, and readers pass over the parts. Where it begins comes last: it cannot be
    further on then than the files.
    """
    present = set(lake.names(BRONZE))
    while names := [name for name in _of_archive(source) if name not in present]:
        for name in names:
            try:
                _copy_file(source.lake, lake, name)
            except CorruptDataError:
                if name in _of_archive(source):
                    raise
            present.add(name)
    if floor_name(source) in source.lake.names(FOLDER):
        _copy_file(source.lake, lake, floor_name(source))


def _of_archive(archive: Archive) -> list[str]:
    """Its files and their indexes; an index before its file."""
    names = [name for name in archive.lake.names(archive.root) if DATA_SUFFIX in name]
    return sorted(names, key=lambda name: name.endswith(DATA_SUFFIX))


def _copy_file(source: Lake, lake: Lake, name: str) -> None:
    with source.local(name) as original, lake.publish(name) as path:
        if isinstance(source, LocalLake):
            _link(original, path)
        else:
            shutil.copyfile(original, path)


def _link(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)


def _adopt(reader: ArchiveReader, totals: Totals, ledger: Ledger) -> None:
    """Let the ledger know of the archive, as if it had seen it grow."""
    if ledger.position(BRONZE) or not reader.files:
        return
    end, removed = reader.end(), reader.floor
    note_removed(ledger, removed.records, is_rebuilt=True)
    attempt_id = ledger.begin(BRONZE, {"after": {}, "through": end})
    counts = {
        "records": totals.records + removed.records,
        "files": len(reader.files) + removed.files,
        "stored_bytes": totals.stored_bytes + removed.stored_bytes,
    }
    ledger.succeed(attempt_id, counts, end)


def _was_there(stream: Path) -> bool:
    return stream.exists() or mark_of(stream).exists()


def _archive_the_waiting(path: Path, archive: Archive, ledger: Ledger, warn: Warn) -> None:
    """Archive what another directory's stream holds beyond the archive: all of it that is whole."""
    if not path.exists():
        warn(f"{path} is missing. {_salvage(path, archive, ledger)}")
        return
    try:
        with closing(EmbeddedStream(path, clock=wall_clock)) as stream:
            Archiver(stream, archive, ledger, clock=wall_clock).run_once(flush=True)
    except CorruptDataError as error:
        seen, _, _ = str(error).rpartition("; ")
        warn(f"{seen}. {_salvage(path, archive, ledger)}")


def _salvage(path: Path, archive: Archive, ledger: Ledger) -> str:
    """Archive what is whole of a damaged stream; says what could not be taken."""
    with closing(SalvagedStream(path, ledger.position(BRONZE))) as stream:
        Archiver(stream, archive, ledger, clock=wall_clock).run_once(flush=True)
        holes = stream.holes
    if not holes:
        return "Behind the archive, no record is known to be lost."
    end = ledger.position(BRONZE)
    note_lost_beyond(ledger, [h for h in holes if h.first > int(end.get(h.shard_id, 0))])
    records = sum(hole.records for hole in holes)
    named = ", ".join(str(hole) for hole in holes[:_NAMED_HOLES])
    more = f" and {len(holes) - _NAMED_HOLES:,} more gaps" if len(holes) > _NAMED_HOLES else ""
    return (
        f"{records:,} of its records are lost, which were not archived yet: {named}{more}. All "
        "that is whole has been taken, and the account says what is lost."
    )
