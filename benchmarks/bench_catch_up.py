"""Catching up: records a second through the whole pipeline, beside the bare minimum.

    python benchmarks/bench_catch_up.py [--records 1000000] [--mess typical] [--rounds 1]

**The pipeline** is `open_pipeline` with the default settings: a backlog is drained by both
consumers side by side (archive with its files and index; silver with its plans, verdicts,
quarantine, duplicates, Parquet, staging, durable commits), then gold is refreshed once. It has been
running before the backlog came: the star schema stands on the first 20,000 records, and has been
refreshed. The Parquet exports of gold are no part of it.

**The bare minimum** does the same amount of reading and writing on the same stream, with as many
threads and in batches of the same size, by a script that a careful engineer might write in an hour:

- reads the frames, decompresses them, checks UTF-8, makes Arrow of them;
- runs one DuckDB statement on each batch: `json_valid` as the guard, `json_extract_string` of the
  same 28 paths, and a plain cast of each to its type in the silver row, with the leg's key and the
  delays, for every valid record with an event_id;
- writes the rows to one Parquet file a batch (zstd, flushed to the disk);
- inserts them into a DuckDB file, one durable transaction a batch.

It has no archive, no rules beyond the casts (no trimming, case, time grammar beyond three formats,
ranges, vocabulary, flags, reasons), no quarantine, no duplicates, no ledger, no checkpoint that a
crash could resume from, and no gold. Limits: 150,000 records a second on 2 idle cores, and 0.8 of
the bare minimum's rate.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from airside.events import FLIGHT_EVENTS
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings
from airside.silver.kernel import decode_utf8
from airside.simulator import Simulator, SimulatorConfig, mess_preset
from airside.stream import EmbeddedStream, SequenceRange, frames_to_arrow

LIMIT_RECORDS_PER_SECOND = 150_000
LIMIT_RATIO = 0.8
WARM_RECORDS = 20_000
_TIME = "try_cast({} AS TIMESTAMP)".format
_SECTIONS = {
    "flight_details": ("flight_icao", "airline_iata", "tail_number"),
    "route_info": (
        "departure_airport_iata",
        "arrival_airport_iata",
        "departure_gate",
        "arrival_gate",
        "scheduled_departure_utc",
        "scheduled_arrival_utc",
        "actual_departure_utc",
        "actual_arrival_utc",
    ),
    "operational_data": (
        "taxi_time_minutes",
        "turnaround_time_minutes",
        "runway_in_use",
        "passenger_count",
        "baggage_count",
        "security_wait_time_minutes",
        "aircraft_type",
        "weather_conditions",
    ),
    "live_telemetry": (
        "location_str",
        "altitude_ft",
        "ground_speed_kts",
        "vertical_speed_fps",
        "heading",
        "flight_status",
    ),
}
_PATHS = {
    **{name: f"$.{name}" for name in ("event_id", "event_timestamp", "source_system_id")},
    **{name: f"$.{section}.{name}" for section, names in _SECTIONS.items() for name in names},
}
_FROM_OTHER_FIELDS = {
    "event_at": f"coalesce({_TIME('event_timestamp')},"
    " try_strptime(event_timestamp, '%d/%b/%Y %H:%M:%S'))",
    "leg_key": "md5(flight_icao || '|' || departure_airport_iata"
    " || '|' || scheduled_departure_utc)",
    "latitude": "try_cast(split_part(location_str, ';', 1) AS DOUBLE)",
    "longitude": "try_cast(split_part(location_str, ';', 2) AS DOUBLE)",
    "departure_delay_minutes": f"date_diff('second', {_TIME('scheduled_departure_utc')},"
    f" {_TIME('actual_departure_utc')}) / 60.0",
    "arrival_delay_minutes": f"date_diff('second', {_TIME('scheduled_arrival_utc')},"
    f" {_TIME('actual_arrival_utc')}) / 60.0",
    "quality_flags": "[]::VARCHAR[]",
}


def bare_sql() -> str:
    """One statement from `records` to rows of silver's columns, by plain casts."""
    columns = []
    for column in FLIGHT_EVENTS.columns:
        source = column.name.removesuffix("_at") + "_utc"
        if column.name in _FROM_OTHER_FIELDS:
            value = _FROM_OTHER_FIELDS[column.name]
        elif column.type == "TIMESTAMP" and source in _PATHS:
            value = _TIME(source)
        elif column.name in _PATHS:
            value = f"try_cast({column.name} AS {column.type})"
        elif column.name in {"shard_id", "sequence_number", "arrived_at"}:
            value = column.name
        else:
            value = f"NULL::{column.type}"
        columns.append(f"{value} AS {column.name}")
    fields = ", ".join(f"v[{n}] AS {name}" for n, name in enumerate(_PATHS, start=1))
    return (
        f"SELECT {', '.join(columns)} FROM (SELECT * EXCLUDE (v), {fields} FROM ("
        "SELECT shard_id, sequence_number, arrived_at, json_extract_string("
        f"CASE WHEN json_valid(text) THEN text END, {list(_PATHS.values())!r}) AS v FROM records"
        ")) WHERE event_id IS NOT NULL"
    )


