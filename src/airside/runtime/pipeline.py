"""One running pipeline: bronze, silver and gold side by side over one data directory.

Each stage runs on a thread of its own, at its own cadence, and waits for no other. An error that
may pass is tried again with growing patience; one that cannot pass stops the pipeline with its
message, except in gold and the alerts, which ingestion does not need. One that only a new process
gets over stops it wherever it is met: whoever started the process starts it again.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial

from airside.alerts import AlertStore, Monitor, Teller
from airside.bronze import BRONZE, Archive, Archiver
from airside.errors import AirsideError, RetryableError
from airside.events import FLIGHT_EVENTS
from airside.gold import Gold, export
from airside.lake import Lake
from airside.ledger import Ledger
from airside.runtime.apart import of_the_system
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.lake_owner import take
from airside.runtime.lakes import ZONES, is_elsewhere, settle_lake
from airside.runtime.leftovers import remove_unplanned
from airside.runtime.memory import keep_few_arenas
from airside.runtime.patience import patiently
from airside.runtime.priority import stand_back
from airside.runtime.remembering import RememberingReader
from airside.runtime.restore import Meanwhile, resume
from airside.runtime.streams import open_for_consuming, open_for_looking, open_stream
from airside.runtime.upkeep import UPKEEP, Upkeep, ago
from airside.runtime.wiring import (
    make_gold,
    make_monitor,
    make_silver,
    make_teller,
    open_ledger,
    open_warehouse,
)
from airside.settings import Settings
from airside.silver import SILVER, Silver
from airside.stream import Horizon, Stream, Waiting
from airside.warehouse import DuckDBWarehouse, QueryServer
from airside.warehouse.duckdb_errors import GivenUpError
from airside.warehouse.staging import bring_back

GOLD = "gold"
ALERTS = "alerts"
WEBHOOK = "webhook"
EXPORT = "export"
LOG = "log"
_EXPENDABLE = {GOLD, EXPORT, ALERTS, WEBHOOK, UPKEEP, LOG}
"""Stages that ingestion does not need."""
_NICENESS = {GOLD: 5, EXPORT: 10, UPKEEP: 10}
"""Stages that have long work, and how far they stand back for the others. For exports and upkeep
nobody waits; the live board follows events, not gold."""
_MAX_BACKOFF_SECONDS = 30.0
_RETENTION_SECONDS = 60.0
_ROOM_SECONDS = 1.0
_EXPORT_SECONDS = 5.0
"""How often it is looked whether an export is due."""
_REST = 4.0
"""An export or a merge of files rests so many times as long as it works, after each piece: loading
would be long in making up for what is taken from it at a stretch. And an export takes a quarter of
the time, so that it works for a twentieth: facts are written whole, which takes longer with each
year."""
_HOUR_US = 3_600_000_000
_GOLD_PHASE_SECONDS = 0.15
_UPKEEP_PHASE_SECONDS = 10.0
"""The start belongs to the first answers."""


@dataclass
class Health:
    """What a stage last said of itself."""

    error: str | None = None
    """Why it cannot go on just now; None while all is well."""
    last_success_us: int | None = None
    failures: int = 0
    """In a row."""

    def succeed(self, at_us: int) -> None:
        """Something has been done, or there was nothing to do."""
        self.error, self.failures, self.last_success_us = None, 0, at_us

    def patience(self, every: float) -> float:
        """Seconds to wait before the next try, for a stage that works each `every` seconds.

        Never fewer than that: to fail is no reason to work more often.
        """
        return max(every, min(_MAX_BACKOFF_SECONDS, every * float(2 ** min(self.failures, 10))))


@dataclass
class Pipeline:
    """The stages, wired. Made by `open_pipeline`."""

    settings: Settings
    warehouse: DuckDBWarehouse
    reader: RememberingReader
    """The warehouse, for those who ask the same again and again."""
    archiver: Archiver
    silver: Silver
    gold: Gold
    monitor: Monitor
    teller: Teller | None
    """None where there is nobody to tell."""
    upkeep: Upkeep
    lake: Lake
    stream: Stream
    silver_stream: Stream
    """The one that silver reads: each belongs to one thread."""
    ledger: Ledger
    gold_ledger: Ledger
    clock: Callable[[], int]
    stopping: threading.Event
    """Set when the pipeline stops or has to."""
    health: dict[str, Health] = field(default_factory=dict)
    fatal: AirsideError | None = None
    _threads: list[threading.Thread] = field(default_factory=list)
    _export_due: float = 0.0
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _has_loaded: threading.Event = field(default_factory=threading.Event)
    """Set when the log may have grown, and when the thread that merges it has to end."""
    _has_looked: threading.Event = field(default_factory=threading.Event)
    """Set when something may have to be told, and when the thread that tells it has to end."""
    _refreshed_through: int | None = -1
    _exported_through: int | None = -1
    _trim_due: float = 0.0
    _forgotten_hour: int = -1

    def drain(
        self,
        progress: Callable[[str, int], None] = lambda _stage, _records: None,
        stop: threading.Event | None = None,
    ) -> bool:
        """Process all that is on the stream now, then refresh gold once.

        The archive is written by a second thread meanwhile.

        Args:
            progress: Told a stage's name and how many records it has just done.
            stop: Ends it before the next batch, and without gold.

        Returns:
            Whether all was processed.
        """
        errors: list[Exception] = []

        def archive() -> None:
            try:
                progress("bronze", self.archiver.run_once(flush=True))
            except Exception as error:  # noqa: BLE001 - raised below, on the thread that waits
                errors.append(error)

        thread = threading.Thread(target=archive, name="bronze")
        thread.start()
        try:
            for done in self._waiting_batches(stop, self.reader.forget):
                progress("silver", done)
        finally:
            thread.join()
        if errors:
            raise errors[0]
        if _is_set(stop):
            return False
        self.refresh()
        self.reader.forget()
        self.export()
        return True

    def start(self) -> None:
        """Start the stages' threads."""
        silver, gold = self.settings.silver, self.settings.gold
        upkeep = self.settings.upkeep.every_seconds
        began = time.monotonic()
        # A refresh takes the processors for half a second, so it begins between two of silver's
        # triggers, when the last batch is on the screen already.
        after_silver = min(_GOLD_PHASE_SECONDS, silver.window_seconds / 2)
        between_refreshes = min(gold.refresh_seconds, _EXPORT_SECONDS)
        for name, work, every, phase in (
            ("bronze", self._archive, min(1.0, self.settings.bronze.cut_seconds), 0.0),
            ("silver", self._transform, silver.window_seconds, 0.0),
            ("gold", self._refresh, gold.refresh_seconds, after_silver),
            (EXPORT, self._export, between_refreshes, between_refreshes / 2),
            ("retention", self.make_room, _ROOM_SECONDS, 0.0),
            (ALERTS, self._watch, self.settings.alerts.every_seconds, 0.0),
            (UPKEEP, self._keep_up, upkeep, min(_UPKEEP_PHASE_SECONDS, upkeep)),
            (LOG, self._shorten_log, 0.0, 0.0),
            *(((WEBHOOK, partial(self._tell, self.teller), 0.0, 0.0),) if self.teller else ()),
        ):
            self.health[name] = Health()
            thread = threading.Thread(
                target=self._loop, args=(name, work, every, began + phase), name=name
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let every stage finish what it is at, archive what waits, and bring gold up to date."""
        self.stopping.set()
        self._has_loaded.set()
        self._has_looked.set()
        for thread in self._threads:
            thread.join()
        if self._threads and self.fatal is None:
            self.drain()
        self._threads.clear()

    def abort(self, error: AirsideError) -> None:
        """Stop the pipeline because something beside it cannot go on."""
        self.fatal = error
        self.stopping.set()

    def on_load(self, listener: Callable[[], None]) -> None:
        """Have a function called whenever the warehouse holds something new; it must be quick."""
        self._listeners.append(listener)

    def refresh(self) -> int:
        """Bring gold up to date; an outcome goes to the ledger wherever something had to be done.

        Returns:
            How many models were built.

        Raises:
            AirsideError: A model failed.
        """
        latest = self.warehouse.query("SELECT max(batch_id) FROM staging.batches")
        newest = latest.column(0)[0].as_py()
        if newest == self._refreshed_through:
            return 0
        attempt_id = self.gold_ledger.begin(GOLD, {"through_batch_id": newest})
        try:
            gone = self._bring_back() if self._refreshed_through == -1 else 0
            result = self.gold.refresh()
        except Exception as error:
            self.gold_ledger.fail(attempt_id, str(error))
            raise
        counts = {"models": len(result.model_seconds)} | ({"rows_gone": gone} if gone else {})
        self.gold_ledger.succeed(attempt_id, counts)
        self._refreshed_through = newest
        return len(result.model_seconds)

    def _bring_back(self) -> int:
        """Have all rows in staging where gold is about to be built anew from them."""
        with self.upkeep.at_staging:
            is_needed = self.gold.begin_rebuild()
        if not is_needed:
            return 0
        zones = {FLIGHT_EVENTS.name: "silver", "quarantine": "quarantine"}
        folders = {table: f"{zone}/{FLIGHT_EVENTS.name}" for table, zone in zones.items()}
        return bring_back(self.warehouse, FLIGHT_EVENTS, self.lake, folders)

    def export(self, rest: Callable[[float], object] = lambda _seconds: None) -> None:
        """Write gold's tables as Parquet files; for `rest` see `airside.gold.export`."""
        export(self.warehouse, self.lake, rest=rest)

    def trim(self) -> None:
        """Drop from the stream what both consumers are done with and the retention has passed."""
        archived, loaded = self.ledger.position(BRONZE), self.warehouse.checkpoint()
        done = {shard: min(archived[shard], loaded[shard]) for shard in archived.keys() & loaded}
        self.stream.trim(done, ago(self.clock(), self.settings.stream.retention_hours))

    def make_room(self) -> None:
        """Trim from time to time, and at once while producers may be waiting for room."""
        if time.monotonic() >= self._trim_due or self.stream.is_nearly_full:
            self._trim_due = time.monotonic() + _RETENTION_SECONDS
            self.trim()

    def _keep_up(self) -> None:
        is_changed = True  # where a step fails, others have been done
        try:
            is_changed = bool(self.upkeep.run_once())
        finally:
            if is_changed:
                self.reader.forget()

    def _archive(self) -> None:
        self.archiver.run_once()

    def _transform(self) -> None:
        """Do what waits at the trigger; what arrives meanwhile waits for the next one."""
        hour = self.clock() // _HOUR_US
        if hour != self._forgotten_hour:
            self._forgotten_hour = hour
            self.silver.forget()

        def committed() -> None:
            # Said of each batch: to catch up with a long backlog takes many.
            self.health.setdefault("silver", Health()).succeed(self.clock())
            self._loaded()

        for _ in self._waiting_batches(self.stopping, committed):
            pass

    def _waiting_batches(
        self, stop: threading.Event | None, committed: Callable[[], None]
    ) -> Iterator[int]:
        """Do batches until all is done that had arrived at the start; gives each one's records."""
        backlog = self.silver_stream.backlog(self.warehouse.checkpoint())
        horizon = Horizon.of(backlog, self.clock())
        while not horizon.is_reached(backlog) and not _is_set(stop):
            done = self.silver.run_once(committed)
            if not done:
                return
            yield done
            backlog = self.silver_stream.backlog(self.warehouse.checkpoint())

    def _shorten_log(self) -> None:
        """Merge the warehouse's log right after a batch, so that it is done before the next one."""
        self._has_loaded.wait()
        self._has_loaded.clear()
        self.warehouse.shorten_log()

    def _watch(self) -> None:
        try:
            self.monitor.run_once()
        finally:  # what waits from before is due again, whatever the data says
            self._has_looked.set()

    def _tell(self, teller: Teller) -> None:
        """Tell right after each look, on a thread of its own: a webhook may answer slowly."""
        self._has_looked.wait()
        self._has_looked.clear()
        teller.run_once()

    def _loaded(self) -> None:
        self.reader.forget()
        self._has_loaded.set()
        for listener in self._listeners:
            listener()

    def _refresh(self) -> None:
        built = self.refresh()
        if built:
            self._loaded()
        if built and not gc.get_freeze_count():
            # dbt keeps two hundred thousand objects for good. To walk them again and again, looking
            # for garbage, would stop every thread for a third of a second each time.
            gc.freeze()

    def _export(self) -> None:
        refreshed = self._refreshed_through
        began = time.monotonic()
        if began < self._export_due or self._exported_through == refreshed:
            return
        try:
            self.export(lambda worked: self.stopping.wait(worked * _REST))
        finally:
            took = time.monotonic() - began
            self._export_due = began + max(self.settings.gold.export_seconds, took * _REST)
        self._exported_through = refreshed

    def _loop(self, name: str, work: Callable[[], None], every: float, due: float) -> None:
        health = self.health[name]
        if name in _NICENESS:
            stand_back(_NICENESS[name])
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            due = max(due + every, time.monotonic())
            try:
                work()
            except (AirsideError, OSError) as caught:
                error = of_the_system(caught) if isinstance(caught, OSError) else caught
                health.error = str(error)
                health.failures += 1
                may_pass = isinstance(error, RetryableError) or name in _EXPENDABLE
                if not may_pass or isinstance(error, GivenUpError):
                    self.abort(error)
                    return
                due = time.monotonic() + health.patience(every)
            except Exception as error:  # a defect must stop the run, not vanish with its thread
                self.abort(AirsideError(f"{name}: {type(error).__name__}: {error}"))
                raise
            else:
                health.succeed(self.clock())


def _is_set(stop: threading.Event | None) -> bool:
    return stop is not None and stop.is_set()


def _rest_from_merging(worked: float, stopping: threading.Event) -> None:
    if stopping.wait(worked * _REST):
        raise RetryableError("stopped; the files of past hours are merged at the next start")


@contextmanager
def open_pipeline(
    data_dir: DataDir,
    settings: Settings,
    clock: Callable[[], int] = wall_clock,
    stopping: threading.Event | None = None,
    *,
    tell: Callable[[str], None] = lambda _text: None,
    meanwhile: Meanwhile = nullcontext,
) -> Iterator[Pipeline]:
    """Own a data directory and wire the stages on it; closes all on the way out.

    Args:
        data_dir: Where everything is kept.
        settings: How the stages work.
        clock: Microseconds since the Unix epoch.
        stopping: Set by the pipeline when it has to stop, or by whoever wants it to.
        tell: Told how it goes when the directory is upgraded, or is new and first rebuilt from its
            lake.
        meanwhile: Gives what is done beside that.

    Raises:
        UsageError: The directory or the lake cannot be used.
        RetryableError: Another process runs on it, or it was stopped while it was rebuilt.
    """
    data_dir.open(tell)
    keep_few_arenas()
    with ExitStack() as stack:
        stack.enter_context(data_dir.owned())
        stack.callback(gc.unfreeze)  # what is frozen at the end of a process passes for leaked
        lake = settle_lake(data_dir, settings)
        lake.sweep(*ZONES)
        data_dir.feed_from(settings.stream.url)
        stopping = stopping or threading.Event()
        # First of all: where there is anything, there is a stream, and it can be reached.
        open_stream(data_dir, clock, shards=settings.stream.shards).close()
        if is_elsewhere(data_dir):
            with closing(open_ledger(data_dir, settings, clock)) as taking:
                lake = take(lake, taking)
            resume(data_dir, lake, settings, tell, stopping.is_set, meanwhile=meanwhile)

        # Streams, ledgers and alerts belong to one thread each, so every stage opens its own.
        def stream(consumer: str, ledger: Ledger) -> Stream:
            opened = open_for_consuming(data_dir, settings, clock, consumer, ledger)
            stack.callback(opened.close)
            return opened

        def ledger() -> Ledger:
            opened = open_ledger(data_dir, settings, clock)
            stack.callback(opened.close)
            return opened

        main = open_stream(
            data_dir, clock, shards=settings.stream.shards, max_bytes=settings.stream.max_bytes
        )
        stack.callback(main.close)
        warehouse = patiently(lambda: open_warehouse(data_dir, settings, clock))
        stack.callback(warehouse.close)
        reader = RememberingReader(warehouse)
        server = QueryServer(data_dir.socket, warehouse)
        stack.callback(server.close)
        archive_ledger, silver_ledger = ledger(), ledger()
        remove_unplanned(lake, silver_ledger, warehouse.checkpoint())
        cleaned = stream(SILVER, silver_ledger)

        def looking() -> Stream:
            opened = open_for_looking(data_dir, clock)
            stack.callback(opened.close)
            return opened

        watched = looking()

        def alerts() -> AlertStore:
            opened = AlertStore(data_dir.alerts, keep=settings.alerts.keep)
            stack.callback(opened.close)
            return opened

        waiting = Waiting(clock, time.monotonic)

        def lags() -> dict[str, float]:
            oldest_us = watched.backlog(warehouse.checkpoint()).oldest_arrived_at_us
            return {SILVER: waiting.seconds(oldest_us)} if oldest_us is not None else {}

        yield Pipeline(
            settings=settings,
            warehouse=warehouse,
            reader=reader,
            archiver=Archiver(
                stream(BRONZE, archive_ledger),
                Archive(lake, FLIGHT_EVENTS),
                archive_ledger,
                clock=clock,
                cut_seconds=settings.bronze.cut_seconds,
                cut_bytes=settings.bronze.cut_bytes,
            ),
            silver=make_silver(cleaned, lake, silver_ledger, warehouse, settings),
            gold=make_gold(data_dir, settings),
            upkeep=Upkeep(
                data_dir,
                settings,
                lake,
                ledger(),
                warehouse,
                looking(),
                clock,
                lambda worked: _rest_from_merging(worked, stopping),
            ),
            monitor=make_monitor(reader, alerts(), settings, lags=lags, clock=clock),
            teller=make_teller(alerts, settings, clock=clock, stopping=stopping.is_set),
            lake=lake,
            silver_stream=cleaned,
            stream=main,
            ledger=ledger(),
            gold_ledger=ledger(),
            clock=clock,
            stopping=stopping,
        )
