"""What can be seen of a warehouse on a server where no data directory is: no stream, no archive."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from airside.bronze import BRONZE
from airside.dashboard import Answers, Backend
from airside.gold import answers
from airside.runtime.accounting import refused_for
from airside.runtime.raw_records import Found, RecordId
from airside.silver import SILVER
from airside.stream import MAX_RECORD_BYTES
from airside.warehouse import Reader
from airside.warehouse.drift import Drift

_LOADED = """
SELECT
    count(*) AS batches,
    CAST(coalesce(sum(received), 0) AS BIGINT) AS received,
    CAST(coalesce(sum(clean), 0) AS BIGINT) AS clean,
    CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
    CAST(coalesce(sum(duplicates), 0) AS BIGINT) AS duplicates,
    CAST(
        coalesce(sum(CASE WHEN removed_at IS NULL THEN clean + quarantined END), 0) AS BIGINT
    ) AS expected_rows,
    (SELECT count(*) FROM staging.flight_events)
    + (SELECT count(*) FROM staging.quarantine) AS found_rows,
    max(committed_at) AS loaded_at
FROM staging.batches
"""


@dataclass(frozen=True, slots=True)
class WarehouseAccount:
    """The account of what a server has loaded.

    The verdicts are what the batches' documents say; that they are so is proved by the rows, of
    the batches whose rows are still in staging.
    """

    batches: int
    received: int
    """Records of the batches that were loaded."""
    clean: int
    quarantined: int
    duplicates: int
    balanced: bool
    """Whether the verdicts add up, and as many rows are there as they say."""
    through_batch_id: int
    """The last batch that gold holds."""
    waiting_batches: int
    """Batches that gold has not taken in."""
    loaded_at: str | None
    """When the newest batch was loaded."""
    reasons: dict[str, int]
    """Quarantine reason → records, most first."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def warehouse_account(reader: Reader) -> WarehouseAccount:
    """Draw up the account.

    Args:
        reader: A server, asked in DuckDB's SQL.
    """
    (row,) = reader.query(_LOADED).to_pylist()
    progress = answers.progress(reader)
    return WarehouseAccount(
        batches=row["batches"],
        received=row["received"],
        clean=row["clean"],
        quarantined=row["quarantined"],
        duplicates=row["duplicates"],
        balanced=(
            row["received"] == row["clean"] + row["quarantined"] + row["duplicates"]
            and row["expected_rows"] == row["found_rows"]
        ),
        through_batch_id=progress["through_batch_id"],
        waiting_batches=progress["waiting_batches"],
        loaded_at=None if row["loaded_at"] is None else row["loaded_at"].isoformat() + "Z",
        reasons=refused_for(reader),
    )


def warehouse_backend(reader: Reader, address: str, clock: Callable[[], int]) -> Backend:
    """What the dashboard is given of a warehouse alone.

    Args:
        reader: A server, asked in DuckDB's SQL; may be asked by any thread.
        address: Where it is, without a password.
        clock: Microseconds since the Unix epoch.
    """

    def pipeline() -> dict[str, Any]:
        return _as_pipeline(warehouse_account(reader))

    def raw_records(wanted: Sequence[RecordId]) -> Found:  # noqa: ARG001 - there is no archive
        return {}

    return Backend(
        reader=reader,
        answers=Answers(
            airline_delays=answers.airline_delays,
            delay_totals=answers.delay_totals,
            passengers_vs_turnaround=answers.passengers_vs_turnaround,
        ),
        pipeline=pipeline,
        storage=list,
        failures=list,
        alerts=list,
        drift=lambda: (Drift()._asdict(), []),
        raw_records=raw_records,
        put=None,
        max_record_bytes=MAX_RECORD_BYTES,
        counts_backlog=True,
        clock=clock,
        changed=threading.Event(),
        warehouse=address,
    )


def _as_pipeline(account: WarehouseAccount) -> dict[str, Any]:
    """The account as the page knows it: of what was loaded, with nothing under way."""
    consumer = {
        "lag_records": 0,
        "iterator_age_seconds": 0.0,
        "records_per_second": 0.0,
        "total_records": account.received,
    }
    return {
        "received": account.received,
        "archived": account.received,
        "awaiting_archive": 0,
        "clean": account.clean,
        "quarantined": account.quarantined,
        "duplicates": account.duplicates,
        "in_flight": 0,
        "balanced": account.balanced,
        "consumers": {BRONZE: consumer, SILVER: consumer},
        "reasons": account.reasons,
        "archive_removed": 0,
        "not_kept": 0,
        "lost": 0,
        "is_running": False,
        "stages": [],
        "alerts": [],
    }
