"""Sustained load: put to staging, gold's cadence and memory at 50,000 records a second.

    python benchmarks/bench_sustained.py [--minutes 2] [--rate 50000] [--window 0.1] [--viewers 20]

Three processes. One runs the whole pipeline with its dashboard (`airside up --no-simulator --window
100ms`, all other settings as they come). One puts events on the stream in pieces of 500, paced by
the clock: those of a large airport, with a position of every aircraft each simulated second. They
are made beforehand (ten minutes' take five, and 3 GB of the temporary folder), as to make them
meanwhile would take 0.3 of a core more from the pipeline than to read and put them does. This
one opens the viewers and reads all that they are sent.

A record's time begins with `arrived_at`, which `put` sets, and ends when its batch's commit has
returned, checkpoints of the file included. Limits: p99 250 ms, every refresh of gold that was due,
1.5 GB, and no more waiting at the end than arrives within a window or two.
"""

import argparse
import json
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard
from bench_dashboard_push import Viewer

from airside.gold import RefreshResult
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline
from airside.runtime.up import operation
from airside.settings import Settings
from airside.simulator import Simulator, SimulatorConfig, mess_preset
from airside.stream import EmbeddedStream

PUT_RECORDS = 500
FLIGHTS_PER_DAY = 10_500
WARM_SECONDS = 5.0
"""After the first build of gold, with dbt's imports, and the first reports."""
PATIENCE_SECONDS = 300.0
START_SECONDS = 60
"""Of events made beyond those that are measured."""
LIMIT_MS = 250
LIMIT_MB = 1_500


def prepare(path: Path, records: int) -> None:
    """Write so many events to a file, compressed in pieces of what is put at once."""
    config = SimulatorConfig(
        flights_per_day=FLIGHTS_PER_DAY,
        mess=mess_preset("typical"),
        start=datetime(2025, 9, 24, tzinfo=UTC),
        telemetry_seconds=1,
    )
    emissions = Simulator(config).emissions()
    compressor = zstandard.ZstdCompressor(level=1)
    with path.open("wb") as file:
        for _ in range(0, records, PUT_RECORDS):
            payloads = (each.payload for each in islice(emissions, PUT_RECORDS))
            piece = compressor.compress(b"\n".join(line.replace(b"\n", b" ") for line in payloads))
            file.write(len(piece).to_bytes(4) + piece)


def prepared(path: Path) -> Iterator[list[bytes]]:
    """Read them, a piece at a time."""
    decompressor = zstandard.ZstdDecompressor()
    with path.open("rb") as file:
        while size := file.read(4):
            yield decompressor.decompress(file.read(int.from_bytes(size))).split(b"\n")


def produce(data_dir: DataDir, pieces: Iterator[list[bytes]], rate: float) -> dict[str, Any]:
    """Put events at a steady rate until stdin ends, and tell how long the puts took."""
    stop = threading.Event()

    def until_told() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=until_told, daemon=True).start()
    stream = EmbeddedStream(data_dir.stream, clock=wall_clock)
    took: list[float] = []
    latest = 0.0
    due = begun = time.monotonic()
    while not stop.is_set():
        records = next(pieces, None)
        if records is None:
            sys.exit(f"the events ran out: the start took over {START_SECONDS} s (START_SECONDS)")
        due += PUT_RECORDS / rate
        wait = due - time.monotonic()
        latest = max(latest, -wait)
        if wait > 0:
            time.sleep(wait)
        started = time.perf_counter()
        stream.put(records)
        took.append(time.perf_counter() - started)
    elapsed = time.monotonic() - begun
    stream.close()
    return {
        "records_per_second": round(len(took) * PUT_RECORDS / elapsed),
        "put_ms_p50": round(quantile(took, 0.5) * 1000, 1),
        "put_ms_p99": round(quantile(took, 0.99) * 1000, 1),
        "behind_schedule_at_most_seconds": round(latest, 2),
        "processor_share_of_a_core": round(time.process_time() / elapsed, 2),
    }


def serve(root: Path, settings: Settings) -> None:
    """Run everything; answer each line on stdin with the state, and the last with the results."""
    committed_us: list[int] = []
    refreshes: list[tuple[float, float]] = []
    data_dir = DataDir(root)
    with operation(data_dir, settings, with_simulator=False, with_dashboard=True) as running:
        pipeline = running.pipeline

        run_once, refresh = pipeline.silver.run_once, pipeline.gold.refresh

        def loading(committed: Callable[[], None] = lambda: None) -> int:
            def noted() -> None:  # not by `committed_at`, which is taken before the commit
                committed_us.append(wall_clock())
                committed()

            return run_once(noted)

        def refreshing() -> RefreshResult:
            begun = time.monotonic()
            result = refresh()
            refreshes.append((begun, time.monotonic() - begun))
            return result

        pipeline.silver.run_once = loading  # type: ignore[method-assign]
        pipeline.gold.refresh = refreshing  # type: ignore[method-assign]
        print(json.dumps({"url": running.dashboard}), flush=True)
        watched = EmbeddedStream(data_dir.stream, clock=wall_clock)
        for line in sys.stdin:
            if line.startswith("results"):
                since = float(line.split()[1])
                print(json.dumps(results(pipeline, committed_us, refreshes, since)), flush=True)
                continue
            state = {
                "at": time.monotonic(),
                "process": time.process_time(),
                "memory_mb": memory_mb("VmRSS"),
                "peak_memory_mb": memory_mb("VmHWM"),
                "refreshes": len(refreshes),
                "waiting": watched.backlog(pipeline.warehouse.checkpoint()).records,
                "error": next((h.error for h in pipeline.health.values() if h.error), None),
            }
            print(json.dumps(state), flush=True)
        watched.close()


