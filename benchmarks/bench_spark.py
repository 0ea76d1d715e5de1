"""Records a second through silver on Spark, beside the embedded engine, on the same archive.

    python benchmarks/bench_spark.py [--records 200000]

Both read the same archive and write silver, quarantine and what they need to find duplicates; the
embedded engine loads its warehouse's staging besides. Spark has two cores (`local[2]`), and the
embedded engine two threads. Spark's start and first batch, which loads the SQL into its workers,
are shown apart. Before anything is printed, the rows of both are found to be equal.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
from bench_silver_sql import payloads

from airside.bronze import Archive, ArchiveParts, Archiver, ArchiveReader
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.ledger import Ledger
from airside.runtime.clocks import wall_clock
from airside.silver import Silver
from airside.silver.spark.archive import run_to_end
from airside.silver.spark.job import SparkSilver
from airside.silver.spark.session import session
from airside.silver.spark.workers import lake_at
from airside.stream import EmbeddedStream
from airside.warehouse import DuckDBWarehouse

_PUT = 5_000


def make_archive(root: Path, records: int) -> None:
    """An archive in files as the archiver cuts them."""
    stream = EmbeddedStream(root / "stream.db", clock=wall_clock)
    lines = payloads(records)
    for start in range(0, records, _PUT):
        stream.put([line.removesuffix(b"\n") for line in lines[start : start + _PUT]])
    archive = Archive(LocalLake(root), FLIGHT_EVENTS)
    ledger = Ledger(root / "archive-ledger.db", clock=wall_clock)
    Archiver(stream, archive, ledger, clock=wall_clock).run_once(flush=True)
    ledger.close()
    stream.close()


def run_embedded(source: Path, lake: Path) -> None:
    """The archive through the embedded engine."""
    lake.mkdir()
    ledger = Ledger(lake / "ledger.db", clock=wall_clock)
    warehouse = DuckDBWarehouse(lake / "warehouse.duckdb", clock=wall_clock, threads=2)
    reader = ArchiveReader(Archive(LocalLake(source), FLIGHT_EVENTS))
    silver = Silver(reader, LocalLake(lake), ledger, warehouse, FLIGHT_EVENTS)
    while silver.run_once():
        pass
    warehouse.close()
    ledger.close()


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def differing(lakes: tuple[Path, Path]) -> int:
    """Rows of the cleaned zone and the quarantine that are in one of two lakes alone."""
    found = 0
    for zone in ("silver", "quarantine"):
        one, other = (
            f"SELECT * FROM read_parquet('{lake / zone}/**/*.parquet', hive_partitioning = false)"
            for lake in lakes
        )
        with duckdb.connect() as connection:
            ((count,),) = connection.execute(
                f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL"
                f" ({other} EXCEPT ALL {one}))"
            ).fetchall()
        found += count
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=200_000)
    options = parser.parse_args()
    count = options.records

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_archive(root, count)
        embedded = seconds(lambda: run_embedded(root, root / "embedded"))

        started = time.perf_counter()
        with session("local[2]") as spark:
            start = time.perf_counter() - started

            def run(lake: Path) -> None:
                silver = SparkSilver(partial(lake_at, str(lake)))
                archive = ArchiveParts(partial(lake_at, str(root)), FLIGHT_EVENTS)
                run_to_end(spark, silver, archive, lambda _: None, threading.Event())
                silver.close()

            cold = seconds(lambda: run(root / "cold"))
            warm = seconds(lambda: run(root / "warm"))

        if rows := differing((root / "embedded", root / "warm")):
            raise SystemExit(f"{rows:,} rows differ")

    print(f"{count:,} records, the same rows from both")
    print(f"embedded engine, 2 threads           {count / embedded:10,.0f} records/s")
    print(f"Spark local[2], workers warm         {count / warm:10,.0f} records/s")
    print(f"Spark local[2], first run            {count / cold:10,.0f} records/s")
    print(f"Spark over embedded, warm            {embedded / warm:10.2f}")
    print(f"start of Spark                       {start:10.1f} s")


if __name__ == "__main__":
    main()
