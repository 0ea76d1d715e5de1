"""What a million distinct flight designators cost: time and memory, batch by batch.

Every record is of a flight of its own, five of them on one aircraft, so that no state is shared and
every table keyed by flight grows with each. Printed are processor time a record of the first and
the last batches, and the memory that the process holds: growth shows whether either depends on what
has been seen.

    .venv/bin/python benchmarks/bench_designators.py --designators 1000000
"""

import argparse
import json
import random
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from string import ascii_uppercase, digits

from bench_silver_sql import event

from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings

BATCH = 50_000
TIME_LIMIT = 1.5
"""Silver's cost a record of the last batches by that of the first."""
MEMORY_LIMIT_MB = 2_500


def resident_mb() -> float:
    """What the process holds of memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    """Measure, print, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--designators", type=int, default=1_000_000)
    asked = parser.parse_args()
    names = ("".join(parts) for parts in product(ascii_uppercase, ascii_uppercase, *[digits] * 4))
    rng = random.Random(1)
    template = json.loads(event(rng, 1))
    costs: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="airside-designators-") as folder,
        open_pipeline(DataDir(Path(folder) / "data"), Settings()) as pipeline,
    ):
        print("designators   silver µs a record   resident MB")
        for start in range(0, asked.designators, BATCH):
            records = []
            for number in range(start, min(start + BATCH, asked.designators)):
                template["event_id"] = f"designator-{number}"
                template["flight_details"]["flight_icao"] = next(names)
                template["flight_details"]["tail_number"] = f"VT-{number // 5}"
                records.append(json.dumps(template).encode())
            for first in range(0, len(records), 5_000):
                pipeline.stream.put(records[first : first + 5_000])
            began = time.process_time()
            while pipeline.silver.run_once():
                pass
            costs.append((time.process_time() - began) / len(records) * 1e6)
            print(f"{start + len(records):>11,}   {costs[-1]:>18.1f}   {resident_mb():>11,.0f}")
        began = time.process_time()
        pipeline.refresh()
        gold = time.process_time() - began
        legs = pipeline.warehouse.query("SELECT count(*) FROM fct_flight_legs").column(0)[0].as_py()
    if legs != asked.designators:
        raise SystemExit(f"{legs:,} legs of {asked.designators:,} designators")
    ends = max(1, len(costs) // 5)
    growth = (sum(costs[-ends:]) / ends) / (sum(costs[:ends]) / ends)
    memory = resident_mb()
    print(f"gold built of all of them: {gold:.1f} s of processor time, {legs:,} legs")
    print(f"last batches by first: {growth:.2f}, limit {TIME_LIMIT}")
    print(f"resident: {memory:,.0f} MB, limit {MEMORY_LIMIT_MB:,} MB")
    return 0 if growth <= TIME_LIMIT and memory <= MEMORY_LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
