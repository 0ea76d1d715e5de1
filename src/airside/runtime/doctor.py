"""Walks the stages in the order in which data flows, and says where it stops.

Every finding that is not `ok` has a likely cause and the next step: a command wherever there is
one. A part that cannot be read is a finding of the stage that needs it; the stages behind it are
left out then, as nothing can be said of them.
"""

import importlib
import os
import shlex
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress

from airside.bronze import BRONZE, Archive, ArchiveReader, read_floor
from airside.bronze.archive import DATA_SUFFIX
from airside.bronze.index import INDEX_SUFFIX
from airside.errors import AirsideError, CorruptDataError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.gold import answers
from airside.runtime.aws.names import Names
from airside.runtime.backfill import REBUILD
from airside.runtime.data_dir import DataDir
from airside.runtime.inspection import inspect
from airside.runtime.lakes import is_elsewhere, lake_of
from airside.runtime.patient import Finding, Patient, State
from airside.runtime.pipeline import GOLD
from airside.silver import SILVER
from airside.stream import Backlog, RangeFile, frames_to_arrow
from airside.warehouse.drift import drift_changes, drift_summary

_LOW_DISK_BYTES = 1_000_000_000
_QUIET_SECONDS = 300.0
_LATE_SECONDS = 120.0
_BAD_SHARE = 0.05
_DRIFT_SHARE = 0.05
_DRIFT_WINDOW_US = 24 * 3_600_000_000
_PROBE_RECORDS = 100_000
_PROBE_BYTES = 64 * 1024 * 1024


def examine(data_dir: DataDir, clock: Callable[[], int], *, deep: bool = False) -> list[Finding]:
    """Look at every stage in order, as far as they can be looked at.

    Args:
        data_dir: What to examine.
        clock: Microseconds since the Unix epoch.
        deep: Read every byte as well.
    """
    findings: list[Finding] = []
    patient = Patient(data_dir, clock)
    with patient.stack:
        for stage, check in _CHECKS:
            try:
                findings.append(check(patient))
            except AirsideError as error:
                cause, next_step = _split(str(error))
                if isinstance(error, CorruptDataError):
                    next_step = _remedy(patient, cause) or next_step
                findings.append(Finding(stage, "stopped", "cannot be used", cause, next_step))
                break
        if deep and findings[0].state != "stopped":
            inspected = inspect(patient)
            # damage is what comes first: what stages say beside it may be its consequence alone
            findings[1:1] = [finding for finding in inspected if finding.state == "stopped"]
            findings += [finding for finding in inspected if finding.state != "stopped"]
    return findings


def examine_aws(
    names: Names, clock: Callable[[], int], pause: Callable[[float], None]
) -> list[Finding]:
    """Look at every stage of a deployment on AWS.

    Args:
        names: Which deployment.
        clock: Microseconds since the Unix epoch.
        pause: Waits so many seconds.

    Raises:
        UsageError: There are no credentials, no region, or no SDK.
        RetryableError: AWS cannot be reached.
    """
    try:
        aws = importlib.import_module("airside.runtime.aws.doctor")
    except ImportError as error:
        raise UsageError("AWS needs boto3: pip install 'airside[aws]'") from error
    findings: list[Finding] = aws.examine(names, clock, pause)
    return findings


def _directory(patient: Patient) -> Finding:
    data_dir = patient.data_dir
    data_dir.check()
    free = shutil.disk_usage(data_dir.root).free
    stage, text = "data directory", f"{data_dir.root}, {free / 1e9:,.1f} GB free"
    if not os.access(data_dir.root, os.W_OK | os.X_OK):
        return Finding(
            stage,
            "stopped",
            f"{text}; it cannot be written",
            "it belongs to another user, or is mounted read-only",
            f"mend the permissions of {data_dir.root}",
        )
    if (data_dir.root / REBUILD).exists() and not patient.is_running:
        return Finding(
            stage,
            "warning",
            f"{text}; it holds an unfinished {REBUILD}/",
            "a backfill was cut off, or is at work",
            f"{patient.command('backfill')} does it again, if none is at work",
        )
    if data_dir.root.stat().st_mode & stat.S_IRWXO:
        return Finding(
            stage,
            "warning",
            f"{text}; every user of this machine may enter it",
            "its permissions were changed, or another user made it",
            f"chmod o= {shlex.quote(str(data_dir.root))}",
        )
    if free < _LOW_DISK_BYTES:
        return Finding(
            stage,
            "warning",
            text,
            "the disk is nearly full; stages wait while it is",
            "free disk space, or move the data directory to a larger disk",
        )
    return Finding(stage, "ok", text)


