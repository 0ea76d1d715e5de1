"""Walks the stages in the order in which data flows, and says where it stops."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from airside.bronze import BRONZE, Archive, ArchiveReader
from airside.errors import AirsideError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.runtime.accounting import Accounting
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import Observer, observe
from airside.silver import SILVER
from airside.warehouse import RemoteReader

State = Literal["ok", "warning", "stopped"]
_LOW_DISK_BYTES = 1_000_000_000
_QUIET_SECONDS = 300.0
_LATE_SECONDS = 120.0
_BAD_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """What one stage looks like."""

    stage: str
    state: State
    """`stopped`: data does not get past this stage."""
    finding: str
    """What was seen, with the figures."""
    cause: str | None = None
    """The likely cause, where something is wrong."""
    next_step: str | None = None
    """The command to run, or the thing to do, next."""


@dataclass(frozen=True, slots=True)
class _Patient:
    """What the checks look at."""

    observer: Observer
    account: Accounting
    is_running: bool
    clock: Callable[[], int]

    @property
    def start(self) -> str:
        return f"airside run --data-dir {self.observer.data_dir.root}"


def examine(data_dir: DataDir, clock: Callable[[], int]) -> list[Finding]:
    """Look at every stage in order.

    Args:
        data_dir: What to examine.
        clock: Microseconds since the Unix epoch.
    """
    findings: list[Finding] = []
    try:
        data_dir.check()
        findings.append(_disk(data_dir))
        with observe(data_dir, clock=clock) as observer:
            is_running = RemoteReader.connect(data_dir.socket) is not None
            patient = _Patient(observer, observer.account(), is_running, clock)
            findings += [check(patient) for check in (_stream, _bronze, _silver, _verdicts, _gold)]
    except AirsideError as error:
        stage = "warehouse" if findings else "data directory"
        findings.append(Finding(stage, "stopped", str(error)))
    return findings


def _disk(data_dir: DataDir) -> Finding:
    free = shutil.disk_usage(data_dir.root).free
    text = f"{data_dir.root}, {free / 1e9:,.1f} GB free"
    if free >= _LOW_DISK_BYTES:
        return Finding("data directory", "ok", text)
    return Finding(
        "data directory",
        "warning",
        text,
        "the disk is nearly full; stages wait while it is",
        "free disk space, or move the data directory to a larger disk",
    )


def _stream(patient: _Patient) -> Finding:
    received = patient.account.received
    if received == 0:
        return Finding(
            "stream",
            "stopped",
            "no record has arrived",
            "no producer writes to this data directory",
            f"airside simulate --data-dir {patient.observer.data_dir.root}",
        )
    rows = patient.observer.reader.query(
        "SELECT epoch_us(max(last_arrived_at)) FROM staging.batches"
    )
    newest_us = rows.column(0)[0].as_py()
    waiting = patient.account.consumers[SILVER].lag_records
    if not waiting and newest_us:
        quiet = (patient.clock() - newest_us) / 1e6
        if quiet > _QUIET_SECONDS:
            return Finding(
                "stream",
                "warning",
                f"{received:,} records; the last arrived {quiet / 60:,.0f} minutes ago",
                "the producers have stopped, or cannot reach the stream",
                f"airside simulate --data-dir {patient.observer.data_dir.root}",
            )
    return Finding("stream", "ok", f"{received:,} records received")


def _bronze(patient: _Patient) -> Finding:
    account, observer = patient.account, patient.observer
    text = f"{account.archived:,} records archived, {account.awaiting_archive:,} waiting"
    failed = _newest_failure(observer, BRONZE)
    if failed:
        return Finding("bronze", "stopped", text, failed, "mend the cause; the archiver goes on")
    reader = ArchiveReader(Archive(LocalLake(observer.data_dir.root), FLIGHT_EVENTS))
    end = reader.end() if reader.files else {}
    noted = observer.ledger.position(BRONZE)
    if any(end.get(shard, "") < last for shard, last in noted.items()):
        return Finding(
            "bronze",
            "stopped",
            f"{text}; but the newest archive files are missing",
            "files were deleted from bronze/",
            "restore bronze/ from a copy",
        )
    return _lag("bronze", patient, text)


def _silver(patient: _Patient) -> Finding:
    account = patient.account
    text = (
        f"{account.clean:,} clean, {account.quarantined:,} quarantined, "
        f"{account.duplicates:,} duplicates, {account.in_flight:,} in flight"
    )
    if not account.balanced:
        return Finding(
            "silver",
            "stopped",
            f"{text}; the accounting does not balance",
            "stream, ledger and warehouse are not of one data directory",
            "airside backfill rebuilds silver and gold from the archive",
        )
    failed = _newest_failure(patient.observer, SILVER)
    if failed:
        return Finding("silver", "stopped", text, failed, "mend the cause; silver goes on")
    return _lag("silver", patient, text)


def _verdicts(patient: _Patient) -> Finding:
    account = patient.account
    judged = account.clean + account.quarantined + account.duplicates
    share = account.quarantined / judged if judged else 0.0
    text = f"{share:.1%} of records are refused"
    if judged and account.clean == 0:
        state: State = "stopped"
    elif share > _BAD_SHARE:
        state = "warning"
    else:
        return Finding("quarantine", "ok", text)
    reason = next(iter(account.reasons), "none")
    return Finding(
        "quarantine",
        state,
        text,
        f"a producer breaks the contract, most often by {reason}",
        f"airside quarantine list --reason {reason} --data-dir {patient.observer.data_dir.root}",
    )


def _gold(patient: _Patient) -> Finding:
    row = patient.observer.reader.query(
        "SELECT count(*) FILTER (WHERE table_name = 'fct_flight_legs')"
        " FROM information_schema.tables"
    )
    if not row.column(0)[0].as_py():
        return Finding(
            "gold", "stopped", "not built yet", "no pipeline has run so far", patient.start
        )
    behind = patient.observer.reader.query(
        "SELECT coalesce(sum(clean), 0)::BIGINT FROM staging.batches WHERE batch_id >"
        " (SELECT coalesce(max(batch_id), 0) FROM fct_flight_activity)"
    )
    waiting = behind.column(0)[0].as_py()
    text = f"{waiting:,} clean records not in the star schema yet"
    if waiting and not patient.is_running:
        return Finding("gold", "stopped", text, "no pipeline is running", patient.start)
    return Finding("gold", "ok", text)


def _lag(stage: str, patient: _Patient, text: str) -> Finding:
    consumer = patient.account.consumers[stage]
    if consumer.lag_records and not patient.is_running:
        return Finding(stage, "stopped", text, "no pipeline is running", patient.start)
    if consumer.iterator_age_seconds > _LATE_SECONDS:
        return Finding(
            stage,
            "warning",
            f"{text}; the oldest for {consumer.iterator_age_seconds:,.0f} s",
            "more arrives than this machine gets done, or the stage is catching up",
            "airside status shows whether the lag shrinks",
        )
    return Finding(stage, "ok", text)


def _newest_failure(observer: Observer, stage: str) -> str | None:
    pending = observer.ledger.pending(stage)
    return pending.error if pending and pending.outcome == "failed" else None
