"""What viewers cost: CPU and memory of pushing, and the time from commit to bytes on the socket.

    python benchmarks/bench_dashboard_push.py [--viewers 200] [--seconds 20]

A simulated airport with about 3,000 active flights sends about 1,000 events a second through a
whole pipeline with its dashboard, in one process. A second process opens the viewers, one of which
never reads. Measured first without viewers, then with them: CPU time of the two dashboard threads
(the producer, which reads the warehouse and makes each message once; the server, which sends it),
of the whole process, and its memory. A message carries the instant at which its batch was
committed; a viewer takes the time when the bytes are there, so the difference holds the wake-up,
the read of the live board, serialising, compressing and sending.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.runtime.sources import simulate
from airside.runtime.streams import open_for_putting
from airside.runtime.up import operation
from airside.runtime.wiring import open_ledger
from airside.settings import Settings

FLIGHTS_PER_DAY = 10_500
PREPARED_EVENTS = 270_000
State = dict[str, float]
THREADS = ("dashboard", "dashboard-server")


def settings() -> Settings:
    """A large airport, and a free port."""
    return Settings.model_validate(
        {
            "simulator": {"flights_per_day": FLIGHTS_PER_DAY, "mess": "typical"},
            "dashboard": {"port": 0},
        }
    )


def prepare(data_dir: DataDir) -> None:
    """Bring the simulated day to where enough flights are active, and load all of it."""
    with open_for_putting(data_dir, settings()) as stream:
        ledger = open_ledger(data_dir, settings(), wall_clock)
        simulate(
            stream,
            ledger,
            settings().simulator,
            threading.Event(),
            unpaced=True,
            max_events=PREPARED_EVENTS,
        )
        ledger.close()
    with open_pipeline(data_dir, settings()) as pipeline:
        pipeline.drain()


def serve(root: Path) -> None:
    """Run everything; print where, then the state of the process for each line on stdin."""
    with operation(DataDir(root), settings(), with_simulator=True, with_dashboard=True) as running:
        print(json.dumps({"url": running.dashboard}), flush=True)
        for _ in sys.stdin:
            clocks = {
                thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
                for thread in threading.enumerate()
                if thread.name in THREADS and thread.ident
            }
            account = running.snapshot().account
            print(
                json.dumps(
                    {
                        "at": time.monotonic(),
                        "process": time.process_time(),
                        "memory_mb": resident_mb(),
                        "received": account.received,
                        **clocks,
                    }
                ),
                flush=True,
            )


def resident_mb() -> float:
    """Memory of this process that is in RAM."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Viewer:
    """One open stream: reads, decompresses, and notes when each delta was there."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.deltas = 0
        self.bytes = 0

    async def watch(self, port: int) -> None:
        """Read until cancelled."""
        reader, writer = await open_stream_connection(port)
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        seen = text = b""
        try:
            while chunk := await read_chunk(reader):
                now = time.time()
                self.bytes += len(chunk)
                text += inflate.decompress(chunk)
                *messages, text = text.split(b"\n\n")
                for message in messages:
                    if not message.startswith(b"event: delta"):
                        continue
                    self.deltas += 1
                    stamp = committed_at(message)
                    if stamp != seen:  # the first delta that holds this batch
                        seen = stamp
                        instant = datetime.fromisoformat(stamp.decode())
                        self.latencies.append(now - instant.timestamp())
        finally:
            writer.close()


def committed_at(message: bytes) -> bytes:
    """The instant at which the message's newest batch was committed."""
    start = message.index(b'"committed_at":"') + 16
    return message[start : message.index(b'"', start)]


async def open_stream_connection(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the stream and read the head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    """One chunk of a chunked body."""
    size = int(await reader.readline(), 16)
    chunk = await reader.readexactly(size)
    await reader.readexactly(2)
    return chunk


async def watch_all(
    port: int, count: int, seconds: float, mark: Callable[[], State]
) -> tuple[State, State, list[Viewer]]:
    """Open the viewers, let them settle, and measure for so many seconds."""
    _idle, slow = await open_stream_connection(port)  # never read again
    viewers = [Viewer() for _ in range(count)]
    tasks = [asyncio.create_task(viewer.watch(port)) for viewer in viewers]
    await asyncio.sleep(3)
    for viewer in viewers:
        viewer.latencies.clear()
        viewer.bytes = viewer.deltas = 0
    before = await asyncio.to_thread(mark)
    await asyncio.sleep(seconds)
    after = await asyncio.to_thread(mark)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    slow.close()
    return before, after, viewers


def share(before: State, after: State, name: str) -> float:
    """CPU time of a thread or the process, in percent of one core."""
    return 100 * (after[name] - before[name]) / (after["at"] - before["at"])


def percentile(values: list[float], q: float) -> float:
    """A percentile, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(q * len(values)))]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--data-dir", type=Path, help="Prepared before; else a temporary one.")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.data_dir or Path(scratch) / "data"
        if not root.exists():
            prepare(DataDir(root))
        measure(root, arguments.viewers, arguments.seconds)


def measure(root: Path, count: int, seconds: float) -> None:
    """Measure on a prepared directory."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    def mark() -> State:
        stdin.write("mark\n")
        stdin.flush()
        state: State = json.loads(stdout.readline())
        return state

    url = json.loads(stdout.readline())["url"]
    time.sleep(15)  # dbt's imports and the first reports
    quiet = mark()
    time.sleep(seconds)
    quiet_end = mark()
    port = int(url.rsplit(":", 1)[1])
    before, after, viewers = asyncio.run(watch_all(port, count, seconds, mark))
    with_snapshot = json.loads(
        subprocess.run(
            ["curl", "-s", f"{url}/api/v1/snapshot"], capture_output=True, check=True
        ).stdout
    )
    stdin.close()
    server.wait()

    latencies = [value for viewer in viewers for value in viewer.latencies]
    means = [statistics.mean(viewer.latencies) for viewer in viewers if viewer.latencies]
    rate = (after["received"] - before["received"]) / (after["at"] - before["at"])
    print(f"active flights           {with_snapshot['live']['active']:>8,}")
    print(f"events/s                 {rate:>8,.0f}")
    print(f"viewers                  {count:>8,} and one that never reads")
    print("CPU, % of a core            none  with viewers")
    for name in (*THREADS, "process"):
        print(
            f"  {name:<22} {share(quiet, quiet_end, name):>8.1f} {share(before, after, name):>8.1f}"
        )
    print(f"memory, MB               {quiet_end['memory_mb']:>8.0f} {after['memory_mb']:>8.0f}")
    print(f"deltas a viewer          {statistics.mean(v.deltas for v in viewers):>8.1f}")
    print(f"KB/s a viewer            {viewers[0].bytes / 1024 / seconds:>8.1f}")
    print("commit to bytes, ms           p50      p95      p99      max")
    print(
        "  "
        + " " * 22
        + " ".join(f"{percentile(latencies, q):>8.0f}" for q in (0.5, 0.95, 0.99, 1.0))
    )
    print(f"slowest viewer's mean    {1000 * max(means):>8.0f} ms, fastest {1000 * min(means):.0f}")


if __name__ == "__main__":
    main()
