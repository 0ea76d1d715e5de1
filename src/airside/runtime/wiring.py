"""Makes the stages and stores out of the settings."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from airside.alerts import AlertStore, Limits, Monitor, Teller, Webhook
from airside.events import FLIGHT_EVENTS
from airside.gold import Gold, Thresholds
from airside.lake import Lake
from airside.ledger import Ledger
from airside.runtime.data_dir import DataDir
from airside.settings import Settings
from airside.silver import Silver, Source
from airside.stream import Position
from airside.warehouse import DuckDBWarehouse, Reader, Warehouse


def open_warehouse(
    data_dir: DataDir, settings: Settings, clock: Callable[[], int]
) -> DuckDBWarehouse:
    """Open a directory's warehouse for loading.

    A new one is made beside its place and put there when it is whole: a file that a full disk or a
    crash left half made would look like a damaged one for ever after.
    """

    def opened(path: Path) -> DuckDBWarehouse:
        return DuckDBWarehouse(
            path,
            clock=clock,
            threads=settings.warehouse.threads,
            memory_limit=settings.warehouse.memory_limit,
            wal_bytes=settings.warehouse.wal_bytes,
        )

    if not data_dir.warehouse.exists():
        partial = data_dir.warehouse.with_name(data_dir.warehouse.name + ".partial")
        partial.unlink(missing_ok=True)
        opened(partial).close()
        partial.replace(data_dir.warehouse)
    return opened(data_dir.warehouse)


def open_ledger(data_dir: DataDir, settings: Settings, clock: Callable[[], int]) -> Ledger:
    """Open a directory's ledger."""
    return Ledger(data_dir.ledger, clock=clock, keep_attempts=settings.ledger.keep_attempts)


def make_silver(
    source: Source,
    lake: Lake,
    ledger: Ledger,
    warehouse: Warehouse,
    settings: Settings,
    *,
    published: Mapping[str, Position] = MappingProxyType({}),
) -> Silver:
    """Make the stage that cleans, reading from a stream or from an archive."""
    return Silver(
        source,
        lake,
        ledger,
        warehouse,
        FLIGHT_EVENTS,
        dedupe_horizon=timedelta(hours=settings.silver.dedupe_horizon_hours),
        dedupe_max_ids=settings.silver.dedupe_max_ids,
        max_batch_records=settings.silver.max_batch_records,
        max_batch_bytes=settings.silver.max_batch_bytes,
        published=published,
    )


def make_monitor(
    reader: Reader,
    store: AlertStore,
    settings: Settings,
    *,
    lags: Callable[[], Mapping[str, float]],
    clock: Callable[[], int],
) -> Monitor:
    """Make what watches the data."""
    alerts = settings.alerts
    return Monitor(
        reader,
        store,
        Limits(
            airline_delay_minutes=alerts.airline_delay_minutes,
            airline_delay_flights=alerts.airline_delay_flights,
            security_wait_minutes=alerts.security_wait_minutes,
            quarantine_share=alerts.quarantine_share,
            lag_seconds=alerts.lag_seconds,
            silent_minutes=alerts.silent_minutes,
            schema_drift=alerts.schema_drift,
        ),
        lags=lags,
        telling=alerts.webhook_url is not None,
        clock=clock,
    )


def make_teller(
    store: Callable[[], AlertStore],
    settings: Settings,
    *,
    clock: Callable[[], int],
    stopping: Callable[[], bool],
) -> Teller | None:
    """Make what tells the webhook, where there is one."""
    url = settings.alerts.webhook_url
    if url is None:
        return None
    return Teller(store(), Webhook(url.get_secret_value()), clock=clock, stopping=stopping)


def make_gold(data_dir: DataDir, settings: Settings) -> Gold:
    """Make the stage that builds the star schema."""
    return Gold(data_dir.warehouse, data_dir.work, thresholds=thresholds(settings))


def thresholds(settings: Settings) -> Thresholds:
    """What gold has to know of the settings."""
    gold = settings.gold
    return Thresholds(
        live_departure_minutes=gold.live_departure_minutes,
        live_landed_minutes=gold.live_landed_minutes,
        live_stale_minutes=gold.live_stale_minutes,
        turnaround_cutoff_minutes=gold.turnaround_cutoff_minutes,
    )
