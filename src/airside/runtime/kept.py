"""How much is kept of everything that would grow for ever, and how much may be."""

from airside.dashboard import Kept
from airside.errors import UsageError
from airside.runtime.readers import Observer
from airside.settings import Settings
from airside.warehouse import Reader

_PRUNE_SLACK = 1.2  # ids are forgotten each time a fifth of the limit has been accepted
_TABLES = {
    "dedupe_ids": "staging.accepted_event_ids",
    "staging_rows": "staging.flight_events",
    "quarantine_rows": "staging.quarantine",
    "batches": "staging.batches",
}


def kept(observer: Observer, settings: Settings) -> list[Kept]:
    """Count what is kept.

    Args:
        observer: Looks at the data directory.
        settings: The limits.

    Returns:
        By name: ids that silver remembers, rows of staging, batches, attempts in the ledger,
        alerts. The limit is None where age and not number decides.
    """
    limits = {"dedupe_ids": int(settings.silver.dedupe_max_ids * _PRUNE_SLACK)}
    found = [
        Kept(name, rows, limits.get(name))
        for name, table in _TABLES.items()
        if (rows := _rows(observer.reader, table)) is not None
    ]
    for stage, attempts in observer.ledger.attempts().items():
        found.append(Kept(f"ledger_attempts_{stage}", attempts, settings.ledger.keep_attempts))
    found.append(Kept("alerts", observer.alerts.count(), settings.alerts.keep))
    return found


def _rows(reader: Reader, table: str) -> int | None:
    try:
        return int(reader.query(f"SELECT count(*) AS n FROM {table}")["n"][0].as_py())
    except UsageError:  # it is not there, as on a server
        return None