def _stream(patient: Patient) -> Finding:
    received = patient.stream.backlog({}).received
    if received is None:  # Kinesis does not know
        received = patient.account.received
    if received == 0:
        return Finding(
            "stream",
            "stopped",
            "no record has arrived",
            "no producer writes to this data directory",
            patient.command("simulate"),
        )
    text = f"{received:,} records received"
    positions = {}
    with suppress(AirsideError):  # the ledger's own trouble is a finding of the stage that needs it
        positions = {stage: patient.ledger.position(stage) for stage in (BRONZE, SILVER)}
    for position in positions.values():
        frames_to_arrow(
            patient.stream.read(position, max_records=_PROBE_RECORDS, max_bytes=_PROBE_BYTES)
        )
    quiet = None
    with suppress(AirsideError):
        quiet = _quiet_seconds(patient)
    if quiet is not None and quiet > _QUIET_SECONDS:
        return Finding(
            "stream",
            "warning",
            f"{text}; the last one {quiet / 60:,.0f} minutes ago",
            "the producers have stopped, or cannot reach the stream",
            patient.command("simulate"),
        )
    return Finding("stream", "ok", text)


def _quiet_seconds(patient: Patient) -> float | None:
    """How long ago the last record arrived, where all that arrived has been judged."""
    if patient.account.in_flight:
        return None
    rows = patient.reader.query("SELECT epoch_us(max(last_arrived_at)) FROM staging.batches")
    newest_us = rows.column(0)[0].as_py()
    return None if newest_us is None else (patient.clock() - newest_us) / 1e6


def _bronze(patient: Patient) -> Finding:
    position, totals = patient.ledger.progress(BRONZE)
    backlog = patient.stream.backlog(position)
    text = f"{totals.get('records', 0):,} records archived, {backlog.records:,} waiting"
    lake = lake_of(patient.data_dir)
    archive = Archive(lake, FLIGHT_EVENTS)
    reader = ArchiveReader(archive)
    end = reader.end()
    if any(end.get(shard, "") < last for shard, last in position.items()):
        return _archive_damage(patient, text, "the newest files are missing")
    indices = set(lake.names(archive.root, INDEX_SUFFIX))
    bare = [name for name in reader.files if name + INDEX_SUFFIX not in indices]
    if bare:  # or upkeep has merged or removed them since they were listed
        still = set(ArchiveReader(archive).files)
        bare = [name for name in bare if name in still]
    if bare:
        return _archive_damage(patient, text, f"{bare[0]} has no index")
    if not _begins_at_its_floor(archive, reader):
        return _archive_damage(patient, text, "the oldest files are missing")
    return _failure(patient, BRONZE, text) or _lag(patient, BRONZE, text, backlog)


def _begins_at_its_floor(archive: Archive, reader: ArchiveReader) -> bool:
    """Whether each shard's first file follows what retention has removed."""
    firsts = _firsts(reader)
    while True:
        try:
            afters = {shard: archive.read_index(name).after for shard, name in firsts.items()}
            break
        except CorruptDataError:  # or upkeep has merged or removed it since it was listed
            listed = _firsts(ArchiveReader(archive))
            if listed == firsts:
                raise
            firsts = listed
    floor = read_floor(archive)  # last, as a pipeline that runs may raise it meanwhile
    return all(after <= floor.through.get(shard, "") for shard, after in afters.items())


def _firsts(reader: ArchiveReader) -> dict[str, str]:
    """Shard → the name of its first file."""
    firsts: dict[str, str] = {}
    for name in reader.files:
        firsts.setdefault(RangeFile.parse(name, DATA_SUFFIX).shard_id, name)
    return firsts


def _archive_damage(patient: Patient, text: str, what: str) -> Finding:
    data_dir = patient.data_dir
    where = lake_of(data_dir).where(BRONZE) if is_elsewhere(data_dir) else BRONZE
    return Finding(
        "bronze",
        "stopped",
        f"{text}; {what}",
        f"files were deleted from {where}/",
        f"restore {where}/ from a copy",
    )


def _warehouse(patient: Patient) -> Finding:
    rows = patient.reader.query("SELECT count(*) FROM staging.batches")
    return Finding("warehouse", "ok", f"{rows.column(0)[0].as_py():,} batches loaded")


