"""What all engines are given, and what they give (the rules are in the package's docstring)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from airside.simulator import Simulator, SimulatorConfig, mess_preset

Answer = list[tuple[str, int, float, float]]
"""Airline, legs, mean and median departure delay in minutes."""

CLEAN = {
    "line": "BIGINT",
    "event_id": "VARCHAR",
    "event_at": "TIMESTAMP",
    "flight_icao": "VARCHAR",
    "airline_iata": "VARCHAR",
    "tail_number": "VARCHAR",
    "aircraft_type": "VARCHAR",
    "departure_airport_iata": "VARCHAR",
    "arrival_airport_iata": "VARCHAR",
    "scheduled_departure_at": "TIMESTAMP",
    "scheduled_arrival_at": "TIMESTAMP",
    "actual_departure_at": "TIMESTAMP",
    "actual_arrival_at": "TIMESTAMP",
    "departure_delay_minutes": "DOUBLE",
    "arrival_delay_minutes": "DOUBLE",
    "taxi_time_minutes": "INTEGER",
    "passenger_count": "INTEGER",
    "baggage_count": "INTEGER",
    "altitude_ft": "INTEGER",
    "ground_speed_kts": "INTEGER",
    "heading": "INTEGER",
    "flight_status": "VARCHAR",
}
"""Column → DuckDB's type of it; a TIMESTAMP is a UTC instant."""
REFUSED = {"line": "BIGINT", "reason": "VARCHAR"}

SECTIONS = {
    "flight_details": ("flight_icao", "airline_iata", "tail_number"),
    "route_info": (
        "departure_airport_iata",
        "arrival_airport_iata",
        "scheduled_departure_utc",
        "scheduled_arrival_utc",
        "actual_departure_utc",
        "actual_arrival_utc",
    ),
    "operational_data": (
        "taxi_time_minutes",
        "passenger_count",
        "baggage_count",
        "aircraft_type",
    ),
    "live_telemetry": ("altitude_ft", "ground_speed_kts", "heading", "flight_status"),
}
"""Section of a record → the fields that are read; beside `event_id` and `event_timestamp`."""

CODES = ("flight_icao", "airline_iata", "tail_number", "aircraft_type")
AIRPORTS = ("departure_airport_iata", "arrival_airport_iata")
TIMES = ("scheduled_departure", "scheduled_arrival", "actual_departure", "actual_arrival")
NATURALS = (
    "taxi_time_minutes",
    "passenger_count",
    "baggage_count",
    "ground_speed_kts",
    "heading",
)
"""Integers that are not negative."""
STATUSES = {
    **{
        name: name
        for name in (
            "scheduled",
            "boarding",
            "departing",
            "en-route",
            "landed",
            "diverted",
            "cancelled",
        )
    },
    **dict.fromkeys(("en route", "enroute", "airborne", "active"), "en-route"),
    "arrived": "landed",
    "canceled": "cancelled",
}
"""Status as written, in lower case → as the contract has it."""

ISO_TIME = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?$"
CLOCK_TIME = r"^\d{1,2}/[A-Za-z]{3}/20\d\d \d\d:\d\d:\d\d$"
UNIX_TIME = r"^\d{9,13}$"
NATURAL = r"^(?:\+?\d+|-0+)$"
INTEGER = r"^[+-]?\d+$"
AIRPORT = r"^[A-Za-z]{3}$"
MILLISECONDS_FROM = 100_000_000_000
INTEGER_MAX = 2**31 - 1

_ROWS = 16_384  # a row group: small enough that two threads share even a short file


def write_records(path: Path, records: int, mess: str, seed: int = 42) -> int:
    """Simulate records; returns how many are in the file, which is a few less.

    Args:
        path: The Parquet file.
        records: So many are simulated, and some of them left out (the package says which).
        mess: The simulator's level of mess.
        seed: The simulator's.
    """
    config = SimulatorConfig(
        flights_per_day=2_000,
        seed=seed,
        mess=mess_preset(mess),
        start=datetime(2025, 9, 24, tzinfo=UTC),
    )
    payloads = [each.payload for each in islice(Simulator(config).emissions(), records)]
    return write_lines(path, payloads)


def write_lines(path: Path, payloads: Iterable[bytes]) -> int:
    """Number lines and write them, less those that only some readers would forgive."""
    strict = [each for each in payloads if not each.endswith(b",}") and b": NaN" not in each]
    table = pa.table(
        {"line": pa.array(range(len(strict)), pa.int64()), "payload": pa.array(strict, pa.binary())}
    )
    pq.write_table(table, path, compression="none", use_dictionary=False, row_group_size=_ROWS)
    return len(strict)


def folders(target: Path) -> tuple[Path, Path]:
    """Make the folders of clean and of refused rows."""
    clean, refused = target / "clean", target / "refused"
    clean.mkdir(parents=True)
    refused.mkdir()
    return clean, refused


def leg_delays(clean: Path) -> str:
    """The question, in DuckDB's SQL, over the clean rows."""
    return f"""
        WITH legs AS (
            SELECT arg_max(airline_iata, (event_at, line)) AS airline_iata,
                arg_max(departure_delay_minutes, (event_at, line)) AS minutes
            FROM read_parquet('{clean}/*.parquet')
            WHERE departure_delay_minutes IS NOT NULL AND airline_iata IS NOT NULL
            GROUP BY flight_icao, departure_airport_iata, scheduled_departure_at
        )
        SELECT airline_iata, count(*), avg(minutes), median(minutes) FROM legs GROUP BY ALL
    """
