"""A long history made in bulk: staging rows by SQL, and gold built upon them by its own models.

Nothing is replayed: no JSON, no archive, no Parquet lake. What the history leaves in the warehouse
is what the pipeline would have left: staging, batches, quarantine, accepted ids, and gold.

Half of the legs come to the hub and half leave it, in pairs flown by one aircraft; each has the
same number of events, from planned to landed, at the times and in the order that they would have
had.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from airside.gold import Gold
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings
from airside.warehouse import DuckDBWarehouse

END = datetime(2026, 3, 1)  # noqa: DTZ001  staging holds UTC, without a zone
"""Where the history ends and the measured work begins."""
BATCH_RECORDS = 2_000
REMEMBERED_IDS = 200_000
"""Accepted ids that a later record may be a duplicate of; the horizon bounds them, not history."""

_AIRLINES = ["6E", "AI", "QP", "SG", "IX", "UK", "EK", "QR", "SQ", "LH", "BA", "EY", "GF", "CX"]
_OUTSTATIONS = [
    "BOM",
    "DEL",
    "BLR",
    "MAA",
    "HYD",
    "CCU",
    "PNQ",
    "GOI",
    "COK",
    "JAI",
    "LKO",
    "IXC",
    "PAT",
    "NAG",
    "IDR",
    "RPR",
    "VNS",
    "BBI",
    "IXB",
    "GAU",
    "DXB",
    "DOH",
    "SIN",
    "FRA",
    "LHR",
    "AUH",
    "BAH",
    "HKG",
    "BKK",
    "KUL",
    "CMB",
    "DAC",
    "KTM",
    "MCT",
    "KWI",
    "JED",
    "RUH",
    "IST",
    "CDG",
    "AMS",
]
_TYPES = ["A320", "A20N", "A321", "B738", "AT76", "B789"]

_LEGS = """
SELECT
    *,
    scheduled_departure_at + to_minutes(departure_delay) AS left_at,
    scheduled_departure_at + to_minutes(departure_delay + flying + drift) AS landed_at,
    scheduled_departure_at + to_minutes(flying) AS scheduled_arrival_at,
    md5(
        flight_icao || '|' || departure_airport_iata || '|'
        || strftime(scheduled_departure_at, '%Y-%m-%dT%H:%M:%S.000000Z')
    ) AS leg_key
