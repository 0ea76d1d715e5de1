"""Makes silver and gold anew from a directory's own archive, as after the rules have changed."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType

from airside.bronze import BRONZE, Archive, Archiver, ArchiveReader, read_floor
from airside.bronze.index import Contents
from airside.errors import CorruptDataError, RetryableError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.gold import export
from airside.lake import Lake, LocalLake
from airside.ledger import Ledger
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.lake_owner import take
from airside.runtime.lakes import ZONES, is_elsewhere, lake_of
from airside.runtime.mending import Mender, open_source
from airside.runtime.quarantine import replayed_reasons
from airside.runtime.streams import open_for_consuming
from airside.runtime.wiring import make_gold, make_silver, open_ledger, open_warehouse
from airside.settings import Settings
from airside.stream import Position

REBUILD = "rebuild"
"""Where silver and gold are built anew, inside the data directory."""
Progress = Callable[[int], None]
"""Told how many records were just done."""
_MADE = ("silver", "quarantine", "gold")
"""The zones that are made out of the archive."""


def rebuild(
    data_dir: DataDir,
    settings: Settings,
    progress: Progress,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Make a directory's silver and gold anew from its own archive.

    They are built beside the old ones and put in their place when they are whole; until then the
    old ones stay as they are.

    Args:
        data_dir: Whose.
        settings: How the stages work.
        progress: Told of the records.
        tell: Told what cannot be as somebody may expect it.

    Returns:
        How many records were read.

    Raises:
        RetryableError: A pipeline runs on the directory.
        UsageError: Retention has removed records from the archive.
        TerminalError: Another directory has taken the lake over.
        CorruptDataError: The archive is damaged; says where.
    """
    data_dir.upgrade()
    data_dir.check()
    with data_dir.owned(), ExitStack() as stack:
        lake = _own_lake(data_dir, settings)
        lake.sweep(*ZONES)
        archive = Archive(lake, FLIGHT_EVENTS)
        _refuse_to_forget(data_dir, archive)
        source = stack.enter_context(open_source(data_dir.stream))
        mender = Mender(archive, source, tell)
        _archive_the_rest(data_dir, archive, settings, mender)
        _warn_of_replays(data_dir, settings, tell)
        beside = DataDir(data_dir.root / REBUILD)
        shutil.rmtree(beside.root, ignore_errors=True)
        beside.root.mkdir()
        scratch = open_ledger(beside, settings, wall_clock)
        try:
            done = transform_archive(
                archive,
                lake=LocalLake(beside.root),
                ledger=scratch,
                target=beside,
                settings=settings,
                progress=progress,
                contents=mender.read,
            )
        finally:
            scratch.close()
        _refuse_an_open_log(beside)
        if is_elsewhere(data_dir):
            _put_files_in_place(lake, LocalLake(beside.root))
        _put_in_place(data_dir, beside)
        return done


def _own_lake(data_dir: DataDir, settings: Settings) -> Lake:
    """The directory's lake, which must be its own still: its files are about to be exchanged."""
    lake = lake_of(data_dir)
    if not is_elsewhere(data_dir):
        return lake
    with closing(open_ledger(data_dir, settings, wall_clock)) as ledger:
        return take(lake, ledger)


def transform_archive(
    archive: Archive,
    *,
    lake: Lake,
    ledger: Ledger,
    target: DataDir,
    settings: Settings,
    progress: Progress,
    published: Mapping[str, Position] = MappingProxyType({}),
    stopping: Callable[[], bool] = lambda: False,
    contents: Callable[[str], Contents] | None = None,
) -> int:
    """Run silver over an archive and gold over silver.

    Args:
        archive: What is read, from where the target's warehouse stands.
        lake: Takes what is made.
        ledger: Holds the plans.
        target: Whose warehouse is loaded.
        settings: How the stages work.
        progress: Told of the records.
        published: Zone → through where the lake has each shard's rows already.
        stopping: Asked between two batches whether to stop.
        contents: Gives a file's frames by its name, instead of the archive.

    Returns:
        The records read.

    Raises:
        RetryableError: It was stopped before the end.
        CorruptDataError: The archive is damaged; says where.
    """
    warehouse = open_warehouse(target, settings, wall_clock)
    try:
        reader = ArchiveReader(archive, contents)
        silver = make_silver(reader, lake, ledger, warehouse, settings, published=published)
        total = 0
        while done := silver.run_once():
            total += done
            progress(done)
            if stopping():
                raise RetryableError(
                    f"stopped before {target.root} was rebuilt from {archive.where}; start again, "
                    "and it goes on"
                )
        if warehouse.checkpoint() != reader.end():
            raise CorruptDataError(
                f"the archive in {archive.where} ends at {reader.end()}, but only "
                f"{warehouse.checkpoint()} could be read; restore its files from a copy"
            )
        make_gold(target, settings).refresh()
        export(warehouse, lake)
        return total
    finally:
        warehouse.close()


