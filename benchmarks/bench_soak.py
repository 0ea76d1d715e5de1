"""A month of a large airport in minutes: what has grown, and what has not.

    python benchmarks/bench_soak.py [--days 30] [--flights 1500] [--batch-minutes 15]

The simulator's clock is the pipeline's: whatever happens at an hour or after days happens as it
would in a month, only sooner. Every stage runs as in `airside up`, one after the other on one
thread, with upkeep and retention at work. Each figure is printed beside its limit, and the exit
code is 1 where one is beyond it.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from airside.lake import LocalLake
from airside.runtime.data_dir import DataDir
from airside.runtime.kept import kept
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.readers import observe
from airside.settings import Settings, load
from airside.simulator import Simulator, SimulatorConfig, mess_preset
from airside.stream import EmbeddedStream

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
KEEP: dict[str, Any] = {
    "stream.retention_hours": 12,
    "stream.max_bytes": 64_000_000,
    "bronze.keep_days": 7,
    "silver.keep_days": 7,
    "silver.quarantine_days": 3,
    "silver.dedupe_max_ids": 250_000,
    "warehouse.staging_days": 3,
    "warehouse.batch_hours": 24,
    "warehouse.memory_limit": "400MB",  # reached within days, not within weeks
    "warehouse.wal_bytes": 32_000_000,
    "ledger.keep_attempts": 1_000,
}
"""Limits that a month reaches several times over."""
_LOG_BYTES = 10_000_000
"""What SQLite's log takes between two of its checkpoints."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Day:
    """What one day ended with."""

    records: int = 0
    rss_bytes: int = 0
    batch_seconds: list[float] = field(default_factory=list)
    upkeep_seconds: float = 0.0
    gold_seconds: list[float] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    """Zone → files."""
    sizes: dict[str, int] = field(default_factory=dict)
    """File of the directory → bytes."""
    kept: dict[str, int] = field(default_factory=dict)
    events: int = 0
    """Rows of gold's activity, which is kept for ever."""
    balanced: bool = False


