"""What watching for schema drift costs, beside the transform of the same batch.

The limit is 2 % of the processor time of the silver SQL alone, which is itself only a part of what
a batch costs. Both come from the same run, alternating; a look includes keeping what was found in
the warehouse as often as the pipeline does.

    .venv/bin/python benchmarks/bench_drift.py --records 100000
"""

import argparse
import tempfile
import time
from pathlib import Path

import pyarrow as pa
from bench_silver_sql import payloads

from airside.events import FLIGHT_EVENTS
from airside.silver.drift_store import DriftKeeper
from airside.silver.kernel import RECORDS, Kernel
from airside.warehouse import DuckDBWarehouse

LIMIT = 0.02


def batch(count: int) -> pa.Table:
    """Records as the kernel reads them."""
    return pa.table(
        [
            pa.array(["shard-000"] * count),
            pa.array([f"{number:020}" for number in range(count)]),
            pa.array(range(count), pa.int64()).cast(pa.timestamp("us")),
            pa.array(payloads(count), pa.binary()),
        ],
        schema=RECORDS,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, help="in a batch")
    parser.add_argument("--batches", type=int, default=16, help="how many are measured")
    arguments = parser.parse_args()
    records = batch(arguments.records)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = DuckDBWarehouse(Path(folder) / "warehouse.duckdb", clock=lambda: 0)
        kernel = Kernel(warehouse.transform)
        keeper = DriftKeeper(warehouse, FLIGHT_EVENTS)
        kernel.to_arrow(records)
        keeper.choose(records)
        keeper.look()
        transform = look = 0.0
        for _ in range(arguments.batches):
            began = time.process_time()
            kernel.to_arrow(records)
            between = time.process_time()
            keeper.choose(records)
            keeper.look()
            transform += between - began
            look += time.process_time() - between
        warehouse.close()
    if keeper.error:
        raise SystemExit(keeper.error)
    count = arguments.batches
    print(f"transform   {transform / count * 1e3:8.1f} ms of processor time a batch")
    print(f"drift       {look / count * 1e3:8.1f} ms")
    share = look / transform
    print(f"share       {share:8.2%}   limit {LIMIT:.0%}: {'met' if share <= LIMIT else 'MISSED'}")


if __name__ == "__main__":
    main()
