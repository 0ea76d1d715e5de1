"""Schema drift: what a source sends that the contract does not know, or no longer sends."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airside.events import FLIGHT_EVENTS
from airside.silver import drift
from airside.silver.drift_store import DriftKeeper
from airside.silver.kernel import RECORDS, feed_sql
from airside.silver.shapes import MAX_EXAMPLE, MAX_PATH
from airside.warehouse import DuckDBWarehouse
from airside.warehouse.drift import Drift, drift_findings, drift_summary

SECOND_US = 1_000_000
START_US = 1_790_000_000_000_000


class Watched:
    """A warehouse whose batches are watched, and a clock that stamps their arrival."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_us = START_US
        self.sequence = 0
        self.open()

    def open(self) -> None:
        self.warehouse = DuckDBWarehouse(self.path, clock=lambda: 0)
        self.keeper = DriftKeeper(self.warehouse, FLIGHT_EVENTS)

    def restart(self) -> None:
        self.warehouse.close()
        self.open()

    def look(self, payloads: Sequence[bytes], every_us: int = SECOND_US) -> None:
        """A batch, its records so far apart."""
        count = len(payloads)
        self.keeper.choose(
            pa.table(
                [
                    pa.array(["shard-000"] * count),
                    pa.array([f"{self.sequence + n:020}" for n in range(count)]),
                    pa.array([self.now_us + n * every_us for n in range(count)], pa.int64()).cast(
                        pa.timestamp("us")
                    ),
                    pa.array([payload + b"\n" for payload in payloads], pa.binary()),
                ],
                schema=RECORDS,
            )
        )
        self.keeper.look()
        self.sequence += count
        self.now_us += count * every_us

    def usual(self, records: int = 1_200) -> None:
        """Let the source be known, in batches that are examined whole."""
        for _ in range(0, records, 200):
            self.look([record()] * 200)

    @property
    def summary(self) -> Drift:
        return drift_summary(self.warehouse)

    def findings(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = drift_findings(self.warehouse)
        found = {(row["kind"], row["path"]): row for row in rows}
        assert len(found) == len(rows)
        return found


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    site = Watched(tmp_path / "warehouse.duckdb")
    yield site
    assert site.keeper.error is None
    site.warehouse.close()


def record(source: str | None = "fids", drop: str | None = None, **operational: Any) -> bytes:
    document: dict[str, Any] = {
        "event_id": "a",
        "event_timestamp": "2026-01-01T00:00:00",
        "source_system_id": source,
        "flight_details": {"flight_icao": "6E1234"},
        "operational_data": {"passenger_count": 180, "runway_in_use": None, **operational},
    }
    if drop is not None:
        section, _, key = drop.rpartition(".")
        del (document[section] if section else document)[key]
    return json.dumps(document).encode()


def test_the_feed_names_the_paths_that_its_sql_reads() -> None:
    paths = re.findall(r"^\s+'\$\.([^']+)',?$", feed_sql(FLIGHT_EVENTS), re.MULTILINE)
    assert list(FLIGHT_EVENTS.fields) == paths
    assert FLIGHT_EVENTS.sections == {
        "flight_details",
        "route_info",
        "operational_data",
        "live_telemetry",
    }


def test_what_keeps_to_the_contract_is_no_drift(watched: Watched) -> None:
    watched.usual()
    assert watched.findings() == {}
    assert watched.summary[:4] == (1_200, 1_200, 0, 0)


def test_a_new_field_is_told_with_its_source_figures_times_and_an_example(
    watched: Watched,
) -> None:
    watched.usual()
    began_us = watched.now_us
    watched.look([record(), record(fuel_kg=5200), record(fuel_kg=4100)])
    row = watched.findings()["new_field", "operational_data.fuel_kg"]
    assert row["source_system_id"] == "fids"
    assert (row["is_change"], row["is_in_contract"]) == (True, False)
    assert (row["json_types"], row["records"], row["example"]) == ("number", 2, "5200")
    assert row["source_examined"] == 1_203
    assert row["share"] == 1.0  # of the records since it came up
    assert _us(row["first_seen_at"]) == began_us + SECOND_US
    assert _us(row["last_seen_at"]) == began_us + 2 * SECOND_US
    assert watched.summary.changes == watched.summary.new_fields == 1


def test_what_a_source_has_sent_from_its_beginning_is_told_as_no_change(watched: Watched) -> None:
    watched.look([record(fuel_kg=1)] * 3)
    row = watched.findings()["new_field", "operational_data.fuel_kg"]
    assert not row["is_change"]
    assert watched.summary.changes == 0


def test_types_are_told_in_the_order_in_which_they_came(watched: Watched) -> None:
    watched.usual()
    watched.look([record(passenger_count="180")] * 3)
    watched.look([record(passenger_count={"adults": 180})])
    row = watched.findings()["changed_type", "operational_data.passenger_count"]
    assert row["json_types"] == "number → string → object"
    assert (row["records"], row["is_change"], row["is_in_contract"]) == (1, True, True)
    assert row["example"] == "{1}"


def test_null_is_no_type(watched: Watched) -> None:
    watched.usual()
    watched.look([record(runway_in_use="27R"), record(passenger_count=None)])
    assert watched.findings() == {}


def test_a_type_that_the_contract_cannot_read_is_told_even_where_it_is_usual(
    watched: Watched,
) -> None:
    watched.look([record(passenger_count=[180])] * 2)
    row = watched.findings()["changed_type", "operational_data.passenger_count"]
    assert (row["json_types"], row["records"], row["is_change"]) == ("array", 2, False)


def test_a_field_that_no_longer_comes_is_told_and_forgotten_when_it_comes_back(
    watched: Watched,
) -> None:
    watched.usual()
    last_us = watched.now_us - SECOND_US
    for _ in range(5):
        watched.look([record(drop="operational_data.passenger_count")] * 200)
    row = watched.findings()["missing_field", "operational_data.passenger_count"]
    assert _us(row["last_seen_at"]) == last_us
    assert (row["records"], row["share"], row["is_change"]) == (1_000, 1.0, True)
    watched.look([record()] * 10)
    assert watched.findings() == {}


def test_of_a_section_that_no_longer_comes_only_the_section_is_told(watched: Watched) -> None:
    watched.usual()
    for _ in range(5):
        watched.look([record(drop="operational_data")] * 200)
    assert list(watched.findings()) == [("missing_field", "operational_data")]


def test_a_field_that_comes_rarely_is_not_missed_soon(watched: Watched) -> None:
    rare = [*[record()] * 199, record(baggage_count=3)]
    for _ in range(110):
        watched.look(rare)
    for _ in range(6):
        watched.look([record()] * 200)
    assert watched.findings() == {}


def test_sources_are_told_apart(watched: Watched) -> None:
    watched.look([record("one"), record("two", fuel_kg=1), record(None, crew=2), record(" two ")])
    rows = drift_findings(watched.warehouse)
    assert {(row["source_system_id"], row["path"]) for row in rows} == {
        ("two", "operational_data.fuel_kg"),
        ("", "operational_data.crew"),
    }
    assert {row["source_examined"] for row in rows} == {1, 2}


def test_a_large_batch_costs_a_sample_that_is_spread_over_it(watched: Watched) -> None:
    watched.look([record()] * 9_000 + [record(fuel_kg=1)] * 1_000)
    row = watched.findings()["new_field", "operational_data.fuel_kg"]
    assert watched.summary.received == 10_000
    assert watched.summary.examined == row["source_examined"] == drift.SAMPLE_RECORDS
    assert row["records"] == pytest.approx(drift.SAMPLE_RECORDS / 10, abs=1)


def test_many_small_batches_a_second_cost_no_more_than_one(watched: Watched) -> None:
    for _ in range(100):
        watched.look([record()] * 100, every_us=1_000)
    watched.now_us += 10 * SECOND_US
    watched.look([record()] * 200)
    assert watched.summary.received == 10_200
    assert 9 * drift.SAMPLE_RECORDS < watched.summary.examined < 12 * drift.SAMPLE_RECORDS


def test_each_batch_is_looked_at_however_soon_it_follows(watched: Watched) -> None:
    watched.look([record()] * 10_000, every_us=0)
    watched.look([record(fuel_kg=1)] * 10_000, every_us=0)
    assert ("new_field", "operational_data.fuel_kg") in watched.findings()


def test_what_is_usual_does_not_depend_on_how_the_stream_was_cut(watched: Watched) -> None:
    watched.look([record()] * 4_000 + [record(fuel_kg=1)] * 1_000)
    assert watched.findings()["new_field", "operational_data.fuel_kg"]["is_change"]


def test_large_records_cost_no_more_than_small_ones(watched: Watched) -> None:
    watched.look([record(blob="x" * 100_000)] * 50 + [record()])
    assert 1 <= watched.summary.examined <= drift.SAMPLE_BYTES // 100_000


def test_a_restart_goes_on_where_it_was(watched: Watched) -> None:
    watched.usual(1_000)
    watched.restart()
    watched.look([record(fuel_kg=1)])
    row = watched.findings()["new_field", "operational_data.fuel_kg"]
    assert row["is_change"]
    assert row["source_examined"] == 1_001


@pytest.mark.parametrize(
    "payload",
    [b"\xff\xfe", b"{", b"[1]", b"17", b"", b'{"a": NaN}', b"[" * 5_000, b'{"a":' * 5_000],
)
def test_what_is_no_object_is_counted(watched: Watched, payload: bytes) -> None:
    watched.look([payload, record()])
    assert watched.summary[:4] == (2, 2, 1, 0)


def test_hostile_names_and_values_are_bounded_and_cannot_steer_anything(watched: Watched) -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"d": deep}
    watched.look(
        [
            json.dumps(
                {
                    "source_system_id": "x" * 10_000,
                    "<script>\x1b[31m\u202e\n": "\x1b]0;owned\x07\u202e" * 100,
                    "k" * 10_000: "v" * 10_000,
                    "a.b": [1] * 1_000,
                    "deep": deep,
                    "": True,
                }
            ).encode(),
            json.dumps({f"key {n}": n for n in range(5_000)}).encode(),
        ]
    )
    rows = drift_findings(watched.warehouse)
    for row in rows:
        assert len(row["path"]) <= MAX_PATH
        assert len(row["example"]) <= MAX_EXAMPLE
        assert len(row["source_system_id"]) <= drift.MAX_SOURCE_NAME
        assert re.fullmatch(r"[\x20-\x7e…]*", row["path"] + row["example"])
    paths = {row["path"] for row in rows}
    assert {'"a.b"', '""', r'"<script>\u001b[31m\u202e\n"'} <= paths
    assert len(rows) < 2 * drift.MAX_NEW_PATHS
    assert watched.summary.untracked > 0


