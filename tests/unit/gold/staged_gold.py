"""A warehouse filled by hand, and gold on top of it."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from airside.events import FLIGHT_EVENTS
from airside.gold import Gold, Thresholds
from airside.warehouse import DuckDBWarehouse, LoadedBatch, Reader
from oracle.gold import ATTRIBUTES
from oracle.record import leg_key, minutes_between

Row = dict[str, Any]

NOON = datetime(2025, 9, 24, 12)  # noqa: DTZ001  staging holds UTC, without a zone
ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "VARCHAR[]": pa.list_(pa.string()),
}
SCHEMA = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in FLIGHT_EVENTS.columns])
TELEMETRY = (
    "latitude",
    "longitude",
    "altitude_ft",
    "ground_speed_kts",
    "vertical_speed_fps",
    "heading",
)

KEPT_BESIDE = (
    "int_delay_counts",
    "int_route_counts",
    "int_route_delays",
    "int_turnaround_counts",
    "int_sampled_legs",
    "int_sampled_turnarounds",
)
"""What is kept of the facts, and changes with them."""

_arrivals = count()


def at(minutes: float) -> datetime:
    """An instant, in minutes after noon of the day."""
    return NOON + timedelta(minutes=minutes)


def event(**values: Any) -> Row:
    """A clean event of 6E1 from BOM to AMD at noon; what is not given is not known."""
    number = next(_arrivals)
    row: Row = dict.fromkeys(SCHEMA.names)
    row |= {
        "event_id": f"event-{number}",
        "event_at": at(0),
        "flight_icao": "6E1",
        "departure_airport_iata": "BOM",
        "arrival_airport_iata": "AMD",
        "scheduled_departure_at": at(0),
        "flight_status": "scheduled",
        "quality_flags": [],
        "shard_id": "shard-0000",
        "sequence_number": f"{number:020}",
        "arrived_at": at(0) + timedelta(milliseconds=number),
    }
    row |= values
    if "scheduled_arrival_at" not in values:
        row["scheduled_arrival_at"] = row["scheduled_departure_at"] + timedelta(hours=1)
    row["leg_key"] = leg_key(
        row["flight_icao"], row["departure_airport_iata"], row["scheduled_departure_at"]
    )
    for movement in ("departure", "arrival"):
        row[f"{movement}_delay_minutes"] = minutes_between(
            row[f"scheduled_{movement}_at"], row[f"actual_{movement}_at"]
        )
    return row


def random_events(rng: random.Random, legs: int, events: int) -> list[Row]:
    """Events that collide a lot: few tails and airports, equal instants, values that come and go.

    They are in no order that means anything, neither of event time nor of the stream.
    """
    plans = [
        {
            "flight_icao": f"F{number}",
            "departure_airport_iata": rng.choice(["AMD", "BOM", "DEL"]),
            "scheduled_departure_at": at(rng.randrange(-2000, 2000, 10)),
        }
        for number in range(legs)
    ]

    def maybe(share: float, value: Any) -> Any:
        return value if rng.random() < share else None

    rows = []
    for _ in range(events):
        plan = rng.choice(plans)
        off = plan["scheduled_departure_at"] + timedelta(minutes=rng.randrange(-5, 60, 5))
        # sometimes before the departure, as clocks and people err
        on = off + timedelta(minutes=rng.randrange(-10, 120, 5))
        rows.append(
            event(
                **plan,
                event_at=plan["scheduled_departure_at"]
                + timedelta(minutes=rng.randrange(-300, 300, 20)),
                arrived_at=at(rng.randrange(5)),
                shard_id=f"shard-{rng.randrange(3):04}",
                airline_iata=maybe(0.5, rng.choice(["6E", "AI", "XX"])),
                tail_number=maybe(0.6, rng.choice(["VT-A", "VT-B", "VT-C", "VT-D"])),
                aircraft_type=maybe(0.5, rng.choice(["A320", "B738", "ZZZZ"])),
                arrival_airport_iata=rng.choice(["AMD", "BOM", "DEL", "QQQ"]),
                departure_gate=maybe(0.3, f"A{rng.randrange(9)}"),
                arrival_gate=maybe(0.3, f"B{rng.randrange(9)}"),
                scheduled_arrival_at=plan["scheduled_departure_at"]
                + timedelta(minutes=rng.choice([60, 60, 75])),
                estimated_departure_at=maybe(0.2, off),
                estimated_arrival_at=maybe(0.2, on),
                actual_departure_at=maybe(0.5, off),
                actual_arrival_at=maybe(0.4, on),
                taxi_time_minutes=maybe(0.3, rng.randrange(30)),
                turnaround_time_minutes=maybe(0.1, rng.randrange(20, 90)),
                passenger_count=maybe(0.6, rng.randrange(100, 180)),
                baggage_count=maybe(0.3, rng.randrange(100)),
                security_wait_time_minutes=maybe(0.3, rng.randrange(40)),
                runway_in_use=maybe(0.3, "27R"),
                weather_conditions=maybe(0.3, rng.choice(["Clear", "Rain"])),
                altitude_ft=maybe(0.3, rng.randrange(-100, 40000)),
                flight_status=rng.choice(
                    ["scheduled", "boarding", "departing", "en-route", "landed"] * 3
                    + ["cancelled", "diverted"]
                ),
                quality_flags=sorted(rng.sample(["bad_heading", "bad_location"], rng.randrange(3))),
            )
        )
    return rows


def cut(rng: random.Random, rows: Sequence[Row], batches: int) -> list[list[Row]]:
    """The rows in random order, in so many batches of random size; some may be empty."""
    shuffled = rng.sample(rows, len(rows))
    edges = sorted(rng.choices(range(len(rows) + 1), k=batches - 1))
    return [shuffled[i:j] for i, j in zip([0, *edges], [*edges, len(rows)], strict=True)]


class StagedGold:
    """A DuckDB file in a folder: `load` fills its staging tables, `gold` builds upon them."""

    def __init__(self, folder: Path, thresholds: Thresholds | None = None) -> None:
        self.path = folder / "warehouse.duckdb"
        self.warehouse = DuckDBWarehouse(self.path, clock=lambda: 0)
        self.gold = Gold(self.path, folder / "dbt", thresholds=thresholds)

    def load(
        self, rows: Iterable[Row], quarantined: Iterable[Row] = (), duplicates: int = 0
    ) -> int:
        """Commit one batch, as silver does."""
        rows, quarantined = list(rows), list(quarantined)
        connection = self.warehouse.transform
        connection.register("batch_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
        with self.warehouse.transaction():
            return self.warehouse.load(
                LoadedBatch(
                    received=len(rows) + len(quarantined) + duplicates,
                    quarantined=len(quarantined),
                    duplicates=duplicates,
                    first_arrived_at_us=_microseconds(at(0)),
                    last_arrived_at_us=_microseconds(at(0)),
                    through={},
                ),
                clean="SELECT * FROM batch_rows",
                quarantined=pa.Table.from_pylist(quarantined),
            )

    def clear(self) -> None:
        """Empty the tables, as after a first refresh of nothing; far quicker than rebuilding."""
        for table in ("flight_events", "quarantine", "batches"):
            self.execute(f"DELETE FROM staging.{table}")
        self.gold._control.create_tables()
        self.execute("UPDATE staging.gold_progress SET through_batch_id = 0")
        self.gold._is_prepared = False  # a test may have built with other settings
        self.gold.refresh()
        for table in ("int_flight_leg_events", "int_record_counts"):
            self.execute(f"DELETE FROM {table}")
        for table in ("fct_flight_legs", "fct_turnarounds", *KEPT_BESIDE):
            self.execute(f"DELETE FROM {table}")
        for kind in ("airline", "airport"):
            known = f"SELECT {kind}_iata FROM {'airlines' if kind == 'airline' else 'stg_airports'}"
            self.execute(f"DELETE FROM dim_{kind}s WHERE {kind}_iata NOT IN ({known})")
        self.execute("DELETE FROM dim_aircraft WHERE tail_number IS NOT NULL")
        self.execute("DELETE FROM dim_flights WHERE flight_icao IS NOT NULL")
        self.execute("DELETE FROM staging.gold_exports")

    def execute(self, sql: str) -> None:
        """Change something behind gold's back."""
        with self.warehouse.transform.cursor() as cursor:
            cursor.execute(sql)

    def rows(self, sql: str) -> list[Row]:
        """Ask."""
        return self.warehouse.query(sql).to_pylist()

    def one(self, sql: str) -> Any:
        """The one value that the question has for an answer."""
        ((value,),) = [row.values() for row in self.rows(sql)]
        return value

    def tables(self) -> dict[str, list[Row]]:
        """Every fact and dimension, in an order that does not depend on how it was filled.

        The reports are views of these; their sums depend on the order in the last digit.
        """
        names = [
            row["table_name"]
            for row in self.rows(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
                " AND table_type = 'BASE TABLE'"
                " AND regexp_matches(table_name, '^(dim|fct|int)_')"
                " AND table_name <> 'int_flight_leg_events'"
                " AND table_name <> 'dim_dates'"
            )
        ]
        return {name: sorted(self.rows(f"FROM {name}"), key=repr) for name in names}

    def close(self) -> None:
        """Close the file."""
        self.gold.close()
        self.warehouse.close()


LEG_COLUMNS = (
    "leg_key",
    "flight_icao",
    "departure_airport_iata",
    "scheduled_departure_at",
    "flight_status",
    "last_event_at",
    "events",
    *ATTRIBUTES,
    "departure_delay_minutes",
    "arrival_delay_minutes",
)


def _microseconds(instant: datetime) -> int:
    return int(instant.replace(tzinfo=UTC).timestamp() * 1_000_000)


class Noting:
    """A reader that remembers what it was asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.asked: list[str] = []

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        self.asked.append(sql)
        return self._reader.query(sql, parameters)