def _silver(patient: Patient) -> Finding:
    account = patient.account
    text = (
        f"{account.clean:,} clean, {account.quarantined:,} quarantined, "
        f"{account.duplicates:,} duplicates, {account.in_flight:,} in flight"
    )
    if not account.balanced:
        return Finding(
            "silver",
            "stopped",
            f"{text}; the account does not balance",
            "stream, ledger and warehouse are not of one time, as after restoring one of them",
            f"{patient.command('backfill')} makes silver and gold anew from the archive",
        )
    checkpoint = patient.reader.query("SELECT shard_id, sequence_number FROM staging.checkpoints")
    position = dict(zip(*checkpoint.to_pydict().values(), strict=True))
    backlog = patient.stream.backlog(position)
    return _failure(patient, SILVER, text) or _lag(patient, SILVER, text, backlog)


def _quarantine(patient: Patient) -> Finding:
    account = patient.account
    judged = account.clean + account.quarantined + account.duplicates
    share = account.quarantined / judged if judged else 0.0
    text = f"{share:.1%} of all records are refused"
    if judged and not account.clean:
        state: State = "stopped"
    elif share > _BAD_SHARE:
        state = "warning"
    else:
        return Finding("quarantine", "ok", text)
    reason = next(iter(account.reasons), None)
    return Finding(
        "quarantine",
        state,
        text,
        f"a producer breaks the contract, most often by {reason}",
        patient.command(f"quarantine list --reason {reason}"),
    )


def _drift(patient: Patient) -> Finding:
    figures = drift_summary(patient.reader)
    text = (
        f"{figures.changes:,} changes, {figures.new_fields:,} fields outside the contract; "
        f"{figures.examined:,} of {figures.received:,} records examined"
    )
    since_us = patient.clock() - _DRIFT_WINDOW_US
    changes = drift_changes(patient.reader, share=_DRIFT_SHARE, since_us=since_us)
    if not changes:
        return Finding("schema drift", "ok", text)
    return Finding(
        "schema drift",
        "warning",
        text,
        "; ".join(change.summary for change in changes),
        patient.command("sql 'FROM drift WHERE is_change'"),
    )


def _gold(patient: Patient) -> Finding:
    progress = answers.progress(patient.reader)
    waiting = progress["waiting_records"]
    text = f"{waiting:,} clean records not in the star schema yet"
    failed = _failure(patient, GOLD, text)
    if failed:
        return failed
    if waiting and not patient.is_running:
        return Finding("gold", "stopped", text, "no pipeline is running", patient.command("run"))
    return Finding("gold", "ok", text)


_CHECKS: tuple[tuple[str, Callable[[Patient], Finding]], ...] = (
    ("data directory", _directory),
    ("stream", _stream),
    ("bronze", _bronze),
    ("warehouse", _warehouse),
    ("silver", _silver),
    ("quarantine", _quarantine),
    ("schema drift", _drift),
    ("gold", _gold),
)


def _lag(patient: Patient, stage: str, text: str, backlog: Backlog) -> Finding:
    if backlog.oldest_arrived_at_us is None:
        return Finding(stage, "ok", text)
    if not patient.is_running:
        return Finding(stage, "stopped", text, "no pipeline is running", patient.command("run"))
    waited = (patient.clock() - backlog.oldest_arrived_at_us) / 1e6
    if waited > _LATE_SECONDS:
        return Finding(
            stage,
            "warning",
            f"{text}; the oldest for {waited:,.0f} s",
            "more arrives than this machine gets done, or the stage is catching up",
            f"{patient.command('status')} shows whether it gets less",
        )
    return Finding(stage, "ok", text)


def _failure(patient: Patient, stage: str, text: str) -> Finding | None:
    """The stage's last attempt, if it failed and has not been made good."""
    pending = patient.ledger.pending(stage)
    if pending is None or pending.outcome != "failed":
        return None
    cause, next_step = _split(pending.error or "it was cut off")
    if not patient.is_running:
        again = patient.command("run")
        next_step = f"{next_step}; then {again}" if next_step else again
    return Finding(stage, "stopped", text, cause, next_step or "the stage tries again by itself")


def _remedy(patient: Patient, cause: str) -> str | None:
    """The command that makes a damaged file good, where there is one."""
    data_dir = patient.data_dir
    if str(data_dir.warehouse) in cause:
        return patient.command("backfill")
    if str(data_dir.stream) in cause or str(data_dir.ledger) in cause:
        return f"airside backfill --source {shlex.quote(str(data_dir.root))} --data-dir NEW"
    return None


def _split(message: str) -> tuple[str, str | None]:
    """An error's message as what was seen and what to do next, which come in this order."""
    seen, _, next_step = message.rpartition("; ")
    return (seen, next_step) if seen else (next_step, None)