def test_what_goes_wrong_here_costs_nothing_else(tmp_path: Path) -> None:
    site = Watched(tmp_path / "warehouse.duckdb")
    site.look([record()])
    site.warehouse.transform.execute("DROP VIEW staging.drift; DROP TABLE staging.drift_fields")
    site.look([record(fuel_kg=1)])
    assert site.keeper.error is not None
    with site.warehouse.transaction():  # the connection is as good as before
        site.warehouse.transform.execute("INSERT INTO staging.checkpoints VALUES ('s', '1')")
    assert site.warehouse.checkpoint() == {"s": "1"}
    site.restart()
    site.look([record(fuel_kg=1)])
    assert site.keeper.error is None
    assert ("new_field", "operational_data.fuel_kg") in site.findings()
    site.warehouse.close()


def test_a_flood_of_names_pushes_no_well_known_source_out(watched: Watched) -> None:
    watched.usual()
    for batch in range(4):
        watched.look([record(f"junk {batch} {n}") for n in range(200)])
    watched.look([record(fuel_kg=1)])
    assert watched.summary.sources <= drift.MAX_SOURCES
    assert watched.findings()["new_field", "operational_data.fuel_kg"]["source_examined"] == 1_201
    kept = watched.warehouse.query(
        "SELECT count(DISTINCT source_system_id) AS n FROM staging.drift_fields"
    )
    assert kept["n"][0].as_py() == watched.summary.sources


def test_dynamic_names_push_no_field_of_the_contract_out(watched: Watched) -> None:
    for batch in range(3):
        watched.look([record(**{f"seat_{batch}_{n}": 1}) for n in range(200)])
    watched.look([record(baggage_count=[1])])
    assert ("changed_type", "operational_data.baggage_count") in watched.findings()
    assert watched.summary.new_fields == drift.MAX_NEW_PATHS


def _us(instant: Any) -> int:
    return int(pa.scalar(instant, pa.timestamp("us")).value)
