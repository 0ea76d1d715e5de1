"""Events a second out of one simulator process, beside what serialising alone costs.

    python benchmarks/bench_simulator.py [--events 200000] [--flights 600] [--mess none]

The limit is orjson writing the same events from dictionaries that are already there: what a
simulator that builds a dictionary for each event could reach if building them cost nothing.
"""

import argparse
import gc
import json
import resource
import time
from datetime import UTC, datetime
from itertools import islice

import orjson

from airside.simulator import Simulator, SimulatorConfig, mess_preset


def measure(events: int, flights: int, mess: str) -> dict[str, float | int | str]:
    """Run the simulator for a number of events, then the limit on the same events."""
    begun = time.perf_counter()
    simulator = Simulator(
        SimulatorConfig(
            flights_per_day=flights,
            mess=mess_preset(mess),
            start=datetime(2025, 9, 24, tzinfo=UTC),
        )
    )
    emissions = simulator.emissions()
    first = next(emissions)
    first_seconds = time.perf_counter() - begun

    begun, cpu = time.perf_counter(), time.process_time()
    size = count = 0
    for emission in islice(emissions, events):
        size += len(emission.payload)
        count += 1
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    clean = Simulator(SimulatorConfig(flights_per_day=min(flights, 600))).emissions()
    parsed = [json.loads(each.payload) for each in islice(clean, min(events, 50_000))]
    gc.collect()
    begun = time.process_time()
    for each in parsed:
        orjson.dumps(each)
    limit = len(parsed) / (time.process_time() - begun)
    return {
        "flights_per_day": flights,
        "mess": mess,
        "events": count,
        "events_per_second": round(count / seconds),
        "events_per_cpu_second": round(count / cpu),
        "bytes_per_event": round(size / count),
        "orjson_dumps_per_cpu_second": round(limit),
        "ratio": round(count / cpu / limit, 3),
        "seconds_to_first_event": round(first_seconds, 2),
        "peak_mib": round(peak_mib),
        "first_due": datetime.fromtimestamp(first.due_us / 1e6, UTC).isoformat(),
    }


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--flights", type=int, default=600)
    parser.add_argument("--mess", default="none")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.events, arguments.flights, arguments.mess), indent=2))


if __name__ == "__main__":
    main()