FROM (
    SELECT
        leg,
        airline_iata,
        airline_iata || (100 + 2 * of_day + leg % 2) AS flight_icao,
        'VT-' || (pair % 1500) AS tail_number,
        $types[pair % 1500 % len($types) + 1] AS aircraft_type,
        CASE WHEN leg % 2 = 0 THEN outstation ELSE 'AMD' END AS departure_airport_iata,
        CASE WHEN leg % 2 = 0 THEN 'AMD' ELSE outstation END AS arrival_airport_iata,
        CAST(60 + of_flight // 64 % 120 AS INTEGER) AS flying,
        date_trunc('minute', $first_at + to_microseconds(pair * $pair_us))
            + CASE WHEN leg % 2 = 0 THEN INTERVAL 0 MINUTE
                ELSE to_minutes(CAST(110 + of_flight // 64 % 120 AS INTEGER)) END
            AS scheduled_departure_at,
        CAST(floor(-18 * ln((1 + of_leg % 1000) / 1001.0)) - 8 AS INTEGER) AS departure_delay,
        CAST(of_leg // 1024 % 21 AS INTEGER) - 12 AS drift,
        CAST(60 + of_leg // 4096 % 130 AS INTEGER) AS passenger_count,
        of_leg // 65536 % 100 = 0 AS is_cancelled,
        of_leg // 65536 % 300 = 7 AS is_diverted,
        of_leg
    FROM (
        SELECT
            *,
            $airlines[of_flight % len($airlines) + 1] AS airline_iata,
            $outstations[of_flight // 32 % len($outstations) + 1] AS outstation
        FROM (
            SELECT
                range AS leg,
                range // 2 AS pair,
                range // 2 % $pairs_a_day AS of_day,
                CAST(hash(range) >> 1 AS BIGINT) AS of_leg,
                -- a timetable holds for a season
                CAST(
                    hash(range // 2 % $pairs_a_day, range // 2 // ($pairs_a_day * 182)) >> 1
                    AS BIGINT
                ) AS of_flight
            FROM range($from_leg, $to_leg)
        )
    )
)
"""

_EVENTS = """
SELECT
    'h-' || (leg * $a_leg + step) AS event_id,
    event_at,
    'history' AS source_system_id,
    leg_key, flight_icao, airline_iata, tail_number, aircraft_type,
    departure_airport_iata, arrival_airport_iata,
    'A' || (of_leg % 20) AS departure_gate,
    CASE WHEN step > 3 THEN 'B' || (of_leg % 30) END AS arrival_gate,
    scheduled_departure_at, scheduled_arrival_at,
    CASE WHEN step < 6 AND departure_delay > 0 THEN left_at END AS estimated_departure_at,
    CASE WHEN step < $a_leg - 2 THEN landed_at END AS estimated_arrival_at,
    actual_departure_at, actual_arrival_at,
    date_diff('second', scheduled_departure_at, actual_departure_at) / 60
        AS departure_delay_minutes,
    date_diff('second', scheduled_arrival_at, actual_arrival_at) / 60
        AS arrival_delay_minutes,
    CASE WHEN has_left THEN CAST(8 + of_leg % 15 AS INTEGER) END AS taxi_time_minutes,
    CASE WHEN actual_arrival_at IS NOT NULL AND of_leg % 3 = 0
        THEN CAST(35 + of_leg // 8 % 40 AS INTEGER) END AS turnaround_time_minutes,
    passenger_count,
    CAST(passenger_count + of_leg % 40 AS INTEGER) AS baggage_count,
    CASE WHEN NOT has_left THEN CAST(3 + of_leg % 30 AS INTEGER) END AS security_wait_time_minutes,
    CASE WHEN step > 5 THEN '23' END AS runway_in_use,
    'Clear' AS weather_conditions,
    CASE WHEN has_left THEN 10 + (leg + step) % 300 / 10 END AS latitude,
    CASE WHEN has_left THEN 60 + (leg + step) % 400 / 10 END AS longitude,
    CASE WHEN has_left THEN CAST(1000 * (step % 36) AS INTEGER) END AS altitude_ft,
    CASE WHEN has_left THEN CAST(200 + 10 * (step % 30) AS INTEGER) END AS ground_speed_kts,
    CASE WHEN has_left THEN 0 END AS vertical_speed_fps,
    CASE WHEN has_left THEN CAST(of_leg % 360 AS INTEGER) END AS heading,
    CASE
        WHEN is_cancelled AND step >= 5 THEN 'cancelled'
        WHEN is_diverted AND step >= $a_leg - 2 THEN 'diverted'
        WHEN step < 3 THEN 'scheduled'
        WHEN step < 6 THEN 'boarding'
        WHEN step = 6 THEN 'departing'
        WHEN step < $a_leg - 2 THEN 'en-route'
        ELSE 'landed'
    END AS flight_status,
    CASE WHEN of_leg % 100 = step THEN ['bad_heading'] ELSE [] END AS quality_flags,
    'shard-0000' AS shard_id,
    lpad(CAST(leg * $a_leg + step AS VARCHAR), 20, '0') AS sequence_number,
    event_at + to_seconds(CAST(1 + of_leg % 4 AS INTEGER)) AS arrived_at
FROM (
    SELECT
        *,
        NOT is_cancelled AND step >= 6 AS has_left,
        CASE WHEN NOT is_cancelled AND step >= 6 THEN left_at END AS actual_departure_at,
        CASE WHEN NOT is_cancelled AND NOT is_diverted AND step >= $a_leg - 2 THEN landed_at END
            AS actual_arrival_at,
        CASE
            WHEN step < 6
                THEN scheduled_departure_at - to_minutes(CAST(180 - 30 * step AS INTEGER))
            WHEN step < $a_leg - 2
                THEN left_at + (landed_at - left_at) * ((step - 6) / ($a_leg - 8.0))
            ELSE landed_at + to_minutes(CAST(10 * (step - $a_leg + 2) AS INTEGER))
        END AS event_at
    FROM legs, range($a_leg) AS steps (step)
)
"""

_LOAD = f"""
INSERT INTO staging.flight_events BY NAME
SELECT *, $after_batch + 1 + (row_number() OVER () - 1) // {BATCH_RECORDS} AS batch_id
FROM (
    WITH legs AS ({_LEGS})
    SELECT * FROM ({_EVENTS}) ORDER BY arrived_at
)
"""

_QUARANTINE = """
INSERT INTO staging.quarantine BY NAME
SELECT
    'shard-0000' AS shard_id,
    sequence_number || 'q' AS sequence_number,
    arrived_at,
    reason,
    [reason] AS reasons,
    'made for a benchmark' AS detail,
    encode(repeat('x', 100)) AS payload,
    batch_id
FROM (
    SELECT
        *,
        ['not_json', 'missing_flight', 'bad_status', 'bad_route']
            [CAST(hash(event_id) // 512 % 4 AS BIGINT) + 1] AS reason
    FROM staging.flight_events
    WHERE batch_id > $after_batch AND hash(event_id) % 100 = 0
)
"""

_BATCHES = """
INSERT INTO staging.batches
SELECT
    batch_id, clean + refused + 5, clean, refused, 5, first_at, last_at, last_at
FROM (
    SELECT batch_id, count(*) AS clean, min(arrived_at) AS first_at, max(arrived_at) AS last_at
    FROM staging.flight_events WHERE batch_id > $after_batch GROUP BY batch_id
)
LEFT JOIN (
    SELECT batch_id, count(*) AS refused FROM staging.quarantine
    WHERE batch_id > $after_batch GROUP BY batch_id
) USING (batch_id)
ORDER BY batch_id
"""

_ACCEPTED = f"""
INSERT INTO staging.accepted_event_ids
SELECT event_id, arrived_at, row_number() OVER (ORDER BY batch_id, rowid), hash(event_id)
FROM staging.flight_events
WHERE batch_id > (SELECT max(batch_id) FROM staging.batches) - {REMEMBERED_IDS // BATCH_RECORDS}
"""


def build(
    data_dir: DataDir,
    events: int,
    *,
    events_a_leg: int,
    flights_a_day: int,
    chunk: int,
    tell: Callable[[int], None],
) -> int:
    """Fill an empty data directory.

    Args:
        data_dir: Where.
        events: Clean events.
        events_a_leg: Of each flight; at least 10.
        flights_a_day: Legs a day; with `events` it says how far back the history goes.
        chunk: So many events are loaded between two refreshes of gold.
        tell: Told the events so far.

    Returns:
        The last batch. A directory that has its history already is left as it is.
    """
    done = data_dir.root / "history.json"
    if done.exists():
        return int(json.loads(done.read_text())["last_batch"])
    with open_pipeline(data_dir, Settings()):
        pass  # makes what belongs into a data directory
    legs = events // events_a_leg
    pairs_a_day = flights_a_day // 2
    pair_us = 86_400_000_000 // pairs_a_day
    first_at = END - timedelta(microseconds=legs // 2 * pair_us) - timedelta(hours=6)
    warehouse = DuckDBWarehouse(data_dir.warehouse, clock=wall_clock, memory_limit="4GB")
    connection = warehouse.transform
    # as the pipeline does from time to time; here each refresh takes in a month and more
    connection.execute("SET GLOBAL max_vacuum_tasks = 100")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS staging.accepted_event_ids"
        " (event_id VARCHAR, arrived_at TIMESTAMP, ordinal BIGINT, id_hash UBIGINT)"
    )
    gold = Gold(data_dir.warehouse, data_dir.work, max_events_per_run=2 * chunk)
    last_batch = 0
    for from_leg in range(0, legs, max(1, chunk // events_a_leg)):
        to_leg = min(legs, from_leg + max(1, chunk // events_a_leg))
        parameters = {
            "from_leg": from_leg,
            "to_leg": to_leg,
            "a_leg": events_a_leg,
            "first_at": first_at,
            "pair_us": pair_us,
            "pairs_a_day": pairs_a_day,
            "airlines": _AIRLINES,
            "outstations": _OUTSTATIONS,
            "types": _TYPES,
            "after_batch": last_batch,
        }
        after = {"after_batch": last_batch}
        with warehouse.transaction():
            connection.execute(_LOAD, parameters)
            connection.execute(_QUARANTINE, after)
            connection.execute(_BATCHES, after)
        last_batch = gold.refresh().through_batch_id
        tell(to_leg * events_a_leg)
    connection.execute(_ACCEPTED)
    connection.execute("CHECKPOINT")
    gold.close()
    warehouse.close()
    done.write_text(json.dumps({"events": events, "last_batch": last_batch}))
    return last_batch


def size_of(path: Path) -> int:
    """Bytes of a file and of its write-ahead log."""
    return sum(p.stat().st_size for p in (path, path.with_name(path.name + ".wal")) if p.exists())