def drain_bare(data_dir: DataDir, folder: Path) -> dict[str, Any]:
    """Do the bare minimum for all that is on the stream."""
    settings = Settings()
    stream = EmbeddedStream(data_dir.stream, clock=wall_clock)
    select = bare_sql()
    folder.mkdir()
    with duckdb.connect(folder / "rows.duckdb") as connection:
        connection.execute(f"SET threads = {settings.warehouse.threads}")
        connection.execute("SET memory_limit = ?", [settings.warehouse.memory_limit])
        connection.execute("SET checkpoint_threshold = '256MB'")
        types = ", ".join(f"{column.name} {column.type}" for column in FLIGHT_EVENTS.columns)
        connection.execute(f"CREATE TABLE flight_events ({types})")
        after: dict[str, str] = {}
        records = batches = 0
        with _measured() as figures:
            while frames := stream.read(
                after,
                max_records=settings.silver.max_batch_records,
                max_bytes=settings.silver.max_batch_bytes,
            ):
                after = dict(SequenceRange.of(after, frames).through)
                table = frames_to_arrow(frames)
                text = pa.chunked_array([decode_utf8(c) for c in table["payload"].chunks])
                rows = table.drop_columns("payload").append_column("text", text)
                # As many record batches as threads have to do with: one would occupy one thread.
                rows = pa.Table.from_batches(rows.to_batches(max_chunksize=8_192))
                connection.register("records", rows)
                connection.execute(f"CREATE OR REPLACE TEMP TABLE batch AS {select}")
                path = folder / f"{batches:06}.parquet"
                connection.execute(f"COPY batch TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
                _flush(path)
                connection.execute("INSERT INTO flight_events FROM batch")
                records += table.num_rows
                batches += 1
    return {"records": records, **figures}


def drain_pipeline(data_dir: DataDir, before: list[Path], backlog: Path) -> dict[str, Any]:
    """Drain the backlog with the whole pipeline, and refresh gold once."""
    with open_pipeline(data_dir, Settings()) as pipeline:
        for lines in before:
            _put(data_dir, lines)
            pipeline.drain()
        _put(data_dir, backlog)
        stages: dict[str, Any] = {}
        with _measured() as figures:
            with _measured() as stages["bronze_and_silver"]:
                archive = threading.Thread(target=lambda: pipeline.archiver.run_once(flush=True))
                archive.start()
                records = 0
                while done := pipeline.silver.run_once():
                    records += done
                archive.join()
            with _measured() as stages["gold"]:
                pipeline.refresh()
    for stage, taken in stages.items():
        figures[f"{stage}_seconds"] = taken["seconds"]
        figures[f"{stage}_processor_seconds"] = taken["processor_seconds"]
    return {"records": records, **figures}


@contextmanager
def _measured() -> Iterator[dict[str, Any]]:
    figures: dict[str, Any] = {}
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    yield figures
    after = resource.getrusage(resource.RUSAGE_SELF)
    figures["seconds"] = round(time.perf_counter() - begun, 3)
    figures["processor_seconds"] = round(
        after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, 3
    )
    figures["peak_memory_mib"] = round(after.ru_maxrss / 1024)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _put(data_dir: DataDir, lines: Path) -> float:
    """Put a file's records on the stream, some at a time; returns records a second."""
    stream = EmbeddedStream(data_dir.stream, clock=wall_clock)
    records, seconds = 0, 0.0
    with lines.open("rb") as file:
        while payloads := [line.rstrip(b"\n") for line in islice(file, 5_000)]:
            begun = time.perf_counter()
            stream.put(payloads)
            seconds += time.perf_counter() - begun
            records += len(payloads)
    stream.close()
    return records / seconds


def _child(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, __file__, *map(str, arguments)]
    result: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    )
    return result


def measure(records: int, mess: str, rounds: int) -> dict[str, Any]:
    """Both on the same records, each in a process of its own, in turns; the best of the rounds."""
    config = SimulatorConfig(
        flights_per_day=2_000, mess=mess_preset(mess), start=datetime(2025, 9, 24, tzinfo=UTC)
    )
    emissions = Simulator(config).emissions()
    sides: dict[str, list[dict[str, Any]]] = {"pipeline": [], "bare_minimum": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        before = [folder / f"before-{number}.ndjson" for number in range(2)]
        backlog = folder / "backlog.ndjson"
        for path, count in (*((path, WARM_RECORDS // 2) for path in before), (backlog, records)):
            with path.open("wb") as file:
                file.writelines(
                    each.payload.replace(b"\n", b" ") + b"\n" for each in islice(emissions, count)
                )
        only = DataDir(folder / "bare")
        only.open()
        put_rate = _put(only, backlog)
        for number in range(rounds):
            whole = folder / f"data-{number}"
            sides["pipeline"].append(_child("--pipeline", whole, *before, backlog))
            sides["bare_minimum"].append(_child("--bare", only.root, folder / f"rows-{number}"))
        size = backlog.stat().st_size
    best = {name: min(runs, key=lambda run: run["seconds"]) for name, runs in sides.items()}
    assert all(run["records"] == records for run in best.values()), best
    rate = {name: records / run["seconds"] for name, run in best.items()}
    busy = {name: run["processor_seconds"] / records * 1e6 for name, run in best.items()}
    return {
        "records": records,
        "bytes_per_record": round(size / records),
        "put_records_per_second": round(put_rate),
        **{f"{name}_records_per_second": round(value) for name, value in rate.items()},
        "limit_records_per_second": LIMIT_RECORDS_PER_SECOND,
        "ratio": round(rate["pipeline"] / rate["bare_minimum"], 3),
        "ratio_of_processor_time": round(busy["bare_minimum"] / busy["pipeline"], 3),
        "limit_ratio": LIMIT_RATIO,
        **{f"{name}_processor_us_a_record": round(value, 2) for name, value in busy.items()},
        "runs": best,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--mess", default="typical")
    parser.add_argument("--rounds", type=int, default=1, help="the best of so many runs each")
    parser.add_argument("--pipeline", type=Path, nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=Path, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.pipeline:
        root, *before, backlog = arguments.pipeline
        figures = drain_pipeline(DataDir(root), before, backlog)
    elif arguments.bare:
        figures = drain_bare(DataDir(arguments.bare[0]), arguments.bare[1])
    else:
        figures = measure(arguments.records, arguments.mess, arguments.rounds)
    print(json.dumps(figures, indent=2))