def results(
    pipeline: Pipeline,
    committed_us: list[int],
    refreshes: list[tuple[float, float]],
    since: float,
) -> dict[str, Any]:
    """Put to staging, and gold, for what was done since a moment of the monotonic clock."""
    since_us = wall_clock() - int((time.monotonic() - since) * 1e6)
    found = pipeline.warehouse.query(
        "SELECT batch_id, epoch_us(arrived_at) AS arrived_us, count(*) AS records"
        f" FROM staging.flight_events WHERE epoch_us(arrived_at) >= {since_us} GROUP BY ALL"
    ).to_pylist()
    # The weight of a put is the same for nearly all, so that each counts once.
    took = [
        (committed_us[row["batch_id"] - 1] - row["arrived_us"]) / 1000
        for row in found
        if row["batch_id"] <= len(committed_us)
    ]
    recent = [seconds for begun, seconds in refreshes if begun + seconds >= since]
    batches = len({row["batch_id"] for row in found})
    return {
        "put_to_staging_ms": {
            str(q): round(quantile(took, q)) for q in (0.5, 0.95, 0.99, 0.999, 1.0)
        },
        "batches": batches,
        "records_a_batch": round(sum(row["records"] for row in found) / max(1, batches)),
        "gold_refreshes": len(recent),
        "gold_seconds_p50": round(quantile(recent, 0.5), 2),
        "gold_seconds_max": round(max(recent, default=0.0), 2),
    }


def memory_mb(name: str) -> float:
    """A figure of this process's memory."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return round(int(line.split()[1]) / 1024)
    return 0.0


def quantile(values: list[float], q: float) -> float:
    """The value below which a share of them lies."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else 0.0


def watch(port: int, count: int, stop: threading.Event) -> list[Viewer]:
    """Read what so many viewers are sent, until told to stop; one that is cut off ends the run."""
    viewers = [Viewer(port) for _ in range(count)]
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            viewer.socket.setblocking(False)
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        while not stop.is_set():
            for key, _ in selector.select(0.2):
                key.data.read()
    for viewer in viewers:
        viewer.socket.close()
    return viewers


def measure(root: Path, rate: float, seconds: float, window: float, viewers: int) -> dict[str, Any]:
    """Run the three, and put their figures together."""
    DataDir(root).open()
    events = root.parent / "events"
    prepare(events, int((seconds + START_SECONDS) * rate))
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(root), "--window", str(window)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    def ask(line: str) -> dict[str, Any]:
        stdin.write(line + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    url = json.loads(stdout.readline())["url"]
    command = [sys.executable, __file__, "--produce", str(root), str(events), "--rate", str(rate)]
    producer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    patience = time.monotonic() + PATIENCE_SECONDS
    while not ask("state")["refreshes"]:
        if time.monotonic() > patience:
            raise TimeoutError(f"gold was not built within {PATIENCE_SECONDS:.0f} s")
        time.sleep(1)
    time.sleep(WARM_SECONDS)
    stop = threading.Event()
    seen: list[Viewer] = []
    port = int(url.rsplit(":", 1)[1])
    watching = threading.Thread(target=lambda: seen.extend(watch(port, viewers, stop)))
    watching.start()
    states = [ask("state")]
    while states[-1]["at"] - states[0]["at"] < seconds:
        time.sleep(1)
        states.append(ask("state"))
    produced = json.loads(producer.communicate()[0])
    stop.set()
    watching.join()
    figures = ask(f"results {states[0]['at']}")
    stdin.close()
    server.wait()
    elapsed = states[-1]["at"] - states[0]["at"]
    due = int(elapsed / Settings().gold.refresh_seconds)
    p99 = figures["put_to_staging_ms"]["0.99"]
    peak = states[-1]["peak_memory_mb"]
    return {
        "asked_records_per_second": rate,
        "window_seconds": window,
        "measured_seconds": round(elapsed),
        "producer": produced,
        **figures,
        "gold_refreshes_due": due,
        "processor_share_of_a_core": round(
            (states[-1]["process"] - states[0]["process"]) / elapsed, 2
        ),
        "waiting_records_max": max(state["waiting"] for state in states),
        "waiting_records_at_end": states[-1]["waiting"],
        "viewers_that_stayed": len(seen),
        "deltas_a_viewer": round(sum(v.deltas for v in seen) / max(1, len(seen))),
        "peak_memory_mb": peak,
        "errors": sorted({state["error"] for state in states if state["error"]}),
        "within_limits": {
            f"put to staging p99 {LIMIT_MS} ms": p99 <= LIMIT_MS,
            "gold at its cadence": figures["gold_refreshes"] >= due,
            f"memory {LIMIT_MB} MB": peak <= LIMIT_MB,
            "nothing lags": states[-1]["waiting"] <= 4 * rate * window + PUT_RECORDS,
        },
    }


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2, help="the issue asks for 10")
    parser.add_argument("--rate", type=float, default=50_000, help="records a second")
    parser.add_argument("--window", type=float, default=0.1, help="silver's trigger, in seconds")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--produce", type=Path, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    if arguments.serve:
        settings = {"silver": {"window_seconds": arguments.window}, "dashboard": {"port": 0}}
        serve(arguments.serve, Settings.model_validate(settings))
    elif arguments.produce:
        root, events = arguments.produce
        print(json.dumps(produce(DataDir(root), prepared(events), arguments.rate)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(
                Path(folder) / "data",
                arguments.rate,
                seconds,
                arguments.window,
                arguments.viewers,
            )
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
