"""Records a second drained through bronze, silver and staging, beside merely parsing them.

    python benchmarks/bench_pipeline.py [--records 500000] [--mess typical]

The limit is DuckDB, with as many threads, extracting the contract's fields from the same lines in
memory, and throwing them away: no rules, no archive, no files, no staging, no duplicates, nothing
durable. Gold is not part of either.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings
from airside.simulator import Simulator, SimulatorConfig, mess_preset
from airside.stream import EmbeddedStream

PATHS = [
    "$.event_id",
    "$.event_timestamp",
    "$.source_system_id",
    *(f"$.flight_details.{name}" for name in ("flight_icao", "airline_iata", "tail_number")),
    *(
        f"$.route_info.{name}"
        for name in (
            "departure_airport_iata",
            "arrival_airport_iata",
            "departure_gate",
            "arrival_gate",
            "scheduled_departure_utc",
            "scheduled_arrival_utc",
            "actual_departure_utc",
            "actual_arrival_utc",
        )
    ),
    *(
        f"$.operational_data.{name}"
        for name in (
            "taxi_time_minutes",
            "turnaround_time_minutes",
            "runway_in_use",
            "passenger_count",
            "baggage_count",
            "security_wait_time_minutes",
            "aircraft_type",
            "weather_conditions",
        )
    ),
    *(
        f"$.live_telemetry.{name}"
        for name in (
            "location_str",
            "altitude_ft",
            "ground_speed_kts",
            "vertical_speed_fps",
            "heading",
            "flight_status",
        )
    ),
]


def parse_only(payloads: list[bytes], threads: int) -> float:
    """Records a second of DuckDB extracting every field of the contract, and keeping nothing."""
    texts = [payload.decode("utf-8", errors="replace") for payload in payloads]
    table = pa.Table.from_batches(pa.table({"text": texts}).to_batches(max_chunksize=8_192))
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.register("records", table)
        begun = time.perf_counter()
        connection.execute(
            "SELECT max(length(array_to_string(f, ''))) FROM (SELECT json_extract_string("
            f"CASE WHEN json_valid(text) THEN text END, {PATHS!r}) AS f FROM records)"
        ).fetchall()
        return len(payloads) / (time.perf_counter() - begun)


def put(payloads: list[bytes], data_dir: DataDir) -> float:
    """Put the records on the stream of a new directory; returns records a second."""
    data_dir.open()
    stream = EmbeddedStream(data_dir.stream, clock=wall_clock)
    begun = time.perf_counter()
    for start in range(0, len(payloads), 5_000):
        stream.put(payloads[start : start + 5_000])
    seconds = time.perf_counter() - begun
    stream.close()
    return len(payloads) / seconds


def drain(data_dir: DataDir) -> dict[str, int]:
    """Time both consumers until nothing is left on the stream."""
    with open_pipeline(data_dir, Settings()) as pipeline:
        archive = threading.Thread(target=lambda: pipeline.archiver.run_once(flush=True))
        begun = time.perf_counter()
        archive.start()
        done = 0
        while records := pipeline.silver.run_once():
            done += records
        archive.join()
        seconds = time.perf_counter() - begun
    return {
        "drained_records": done,
        "drained_records_per_second": round(done / seconds),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def measure(records: int, mess: str) -> dict[str, Any]:
    """Drain simulated records in a process of its own, and parse the same ones."""
    config = SimulatorConfig(
        flights_per_day=2_000,
        mess=mess_preset(mess),
        start=datetime(2025, 9, 24, tzinfo=UTC),
    )
    payloads = [each.payload for each in islice(Simulator(config).emissions(), records)]
    with tempfile.TemporaryDirectory() as folder:
        put_rate = put(payloads, DataDir(Path(folder) / "data"))
        child = [sys.executable, __file__, "--drain", f"{folder}/data"]
        figures = json.loads(subprocess.run(child, check=True, capture_output=True).stdout)
    assert figures["drained_records"] == records
    limit = parse_only(payloads, Settings().warehouse.threads)
    return {
        "bytes_per_record": round(sum(map(len, payloads)) / records),
        "put_records_per_second": round(put_rate),
        **figures,
        "parse_only_records_per_second": round(limit),
        "ratio": round(figures["drained_records_per_second"] / limit, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--mess", default="typical")
    parser.add_argument("--drain", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drain:
        print(json.dumps(drain(DataDir(arguments.drain))))
    else:
        print(json.dumps(measure(arguments.records, arguments.mess), indent=2))
