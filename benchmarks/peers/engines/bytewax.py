"""Bytewax: a dataflow of Python functions, record by record, with keyed state for duplicates.

Its source is one partition, as the first of two records with an id wins and only one partition
keeps an order; its workers are threads (`-w 2`), and share Python's lock.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import bytewax.operators as op
import pyarrow as pa
import pyarrow.parquet as pq
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main
from bytewax.testing import TestingSink

from peers.documents import names, read, texts
from peers.task import (
    AIRPORT,
    AIRPORTS,
    CLEAN,
    CLOCK_TIME,
    CODES,
    INTEGER,
    INTEGER_MAX,
    ISO_TIME,
    MILLISECONDS_FROM,
    NATURAL,
    NATURALS,
    REFUSED,
    STATUSES,
    UNIX_TIME,
    Answer,
    folders,
)

TITLE = "Bytewax"
PACKAGE = "bytewax"
NEEDED = "all of it in Python, as its operators take functions; its own source and sinks of Parquet"

_ARROW = {
    "BIGINT": pa.int64(),
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
}
_IN, _OUT = 1_000, 50_000
"""Records that are read, and rows that are written, at once."""
_PATTERNS = {
    pattern: re.compile(pattern, re.ASCII)
    for pattern in (ISO_TIME, CLOCK_TIME, UNIX_TIME, NATURAL, INTEGER, AIRPORT)
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


class _Last(NamedTuple):
    """What the last row of a leg says."""

    at: tuple[datetime, int]
    airline: str
    minutes: float


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    clean_folder, refused_folder = folders(target)
    answer: Answer = []
    flow = Dataflow("flight_events")
    records = op.input("records", flow, _Records(source))
    judged = op.branch(
        "judged", op.flat_map_batch("judge", records, _judge_all), lambda row: row["reason"] is None
    )
    by_id = op.key_on("by_id", judged.trues, lambda row: row["event_id"])
    told = op.key_rm("told", op.stateful_map("first", by_id, _tell))
    accepted = op.branch("accepted", told, lambda row: row["reason"] is None)
    op.output("clean", accepted.trues, _Parquet(clean_folder, CLEAN))
    refused = op.merge("refused", judged.falses, accepted.falses)
    op.output("refused_files", refused, _Parquet(refused_folder, REFUSED))

    departed = op.filter(
        "departed", accepted.trues, lambda row: row["departure_delay_minutes"] is not None
    )
    of_airline = op.filter("of_airline", departed, lambda row: row["airline_iata"] is not None)
    legs = op.fold_final("legs", op.key_on("by_leg", of_airline, _leg), lambda: None, _later)
    delays = op.map("delays", legs, lambda leg: (leg[1].airline, leg[1].minutes))
    airlines = op.fold_final("airlines", delays, list, lambda found, more: [*found, more])
    means = op.map("means", airlines, lambda a: (a[0], len(a[1]), fmean(a[1]), median(a[1])))
    op.output("answer", means, TestingSink(answer))
    cli_main(flow, workers_per_process=threads)
    return answer


def _judge_all(records: list[tuple[int, bytes]]) -> list[Row]:
    return [_judge(line, payload) for line, payload in records]


def _tell(seen: bool | None, row: Row) -> tuple[bool, Row]:
    if seen:
        return True, {"line": row["line"], "reason": "duplicate"}
    return True, row


def _leg(row: Row) -> str:
    return (
        f"{row['flight_icao']}|{row['departure_airport_iata']}"
        f"|{row['scheduled_departure_at'].isoformat()}"
    )


def _later(last: _Last | None, row: Row) -> _Last:
    at = (row["event_at"], row["line"])
    if last is not None and last.at > at:
        return last
    return _Last(at, row["airline_iata"], row["departure_delay_minutes"])


_NAMES = names()


def _judge(line: int, payload: bytes) -> Row:
    """The clean row of a record, or the first reason that refuses it."""
    reason, document = read(payload)
    if reason is not None:
        return {"line": line, "reason": reason}
    text = dict(zip(_NAMES, texts(document), strict=True))
    row: Row = {
        "line": line,
        "event_id": text["event_id"],
        "event_at": _event_time(text["event_timestamp"]),
        "scheduled_departure_at": _time(text["scheduled_departure_utc"]),
        "scheduled_arrival_at": _time(text["scheduled_arrival_utc"]),
        "flight_status": STATUSES.get((text["flight_status"] or "").lower()),
        "altitude_ft": _integer(text["altitude_ft"], INTEGER),
    }
    for name in CODES:
        code = text[name]
        row[name] = code.upper() if code else None
    for name in AIRPORTS:
        code = text[name]
        row[name] = code.upper() if code and _PATTERNS[AIRPORT].match(code) else None
    row["reason"] = _reason(row)
    if row["reason"] is None:
        for name in NATURALS:
            row[name] = _integer(text[name], NATURAL)
        if (row["heading"] or 0) > 360:
            row["heading"] = None
        _add_actual_times(row, text)
    return row


def _reason(row: Row) -> str | None:
    departure, arrival = row["scheduled_departure_at"], row["scheduled_arrival_at"]
    checks = (
        ("missing_event_id", row["event_id"] is None),
        ("bad_event_timestamp", row["event_at"] is None),
        ("missing_flight", row["flight_icao"] is None),
        ("bad_route", any(row[name] is None for name in AIRPORTS)),
        ("bad_schedule", departure is None or arrival is None or arrival <= departure),
        ("bad_status", row["flight_status"] is None),
    )
    return next((reason for reason, applies in checks if applies), None)


def _add_actual_times(row: Row, text: dict[str, str | None]) -> None:
    departure, arrival = (
        at if at is not None and at <= row["event_at"] else None
        for at in (_time(text["actual_departure_utc"]), _time(text["actual_arrival_utc"]))
    )
    if departure is not None and arrival is not None and arrival < departure:
        arrival = None
    row["actual_departure_at"], row["actual_arrival_at"] = departure, arrival
    for of, actual in (("departure", departure), ("arrival", arrival)):
        late = None if actual is None else (actual - row[f"scheduled_{of}_at"]) / _MINUTE
        row[f"{of}_delay_minutes"] = late


_MINUTE = timedelta(minutes=1)


def _time(text: str | None) -> datetime | None:
    if text is None or not _PATTERNS[ISO_TIME].match(text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _event_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    if _PATTERNS[UNIX_TIME].match(text):
        number = int(text)
        if number < MILLISECONDS_FROM:
            return _EPOCH + timedelta(seconds=number)
        return _EPOCH + timedelta(milliseconds=number)
    if _PATTERNS[CLOCK_TIME].match(text):
        try:
            return datetime.strptime(text, "%d/%b/%Y %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            return None
    return _time(text)


def _integer(text: str | None, pattern: str) -> int | None:
    if text is None or not _PATTERNS[pattern].match(text):
        return None
    number = int(text)
    return number if -INTEGER_MAX - 1 <= number <= INTEGER_MAX else None


class _Records(FixedPartitionedSource[tuple[int, bytes], None]):
    """The lines of a file, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def list_parts(self) -> list[str]:
        return [self._path.name]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> "_Part":  # noqa: ARG002
        return _Part(self._path)


class _Part(StatefulSourcePartition[tuple[int, bytes], None]):
    def __init__(self, path: Path) -> None:
        self._batches = _batches(path)

    def next_batch(self) -> Iterable[tuple[int, bytes]]:
        return next(self._batches)  # its end is the end of the source

    def snapshot(self) -> None:
        return None


def _batches(path: Path) -> Iterator[list[tuple[int, bytes]]]:
    for batch in pq.ParquetFile(path).iter_batches(_IN):
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


class _Parquet(DynamicSink[Row]):
    """A file of each worker."""

    def __init__(self, folder: Path, columns: dict[str, str]) -> None:
        self._folder = folder
        self._schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "_Writer":  # noqa: ARG002
        return _Writer(self._folder / f"{worker_index}.parquet", self._schema)


class _Writer(StatelessSinkPartition[Row]):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema)
        self._schema = schema
        self._rows: list[Row] = []

    def write_batch(self, items: list[Row]) -> None:
        self._rows += items
        if len(self._rows) >= _OUT:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []
