"""How fast the silver SQL is, beside the least that any transform of the same records must do.

The limit is DuckDB judging each record with `json_valid` and extracting the same paths as text, and
nothing else. All figures come from the same run, alternating, the best of some rounds each; the
ratio is what to compare between machines.

    .venv/bin/python benchmarks/bench_silver_sql.py --records 100000 --threads 2
"""

import argparse
import json
import random
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import duckdb
import pyarrow as pa

from airside.events import FLIGHT_EVENTS
from airside.silver.kernel import RECORDS, Kernel, decode_utf8, feed_sql

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC
AIRPORTS = ["AMD", "BOM", "DEL", "BLR", "MAA", "CCU", "HYD", "PNQ"]
STATUSES = ["scheduled", "boarding", "departing", "en-route", "landed"]
TYPES = ["A320", "A21N", "B738", "AT76"]
SPOILED = 0.01
"""Share of malformed records, in five ways."""


def payloads(count: int, seed: int = 1) -> list[bytes]:
    """Records of the contract's shape and irregularities, 940 bytes on average."""
    rng = random.Random(seed)
    return [spoiled(rng, event(rng, number)) + b"\n" for number in range(count)]


def event(rng: random.Random, number: int) -> bytes:
    """One well-formed record."""
    now = datetime(2025, 9, 24) + timedelta(seconds=rng.randrange(86_400))  # noqa: DTZ001 - UTC
    stamps = [
        now.strftime("%d/%b/%Y %H:%M:%S"),
        f"{now.isoformat()}Z",
        int((now - EPOCH).total_seconds()),
    ]
    departure, arrival = rng.sample(AIRPORTS, 2)
    status = rng.choice(STATUSES)
    under_way = status not in {"scheduled", "boarding"}
    if rng.random() < 0.2:
        status = rng.choice([status.upper(), f" {status} ", f"{status.title()} "])
    return json.dumps(
        {
            "event_id": str(UUID(int=rng.getrandbits(128))),
            "event_timestamp": stamps[number % 3],
            "source_system_id": "simulator-v8.0-time-compressed",
            "flight_details": {
                "flight_icao": f"6E{rng.randrange(100, 9999)}",
                "airline_iata": "6E",
                "tail_number": f"VT-{''.join(rng.choices('ABCDEFGH', k=3))}",
            },
            "route_info": {
                "departure_airport_iata": departure,
                "arrival_airport_iata": arrival,
                "departure_gate": f"A{rng.randrange(30)}",
                "arrival_gate": f"C{rng.randrange(30)}",
                "scheduled_departure_utc": now.isoformat(),
                "scheduled_arrival_utc": (now + timedelta(hours=1)).isoformat(),
                "actual_departure_utc": (
                    (now - timedelta(minutes=rng.randrange(30))).isoformat() if under_way else None
                ),
                "actual_arrival_utc": now.isoformat() if status.strip() == "landed" else None,
            },
            "operational_data": {
                "taxi_time_minutes": rng.randrange(5, 30),
                "turnaround_time_minutes": 44 if rng.random() < 0.3 else None,
                "runway_in_use": "27R",
                "passenger_count": rng.randrange(60, 186),
                "baggage_count": rng.randrange(250),
                "security_wait_time_minutes": rng.randrange(40),
                "aircraft_type": rng.choice(TYPES),
                "weather_conditions": rng.choice(["Clear", "Light Rain", "Fog"]),
            },
            "live_telemetry": {
                "location_str": f"{rng.uniform(8, 30):.4f};{rng.uniform(68, 90):.4f}",
                "altitude_ft": rng.randrange(36_000),
                "ground_speed_kts": rng.randrange(460),
                "vertical_speed_fps": rng.randrange(-30, 30) if rng.random() < 0.9 else None,
                "heading": rng.randrange(361) if rng.random() < 0.9 else None,
                "flight_status": status,
            },
        }
    ).encode()


def spoiled(rng: random.Random, payload: bytes) -> bytes:
    """The record, or in one of a hundred cases something broken made of it."""
    if rng.random() >= SPOILED:
        return payload
    return rng.choice(
        [
            payload[: rng.randrange(len(payload))],
            b"\xff" + payload,
            b"[" + payload + b"]",
            payload.replace(b'"event_id"', b'"id"'),
            payload.replace(b'"flight_status": "', b'"flight_status": "\\u0000\\t?'),
        ]
    )


def table(records: list[bytes], chunk: int) -> pa.Table:
    """The records as the stream gives them."""
    count = len(records)
    whole = pa.table(
        [
            pa.array(["shard-0"] * count),
            pa.array([f"{number:020}" for number in range(count)]),
            pa.array(range(count), pa.timestamp("us")),
            pa.array(records, pa.binary()),
        ],
        schema=RECORDS,
    )
    return pa.Table.from_batches(whole.to_batches(max_chunksize=chunk), RECORDS)


def best_seconds(
    runs: dict[str, Callable[[], object]], rounds: int
) -> dict[str, tuple[float, float]]:
    """The shortest time of each run by the clock, and by the processors that it kept busy.

    They take turns, so that they share the machine's moods; on a busy machine the second figure is
    the steadier.
    """
    best = dict.fromkeys(runs, (float("inf"), float("inf")))
    for _ in range(rounds):
        for name, run in runs.items():
            started, busy = time.perf_counter(), time.process_time()
            run()
            wall, cpu = best[name]
            best[name] = (
                min(wall, time.perf_counter() - started),
                min(cpu, time.process_time() - busy),
            )
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, help="records in a batch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    records = payloads(options.records)
    batch = table(records, chunk=4096)
    decoded = batch.drop_columns("payload").append_column(
        "text", pa.chunked_array([decode_utf8(chunk) for chunk in batch["payload"].chunks])
    )
    sql = feed_sql(FLIGHT_EVENTS)
    paths = ", ".join(re.findall(r"^\s+('\$\.[^']+'),?$", sql, re.MULTILINE))
    with duckdb.connect(config={"threads": options.threads}) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.register("records", decoded)
        kernel = Kernel(connection)
        runs: dict[str, Callable[[], object]] = {
            "limit: json_valid, json_extract_string": lambda: connection.execute(
                "SELECT count(json_extract_string("
                f"CASE WHEN json_valid(text) THEN text END, [{paths}])) FROM records"
            ).fetchall(),
            "SQL into a temporary table, planned anew": lambda: connection.execute(
                f"CREATE OR REPLACE TEMP TABLE silver AS {sql}"
            ),
            "Kernel: UTF-8, SQL planned once, Arrow": lambda: kernel.to_arrow(batch),
        }
        seconds = best_seconds(runs, options.rounds)

    limit, _ = next(iter(seconds.values()))
    mean_bytes = sum(map(len, records)) / len(records)
    print(f"{options.records:,} records of {mean_bytes:.0f} bytes, {options.threads} threads")
    for name, (wall, cpu) in seconds.items():
        print(
            f"{name:42} {options.records / wall:10,.0f} records/s  {limit / wall:5.2f} of the limit"
            f"  {cpu / options.records * 1e6:5.1f} us of processor time a record"
        )


if __name__ == "__main__":
    main()
