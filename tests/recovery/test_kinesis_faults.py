"""A hundred thousand records through a Kinesis that fails, and a pipeline that is killed."""

import json
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from airside.events import FLIGHT_EVENTS
from airside.stream.kinesis import KinesisStream
from support import kinesis
from support.command import AIRSIDE, airside, clean_environment
from support.contents import archived_lines
from support.faulty_proxy import FaultyProxy
from support.streams import read_all, records
from support.waiting import eventually

RECORDS = 100_000
KILLS = 2
_RECORD = (
    b'{"event_id":"e%d","event_timestamp":"2026-03-01T04:%02d:%02dZ","flight_details":'
    b'{"flight_icao":"6E%d","airline_iata":"6E"},"route_info":{"departure_airport_iata":"AMD",'
    b'"arrival_airport_iata":"BOM","scheduled_departure_utc":"2026-03-01T04:00:00",'
    b'"scheduled_arrival_utc":"2026-03-01T05:00:00"},"live_telemetry":'
    b'{"flight_status":"en-route"}}'
)


def record(number: int) -> bytes:
    return _RECORD % (number, number // 60 % 60, number % 60, number % 500)


def start(data: Path, *options: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*AIRSIDE, "run", "--data-dir", str(data), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(**environment),
    )


def loaded(data: Path, at_least: int) -> bool:
    """Whether silver's ledger has so many records; it may be read while the pipeline runs."""
    ledger = data / "ledger.db"
    if not ledger.exists():
        return False
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as connection:
        try:
            row = connection.execute(
                "SELECT total FROM totals WHERE stage = 'silver' AND name = 'records'"
            ).fetchone()
        except sqlite3.OperationalError:
            return False
    return row is not None and row[0] >= at_least


@pytest.mark.timeout(240)
def test_none_is_lost_and_none_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = kinesis.create(8)
    data = tmp_path / "data"
    with FaultyProxy(kinesis.endpoint(), share=0.1).serving() as proxy:
        faulty = kinesis.environment() | {"AWS_ENDPOINT_URL_KINESIS": proxy.address}
        for variable, value in faulty.items():
            monkeypatch.setenv(variable, value)
        url = f"kinesis://{name}"
        running = start(data, "--stream", url, **faulty)
        try:
            writer = KinesisStream.open(url, identity=FLIGHT_EVENTS.identity)
            for part in range(KILLS):
                for first in range(RECORDS * part // KILLS, RECORDS * (part + 1) // KILLS, 5_000):
                    last = min(first + 5_000, RECORDS * (part + 1) // KILLS)
                    writer.put([record(number) for number in range(first, last)])
                eventually(lambda part=part: loaded(data, RECORDS * part // KILLS + 1), 90)
                running.kill()
                running.wait()
                running = start(data, **faulty)
        finally:
            running.kill()
            running.wait()
        done = airside("run", "--until-drained", "--data-dir", data, **faulty)
        assert done.returncode == 0, done.stderr
        status = airside("status", "--json", "--data-dir", data, **faulty)
        assert status.returncode == 0, status.stderr
        assert {fault.split(" ", 1)[1] for fault in proxy.faults} == {
            "throttled",
            "trouble",
            "lost request",
            "lost answer",
            "expired",
            "partial",
        }, "every kind of fault has happened"
    account = json.loads(status.stdout)
    on_stream = Counter(r.payload for r in records(read_all(kinesis.open_stream(name))))
    total = on_stream.total()

    # What the stream has is the truth: all that was put, some of it twice for lost answers' sake.
    assert set(on_stream) == {record(number) for number in range(RECORDS)}
    assert account["balanced"]
    assert account["received"] == account["archived"] == total
    assert account["clean"] == RECORDS
    assert account["duplicates"] == total - RECORDS
    assert account["in_flight"] == account["awaiting_archive"] == account["quarantined"] == 0
    assert Counter(archived_lines(data)) == on_stream
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as warehouse:
        counted = warehouse.execute(
            "SELECT count(*), count(DISTINCT event_id), count(DISTINCT (shard_id, sequence_number))"
            " FROM staging.flight_events"
        ).fetchone()
        assert counted == (RECORDS, RECORDS, RECORDS)
        assert warehouse.execute("SELECT sum(events) FROM fct_flight_legs").fetchone() == (RECORDS,)