def _refuse_to_forget(data_dir: DataDir, archive: Archive) -> None:
    """Gold may hold what the archive has no more: that is not thrown away unasked."""
    removed = read_floor(archive).records
    if removed:
        raise UsageError(
            f"retention has removed {removed:,} records from the archive in {archive.where}, so "
            "silver and gold made anew would not hold them any more; to make a new directory of "
            f"what is left, run `airside backfill --source {data_dir.root} --data-dir NEW`"
        )


def _warn_of_replays(data_dir: DataDir, settings: Settings, tell: Callable[[str], None]) -> None:
    """Say that what was put again may pass in both places of the archive."""
    with closing(open_ledger(data_dir, settings, wall_clock)) as ledger:
        reasons = replayed_reasons(ledger)
    if reasons:
        hours = settings.silver.dedupe_horizon_hours
        tell(
            f"refused records were put again by `airside quarantine replay` ({', '.join(reasons)});"
            f" where one passes in its first place too, more than {hours:g} hours earlier, its "
            "event counts twice: if that may be, run it again with a longer "
            "silver.dedupe_horizon_hours, and silver.dedupe_max_ids to match"
        )


def _archive_the_rest(
    data_dir: DataDir, archive: Archive, settings: Settings, mender: Mender
) -> None:
    """Let the archive hold all that the stream has, and mend what of it can be mended."""
    with ExitStack() as stack:
        try:
            ledger = open_ledger(data_dir, settings, wall_clock)
            stack.callback(ledger.close)
            mender.mend(ledger.position(BRONZE))
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
                f"the archive of {shard} in {archive.where} has reached {last}, but its files end "
                f"at {end.get(shard) or 'nothing'}; restore them from a copy"
            )


def _refuse_an_open_log(made: DataDir) -> None:
    """DuckDB says nothing where it cannot merge its log at the end, and the file lacks those rows.

    Raises:
        RetryableError: It could not.
    """
    log = _log(made)
    if log.exists():
        raise RetryableError(
            f"{log}: {log.stat().st_size:,} bytes could not be merged into the warehouse that was "
            "built anew; free disk space, then run it again: what was there before has stayed"
        )


def _log(data_dir: DataDir) -> Path:
    return data_dir.warehouse.with_name(data_dir.warehouse.name + ".wal")


def _put_files_in_place(lake: Lake, made: Lake) -> None:
    """Exchange the files of a lake elsewhere: the old ones go first, so that none overlap.

    Until it is done, whoever reads the lake misses rows; doing it again after a crash mends it.
    """
    for zone in _MADE:
        for name in lake.names(zone):
            lake.delete(name)
        for name in made.names(zone):
            with made.local(name) as source, lake.publish(name) as path:
                shutil.copyfile(source, path)


def _put_in_place(data_dir: DataDir, beside: DataDir) -> None:
    """Swap the old silver and gold for the new, by renaming alone.

    What a crash in between leaves behind is found by `airside doctor`; doing it again mends it.
    """
    for part in _MADE:
        if (data_dir.root / part).exists():
            (data_dir.root / part).replace(beside.root / f"old-{part}")
        if (beside.root / part).exists() and not is_elsewhere(data_dir):
            (beside.root / part).replace(data_dir.root / part)
    _log(data_dir).unlink(missing_ok=True)
    beside.warehouse.replace(data_dir.warehouse)
    shutil.rmtree(beside.root)
