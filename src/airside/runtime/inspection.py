"""Reads every byte that a data directory keeps, and names each file that is not what was written.

The stages read only what they need next, so damage in what is done already shows when somebody asks
for it, or when a rebuild needs it. This looks before.
"""

import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from airside import silver
from airside.bronze import Archive, ArchiveReader
from airside.bronze.archive import DATA_SUFFIX
from airside.bronze.index import CURE
from airside.errors import AirsideError, CorruptDataError
from airside.events import FLIGHT_EVENTS
from airside.gold import parquet
from airside.lake import Lake
from airside.runtime.lakes import lake_of
from airside.runtime.mending import Mender
from airside.runtime.patient import Finding, Patient
from airside.stream import RangeFile
from airside.stream.salvage import SalvagedStream

_NAMED = 5
_TABLES = """
SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema IN ('main', 'staging') ORDER BY ALL
"""


def inspect(patient: Patient) -> list[Finding]:
    """Look at every file; one finding for each part of the directory."""
    findings = []
    for part, check in _CHECKS:
        damaged = [*check(patient)]
        stage = f"{part}, every byte"
        if not damaged:
            findings.append(Finding(stage, "ok", "is as it was written"))
            continue
        seen, _, cure = damaged[0].rpartition("; ")
        more = [each.rpartition("; ")[0] for each in damaged[1:_NAMED]]
        findings.append(
            Finding(
                stage,
                "stopped",
                f"damaged in {len(damaged):,} places",
                "; ".join([seen, *more]),
                cure,
            )
        )
    return findings


def _stream(patient: Patient) -> Iterator[str]:
    path = patient.data_dir.stream
    if patient.data_dir.stream_url is not None or not path.exists():
        return
    with closing(SalvagedStream(path, {})) as whole:
        holes = [hole for hole in whole.holes if hole.first > 1]  # what is old has been dropped
    source = shlex.quote(str(patient.data_dir.root))
    cure = (
        "`airside run` goes on if these have been archived and cleaned; if not, restore it from a "
        f"copy, or run `airside backfill --source {source} --data-dir NEW`"
    )
    for hole in holes:
        yield f"{path}: records {hole} are damaged or missing; {cure}"
    yield from _sqlite(path, cure)


def _ledger(patient: Patient) -> Iterator[str]:
    source = shlex.quote(str(patient.data_dir.root))
    yield from _sqlite(
        patient.data_dir.ledger,
        "restore the whole directory from a copy, or run "
        f"`airside backfill --source {source} --data-dir NEW`",
    )


def _alerts(patient: Patient) -> Iterator[str]:
    yield from _sqlite(
        patient.data_dir.alerts, "move it away: a new one is made, and alerts begin anew"
    )


def _sqlite(path: Path, cure: str) -> Iterator[str]:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as database:
            for (text,) in database.execute("PRAGMA integrity_check(1)"):
                if text != "ok":
                    yield f"{path}: {' '.join(text.split())}; {cure}"
    except sqlite3.Error as error:
        yield f"{path}: {error}; {cure}"


def _archive(patient: Patient) -> Iterator[str]:
    archive = Archive(lake_of(patient.data_dir), FLIGHT_EVENTS)
    mender = Mender(archive, None, lambda _: None)
    reader = ArchiveReader(archive)
    reached = dict(reader.floor.through)
    for name in reader.files:
        file = RangeFile.parse(name, DATA_SUFFIX)
        try:
            after = mender.read(name).after
        except CorruptDataError as error:
            yield str(error)
        else:
            if after > reached.get(file.shard_id, ""):
                yield f"the file before {name} is missing; {CURE}"
        reached[file.shard_id] = file.last


def _warehouse(patient: Patient) -> Iterator[str]:
    for name in patient.reader.query(_TABLES).column("name").to_pylist():
        schema, _, table = name.partition(".")
        try:
            patient.reader.query(f'SELECT bit_xor(hash(t)) FROM "{schema}"."{table}" AS t')
        except CorruptDataError as error:
            seen, _, _ = str(error).partition("; ")
            yield f"{seen}; {patient.command('backfill')}"
            return


def _cleaned(patient: Patient) -> Iterator[str]:
    lake = lake_of(patient.data_dir)
    cure = f"{patient.command('backfill')} makes it anew from the archive"
    for zone, table, columns in (
        ("silver", f"staging.{FLIGHT_EVENTS.name}", FLIGHT_EVENTS.column_names),
        ("quarantine", "staging.quarantine", silver.QUARANTINE_COLUMNS),
    ):
        root = f"{zone}/{FLIGHT_EVENTS.name}"
        for name in lake.names(root, ".parquet"):
            rows = _read(lake, name, columns)
            if rows is None:
                yield f"{lake.where(name)} cannot be read; {cure}"
            elif rows != _staged(patient, table, columns, RangeFile.parse(name, ".parquet"), rows):
                yield f"{lake.where(name)} holds other rows than {table}; {cure}"


def _gold(patient: Patient) -> Iterator[str]:
    lake = lake_of(patient.data_dir)
    cure = f"move it away: {patient.command('run --until-drained')} writes it again"
    for name in lake.names(parquet.FOLDER, ".parquet"):
        with lake.local(name) as path:
            if not parquet.is_whole(path):
                yield f"{lake.where(name)} cannot be read; {cure}"


def _read(lake: Lake, name: str, columns: tuple[str, ...] | list[str]) -> tuple[int, int] | None:
    """How many rows a Parquet file has, and a hash of them all; None where it cannot be read."""
    rows = f"SELECT {', '.join(columns)} FROM read_parquet(?, hive_partitioning = false)"
    with lake.local(name) as path, duckdb.connect() as database, suppress(duckdb.Error):
        database.execute("SET TimeZone = 'UTC'")
        count, xor = database.execute(
            f"SELECT count(*), coalesce(bit_xor(hash(t)), 0) FROM ({rows}) AS t", [str(path)]
        ).fetchall()[0]
        return int(count), int(xor)
    return None


def _staged(
    patient: Patient,
    table: str,
    columns: tuple[str, ...] | list[str],
    file: RangeFile,
    rows: tuple[int, int],
) -> tuple[int, int]:
    """The same of what staging has of the file's range; the file's own where that is not all."""
    hour = file.folder.rpartition("ingest_date=")[2].replace("/ingest_hour=", " ")
    found = patient.reader.query(
        "SELECT count(*) AS n, coalesce(bit_xor(hash(t)), 0) AS xor FROM"
        f" (SELECT {', '.join(columns)} FROM {table} WHERE shard_id = ?"
        " AND sequence_number > ? AND sequence_number <= ?"
        " AND date_trunc('hour', arrived_at) = CAST(? || ':00:00' AS TIMESTAMP)) AS t",
        [file.shard_id, file.first, file.last, hour],
    ).to_pylist()[0]
    # Retention may have taken rows from staging.
    return rows if found["n"] < rows[0] else (int(found["n"]), int(found["xor"]))


def _guarded(check: Callable[[Patient], Iterator[str]]) -> Callable[[Patient], Iterator[str]]:
    """A check to which a part that cannot be opened at all is damage too."""

    def guarded(patient: Patient) -> Iterator[str]:
        try:
            yield from check(patient)
        except AirsideError as error:
            yield str(error)

    return guarded


_CHECKS = tuple(
    (part, _guarded(check))
    for part, check in (
        ("stream", _stream),
        ("ledger", _ledger),
        ("alerts", _alerts),
        ("archive", _archive),
        ("warehouse", _warehouse),
        ("silver and quarantine", _cleaned),
        ("gold", _gold),
    )
)