@dataclass(frozen=True)
class Check:
    """A figure and its limit."""

    name: str
    figure: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its limit."""
        return self.figure <= self.limit


@dataclass(frozen=True)
class Soak:
    """What to run.

    Args:
        root: An empty folder.
        days: Simulated days.
        flights: Movements a day.
        batch_minutes: Simulated minutes between two batches.
        refresh_hours: And between two refreshes of gold.
        telemetry_seconds: And between two positions of an aircraft.
        keep: Settings that bound the directory.
    """

    root: Path
    days: int = 30
    flights: int = 1_500
    batch_minutes: int = 15
    refresh_hours: int = 6
    telemetry_seconds: int = 60
    keep: dict[str, Any] = field(default_factory=lambda: dict(KEEP))

    @property
    def settings(self) -> Settings:
        """The pipeline's."""
        return load({"data_dir": self.root, **self.keep}, {}).settings

    def run(self, tell: Callable[[int, Day], None] = lambda _number, _day: None) -> list[Day]:
        """Live through all days; gives what each ended with."""
        now_us = int(START.timestamp() * 1e6)

        def clock() -> int:
            return now_us

        directory, days = DataDir(self.root), []
        with (
            open_pipeline(directory, self.settings, clock) as pipeline,
            closing(EmbeddedStream(directory.stream, clock=clock)) as stream,
        ):
            ends = now_us + DAY_US
            day = Day()
            refresh_us = now_us
            for now_us, records in self._batches(now_us):  # noqa: B020 - the clock goes on
                if records:
                    stream.put(records)
                    day.records += len(records)
                began = time.process_time()
                pipeline.archiver.run_once(flush=True)
                while pipeline.silver.run_once():
                    pass
                day.batch_seconds.append(time.process_time() - began)
                pipeline.make_room()
                pipeline.trim()
                began = time.process_time()
                pipeline.upkeep.run_once()
                pipeline.warehouse.shorten_log()
                pipeline.silver.forget()
                day.upkeep_seconds += time.process_time() - began
                if now_us >= refresh_us:
                    refresh_us = now_us + self.refresh_hours * HOUR_US
                    began = time.process_time()
                    pipeline.refresh()
                    day.gold_seconds.append(time.process_time() - began)
                    pipeline.export()
                if now_us >= ends:
                    self._look(day, pipeline, directory, clock)
                    days.append(day)
                    tell(len(days), day)
                    ends, day = ends + DAY_US, Day()
        return days

    def _batches(self, now_us: int) -> Iterator[tuple[int, list[bytes]]]:
        """What arrives by each instant at which there is a batch."""
        config = SimulatorConfig(
            flights_per_day=self.flights,
            start=START,
            telemetry_seconds=self.telemetry_seconds,
            mess=mess_preset("typical"),
        )
        step_us = self.batch_minutes * MINUTE_US
        pending: list[bytes] = []
        last_us = now_us + self.days * DAY_US
        now_us += step_us
        for emission in Simulator(config).emissions():
            while emission.due_us >= now_us:
                yield now_us, pending
                pending = []
                now_us += step_us
                if now_us > last_us:
                    return
            pending.append(emission.payload)

    def _look(
        self, day: Day, pipeline: Pipeline, directory: DataDir, clock: Callable[[], int]
    ) -> None:
        lake = LocalLake(self.root)
        day.rss_bytes = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
        day.files = {zone: len(lake.names(zone)) for zone in ("bronze", "silver", "quarantine")}
        day.files["gold"] = len(lake.names("gold"))
        work = [path for path in directory.work.rglob("*") if path.is_file()]
        day.files["work"] = len(work)
        day.sizes = {"work": sum(path.stat().st_size for path in work)}
        for name in ("stream.db", "ledger.db", "warehouse.duckdb"):
            day.sizes[name] = sum(path.stat().st_size for path in self.root.glob(f"{name}*"))
        log = self.root / "warehouse.duckdb.wal"
        day.sizes["log"] = log.stat().st_size if log.exists() else 0
        with observe(directory, pipeline.warehouse, clock) as observer:
            day.kept = {each.name: each.number for each in kept(observer, self.settings)}
            day.balanced = observer.account().balanced
        day.events = pc.sum(
            pipeline.warehouse.query("SELECT count(*) AS n FROM fct_flight_activity")["n"]
        ).as_py()

    def checks(self, days: list[Day]) -> list[Check]:
        """Everything that has to be within bounds, of days that were lived through."""
        settings, last = self.settings, days[-1]
        busiest = max(day.records for day in days)
        staging, bronze = settings.warehouse.staging_days or 0, settings.bronze.keep_days or 0
        silver, quarantine = settings.silver.keep_days or 0, settings.silver.quarantine_days or 0
        # files of the hour that goes on, and the last one's
        hour = max(1, 60 // self.batch_minutes) + 1
        batches = (settings.warehouse.batch_hours + 2) * 60 / self.batch_minutes

        def most(of: Callable[[Day], float]) -> float:
            return max(of(day) for day in days)

        found = [
            Check("days whose account does not balance", sum(not d.balanced for d in days), 0),
            # with its index
            Check(
                "files of bronze", most(lambda d: d.files["bronze"]), 2 * (24 * bronze + 2 * hour)
            ),
            Check("files of silver", most(lambda d: d.files["silver"]), 24 * silver + 2 * hour),
            Check(
                "files of the quarantine",
                most(lambda d: d.files["quarantine"]),
                24 * quarantine + 2 * hour,
            ),
            Check("files of gold", most(lambda d: d.files["gold"]), days[0].files["gold"]),
            Check("files of work", most(lambda d: d.files["work"]), days[0].files["work"]),
            Check(
                "stream.db and its log, bytes",
                most(lambda d: d.sizes["stream.db"]),
                1.1 * settings.stream.max_bytes + _LOG_BYTES,
            ),
            Check(
                "warehouse.duckdb.wal, bytes",
                most(lambda d: d.sizes["log"]),
                1.5 * settings.warehouse.wal_bytes,
            ),
            Check(
                "ledger.db and its log, bytes",
                most(lambda d: d.sizes["ledger.db"]),
                1_500 * 4 * settings.ledger.keep_attempts + _LOG_BYTES,
            ),
            Check(
                "rows of staging", most(lambda d: d.kept["staging_rows"]), (staging + 1.5) * busiest
            ),
            Check(
                "accounts of batches",
                last.kept["batches"],
                batches + 24 * len(days),
            ),
            Check(
                "ids that are remembered",
                most(lambda d: d.kept["dedupe_ids"]),
                1.2 * settings.silver.dedupe_max_ids,
            ),
            Check(
                "attempts of silver in the ledger",
                most(lambda d: d.kept["ledger_attempts_silver"]),
                1.1 * settings.ledger.keep_attempts,
            ),
        ]
        if len(days) >= 6:
            found += self._thirds(days)
        return found

    def _thirds(self, days: list[Day]) -> list[Check]:
        """The last third of the days beside the second: the first fills what is bounded."""
        third = len(days) // 3
        early, late = days[third : 2 * third], days[-third:]

        def ratio(of: Callable[[Day], float]) -> float:
            return statistics.median(map(of, late)) / statistics.median(map(of, early))

        return [
            Check("memory, last third to second", ratio(lambda d: d.rss_bytes), 1.1),
            Check(
                "processor time of a batch, likewise",
                ratio(lambda d: statistics.median(d.batch_seconds)),
                1.15,
            ),
            Check("processor time of a day's upkeep", ratio(lambda d: d.upkeep_seconds), 1.25),
            Check(
                "processor time of a gold refresh",
                ratio(lambda d: statistics.median(d.gold_seconds)),
                1.25,
            ),
            Check(
                "warehouse.duckdb, bytes an event kept",
                ratio(lambda d: d.sizes["warehouse.duckdb"] / d.events),
                1.05,
            ),
        ]


def main() -> int:
    """Run a soak and print what it found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--flights", type=int, default=1_500, help="movements a day")
    parser.add_argument("--batch-minutes", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print every day, too")
    asked = parser.parse_args()
    began = time.monotonic()

    def tell(number: int, day: Day) -> None:
        print(
            f"day {number}: {day.records:,} records, {day.rss_bytes / 1e6:,.0f} MB, a batch"
            f" {1e3 * statistics.median(day.batch_seconds):.0f} ms, gold"
            f" {statistics.median(day.gold_seconds):.2f} s, upkeep {day.upkeep_seconds:.1f} s,"
            f" warehouse {day.sizes['warehouse.duckdb'] / 1e6:,.0f} MB,"
            f" stream {day.sizes['stream.db'] / 1e6:,.0f} MB, files {sum(day.files.values()):,}",
            file=sys.stderr,
        )

    with tempfile.TemporaryDirectory(prefix="airside-soak-") as folder:
        soak = Soak(
            Path(folder), days=asked.days, flights=asked.flights, batch_minutes=asked.batch_minutes
        )
        days = soak.run(tell)
        checks = soak.checks(days)
    if asked.json:
        print(json.dumps([vars(day) for day in days]))
    records = sum(day.records for day in days)
    print(f"{len(days)} days, {records:,} records, {time.monotonic() - began:,.0f} s")
    print(f"{'':<42}{'figure':>16}{'limit':>16}")
    for check in checks:
        mark = "" if check.holds else "  BEYOND"
        print(f"{check.name:<42}{check.figure:>16,.2f}{check.limit:>16,.2f}{mark}")
    return 0 if all(check.holds for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
