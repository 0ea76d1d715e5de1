"""Where a data directory's files are: in itself, or in a lake elsewhere."""

from contextlib import closing
from pathlib import Path

from airside.bronze.archive import DATA_SUFFIX
from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import Lake, LocalLake, open_lake
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.settings import Settings
from airside.stream import EmbeddedStream

ZONES = ("bronze", "silver", "quarantine", "gold")
"""The folders of a lake."""


def lake_of(data_dir: DataDir) -> Lake:
    """The lake that a directory has.

    Raises:
        UsageError: There is no data directory, or its lake is on S3, which is not installed.
    """
    url = data_dir.lake_url
    return LocalLake(data_dir.root) if url is None else open_lake(url)


def settle_lake(data_dir: DataDir, settings: Settings) -> Lake:
    """The lake that a directory has, or gets now if it has none yet.

    A directory keeps its lake: the archive in it goes on where it ends, and a second one would
    begin in the middle.

    Raises:
        UsageError: Another lake is named than the directory has, the lake has the archive of other
            records than the directory or belongs to a Spark job, or it cannot be used.
    """
    named = settings.lake.url
    if named is None:
        return lake_of(data_dir)
    lake = open_lake(named)
    is_its_own = isinstance(lake, LocalLake) and (
        Path(lake.url).resolve() == data_dir.root.resolve()
    )
    url = None if is_its_own else lake.url
    remembered = data_dir.lake_url
    if url == remembered:
        return lake_of(data_dir)
    if remembered is not None or data_dir.warehouse.exists():
        raise UsageError(
            f"{data_dir.root} has its lake in {remembered or data_dir.root}, not in {lake.url}; "
            "leave --lake out, or copy that lake there and start with a new --data-dir"
        )
    # Asked before it is remembered: a bucket that is not there, or not ours, is no lake.
    is_archive = bool(lake.names(f"bronze/{FLIGHT_EVENTS.name}", DATA_SUFFIX))
    if is_archive and _has_taken_records(data_dir):
        raise UsageError(
            f"{data_dir.root} holds records of its own, but {lake.url} has the archive of others; "
            "name an empty --data-dir, or a new lake with --lake"
        )
    refuse_a_jobs(lake)
    data_dir.remember_lake(url)
    return lake


def refuse_a_jobs(lake: Lake) -> None:
    """Refuse a lake whose silver files a Spark job writes and names in its batch documents.

    Raises:
        UsageError: It is one.
    """
    if is_a_jobs(lake):
        raise UsageError(
            f"the silver files in {lake.url} are a Spark job's, whose batch documents name them; "
            "name another lake with --lake"
        )


def is_a_jobs(lake: Lake) -> bool:
    """Whether a Spark job writes a lake's silver files and names them in its batch documents."""
    return bool(lake.names(f"dedupe/{FLIGHT_EVENTS.name}"))


def _has_taken_records(data_dir: DataDir) -> bool:
    if not data_dir.stream.exists():
        return False
    with closing(EmbeddedStream(data_dir.stream, clock=wall_clock)) as stream:
        return bool(stream.backlog({}).received)


def is_elsewhere(data_dir: DataDir) -> bool:
    """Whether the lake outlives the directory."""
    return data_dir.lake_url is not None


def lake_named(source: str) -> tuple[Lake, DataDir | None]:
    """The lake at an address, or that of the data directory there; and that directory.

    Raises:
        UsageError: The address is not understood, or is a folder that is not there.
    """
    lake = open_lake(source)
    if not isinstance(lake, LocalLake):
        return lake, None
    folder = Path(lake.url)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {source}; name a data directory, or a lake")
    data_dir = DataDir(folder)
    try:
        remembered = data_dir.lake_url
    except UsageError:  # a lake alone, which has no marker
        return lake, None
    return (open_lake(remembered) if remembered else lake), data_dir
