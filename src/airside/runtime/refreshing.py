"""`airside refresh`: from the lake into a warehouse on a server, and gold built upon it."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from airside.events import FLIGHT_EVENTS
from airside.gold import Gold, ServerDatabase
from airside.lake import Lake, LocalLake, open_lake
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import lake_of
from airside.runtime.readers import open_reader, warehouse_url
from airside.runtime.wiring import thresholds
from airside.settings import Settings
from airside.warehouse.handoff import hand_over
from airside.warehouse.loader import Loader, sql_timestamp
from airside.warehouse.retention import remove_old
from airside.warehouse.server import Server
from airside.warehouse.servers import open_server

_DAY_US = 86_400_000_000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    lake: str
    """The address of the lake that was loaded from."""
    is_others_lake: bool
    """Whether the data directory has a warehouse, and that lake is not its own: nothing is handed
    over to it."""
    handed_over: int
    """Documents that were written for the embedded warehouse's batches."""
    batches: int
    """Batches that were loaded."""
    records: int
    """Records that they were made of."""
    clean: int
    quarantined: int
    duplicates: int
    through_batch_id: int
    """The last batch that gold holds."""
    is_gold_changed: bool
    brought_back: int
    """Batches whose rows had been removed and were needed again."""
    removed: int
    """Batches whose rows have left staging now."""
    model_seconds: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def refresh(
    data_dir: DataDir,
    settings: Settings,
    *,
    clock: Callable[[], int],
    progress: Progress = lambda _: None,
) -> Refreshed:
    """Load what is new in the lake, build gold upon it, and remove what is old.

    Can be ended at any instant and run again: what was committed stands, the rest is done then.

    Args:
        data_dir: Where the embedded pipeline's warehouse is, if there is one.
        settings: With `warehouse.url`; `lake.url` says where the documents are, where it is not
            the directory's own lake.
        clock: Microseconds since the Unix epoch.
        progress: Told how many records have been loaded, batch by batch.

    Raises:
        UsageError: There is no warehouse, or nothing to load from.
        RetryableError: Another refresh is running, or a part cannot be reached.
        AirsideError: A file, a document or a model is wrong.
    """
    server = open_server(warehouse_url(settings))
    lake = _open_lake(data_dir, settings)
    has_warehouse = data_dir.warehouse.exists()
    is_others = has_warehouse and not _is_own(data_dir, lake)
    handed = _hand_over(data_dir, lake) if has_warehouse and not is_others else 0
    with ExitStack() as stack:
        stack.enter_context(server.alone())
        session = stack.enter_context(server.session())
        loader = Loader(server, session, lake, FLIGHT_EVENTS, clock=clock)
        loader.create_tables()
        loaded = loader.load_new(progress)
        work = stack.enter_context(_work_dir(data_dir, server))
        gold = Gold(ServerDatabase(server), work, thresholds=thresholds(settings))
        stack.callback(gold.close)
        brought_back = loader.bring_back() if gold.begin_rebuild() else 0
        result = gold.refresh()
        removed = 0
        if settings.warehouse.staging_days is not None:
            now = clock()
            oldest = now - int(settings.warehouse.staging_days * _DAY_US)
            removed = remove_old(
                session, FLIGHT_EVENTS, loaded_before=sql_timestamp(oldest), now=sql_timestamp(now)
            )
    return Refreshed(
        lake=lake.url,
        is_others_lake=is_others,
        handed_over=handed,
        batches=len(loaded.batches),
        records=loaded.records,
        clean=loaded.clean,
        quarantined=loaded.quarantined,
        duplicates=loaded.duplicates,
        through_batch_id=result.through_batch_id,
        is_gold_changed=result.refreshed,
        brought_back=brought_back,
        removed=removed,
        model_seconds=dict(result.model_seconds),
    )


def _open_lake(data_dir: DataDir, settings: Settings) -> Lake:
    return lake_of(data_dir) if settings.lake.url is None else open_lake(settings.lake.url)


def _is_own(data_dir: DataDir, lake: Lake) -> bool:
    """Whether a lake is the directory's, however its address is written."""
    own = lake_of(data_dir)
    if isinstance(own, LocalLake) and isinstance(lake, LocalLake):
        return os.path.realpath(own.url) == os.path.realpath(lake.url)
    return own.url == lake.url


def _hand_over(data_dir: DataDir, lake: Lake) -> int:
    """Hand the embedded warehouse's batches over to the directory's own lake; gives how many.

    To another lake nothing is: its documents are of other records.
    """
    with data_dir.handing_over(), open_reader(data_dir) as reader:
        return len(hand_over(reader, lake, FLIGHT_EVENTS))


@contextmanager
def _work_dir(data_dir: DataDir, server: Server) -> Iterator[Path]:
    """For dbt's own files: kept beside the data where there is any, as parsing takes seconds."""
    if data_dir.warehouse.exists():
        own = hashlib.sha256(str(server.address).encode()).hexdigest()[:8]
        yield data_dir.work / f"{server.address.dialect}-{own}"
        return
    with tempfile.TemporaryDirectory(prefix="airside-") as folder:
        yield Path(folder)
