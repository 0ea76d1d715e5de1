"""What viewers cost: CPU and memory of pushing, and the time from commit to bytes on the socket.

    python benchmarks/bench_dashboard_push.py [--viewers 200] [--slow 10] [--seconds 20]

A simulated airport with about 3,000 active flights sends about 1,000 events a second through a
whole pipeline with its dashboard, in one process. This process opens the viewers. Measured first
without viewers, then with them, then with others beside them that never read: CPU time of the two
dashboard threads (the producer, which reads the warehouse and makes each message once; the server,
which sends it), of the whole process, and its memory.

A message carries the instant at which its batch was committed, taken just before the COMMIT; a
viewer takes the time when it has the message's last byte. The difference holds the commit itself,
the wake-up, the read of the live board, serialising, compressing, and sending to all before it.
Should flights of one commit come in several messages, the last one counts.
"""

import argparse
import functools
import json
import selectors
import socket
import statistics
import tempfile
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from served import served

from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.runtime.sources import simulate
from airside.runtime.streams import open_for_putting
from airside.runtime.wiring import open_ledger
from airside.settings import Settings

FLIGHTS_PER_DAY = 10_500
PREPARED_EVENTS = 270_000
SETTLE_SECONDS = 5.0
REQUEST = b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
State = dict[str, Any]
THREADS = ("dashboard", "dashboard-server")


SETTINGS = {"simulator": {"flights_per_day": FLIGHTS_PER_DAY, "mess": "typical"}}
"""A large airport."""


def prepare(data_dir: DataDir) -> None:
    """Bring the simulated day to where enough flights are active, and load all of it."""
    settings = Settings.model_validate(SETTINGS)
    with open_for_putting(data_dir, settings) as stream:
        ledger = open_ledger(data_dir, settings, wall_clock)
        simulate(
            stream,
            ledger,
            settings.simulator,
            threading.Event(),
            unpaced=True,
            max_events=PREPARED_EVENTS,
        )
        ledger.close()
    with open_pipeline(data_dir, settings) as pipeline:
        pipeline.drain()


class Viewer:
    """One open stream: notes when each commit was told of.

    Every message is one chunk of the body and the same bytes for all, so each is decompressed once,
    whoever got it: to decompress 200 copies in Python would measure this script.
    """

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(REQUEST)
        self.told: dict[str, float] = {}
        """Commit → when this viewer had all bytes of its last message with flights."""
        self.deltas = 0
        self.bytes = 0
        self._buffer = bytearray()
        self._has_head = False

    def read(self) -> None:
        """Take what is there."""
        data = self.socket.recv(256 * 1024)
        now = time.time()
        if not data:
            raise ConnectionError("the server has ended a stream")
        self.bytes += len(data)
        self._buffer += data
        if not self._has_head:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                raise ConnectionError(head.decode())
            self._buffer, self._has_head = bytearray(rest), True
        while (end := self._buffer.find(b"\r\n")) >= 0:
            start, size = end + 2, int(self._buffer[:end], 16)
            if len(self._buffer) < start + size + 2:
                return
            for commit, has_flights in commits(bytes(self._buffer[start : start + size])):
                self.deltas += 1
                if has_flights:
                    self.told[commit] = now
            del self._buffer[: start + size + 2]


def latencies(told: dict[str, float]) -> list[float]:
    """Seconds from each commit to its bytes; the first one may have been told of before."""
    _, *others = told.items()
    return [now - datetime.fromisoformat(commit).timestamp() for commit, now in others]


@functools.lru_cache(maxsize=64)
def commits(chunk: bytes) -> list[tuple[str, bool]]:
    """The newest commit that each delta of a chunk knows of, and whether it tells of flights."""
    if chunk.startswith(b"\x1f\x8b"):  # the gzip header, before the first message
        return []
    text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(chunk)
    return [
        (
            message[
                (start := message.index(b'"committed_at":"') + 16) : message.index(b'"', start)
            ].decode(),
            b'"inserts":[],"changes":[],"removes":[]' not in message,
        )
        for message in text.split(b"\n\n")
        if message.startswith(b"event: delta\n")
    ]


def watch(
    port: int, count: int, slow: int, seconds: float, mark: Callable[[], State]
) -> tuple[State, State, list[Viewer]]:
    """Open the viewers, let them settle, and measure for so many seconds."""
    stuck = [Viewer(port, receive_buffer=4096) for _ in range(slow)]  # never read
    viewers = [Viewer(port) for _ in range(count)]
    with selectors.DefaultSelector() as selector:
        for viewer in viewers:
            viewer.socket.setblocking(False)
            selector.register(viewer.socket, selectors.EVENT_READ, viewer)

        def read_for(seconds: float) -> None:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    key.data.read()

        read_for(SETTLE_SECONDS)
        for viewer in viewers:
            viewer.told.clear()
            viewer.bytes = viewer.deltas = 0
        before = mark()
        read_for(seconds)
        after = mark()
    for viewer in (*stuck, *viewers):
        viewer.socket.close()
    return before, after, viewers


def share(before: State, after: State, name: str) -> float:
    """CPU time of a thread or the process, in percent of one core."""
    first, last = ({"process": one["process"], **one["threads"]}[name] for one in (before, after))
    return float(100 * (last - first) / (after["at"] - before["at"]))


def percentile(values: list[float], q: float) -> float:
    """A percentile, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(q * len(values)))]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--slow", type=int, default=10, help="Viewers beside them that never read.")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--data-dir", type=Path, help="Prepared before; else a temporary one.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.data_dir or Path(scratch) / "data"
        if not root.exists():
            prepare(DataDir(root))
        measure(root, arguments.viewers, arguments.slow, arguments.seconds)


def measure(root: Path, count: int, slow: int, seconds: float) -> None:
    """Measure on a prepared directory."""
    with served(root, SETTINGS, with_simulator=True) as server:
        time.sleep(15)  # dbt's imports and the first reports
        quiet = server.mark()
        time.sleep(seconds)
        quiet_end = server.mark()
        port = int(server.url.rsplit(":", 1)[1])
        alone = watch(port, count, 0, seconds, server.mark)
        beside_slow = watch(port, count, slow, seconds, server.mark)
        with urllib.request.urlopen(f"{server.url}/api/v1/live-flights?limit=1") as answer:
            active = json.load(answer)["active"]

    before, after, viewers = alone
    rate = (after["received"] - before["received"]) / (after["at"] - before["at"])
    print(f"active flights           {active:>8,}")
    print(f"events/s                 {rate:>8,.0f}")
    print(f"viewers                  {count:>8,}")
    print("CPU, % of a core            none  with viewers")
    for name in (*THREADS, "process"):
        print(
            f"  {name:<22} {share(quiet, quiet_end, name):>8.1f} {share(before, after, name):>8.1f}"
        )
    print(f"memory, MB               {quiet_end['memory_mb']:>8.0f} {after['memory_mb']:>8.0f}")
    print(f"deltas a viewer          {statistics.mean(v.deltas for v in viewers):>8.1f}")
    print(f"KB/s a viewer            {viewers[0].bytes / 1024 / seconds:>8.1f}")
    print("commit to bytes, ms           p50      p95      p99      max  viewers' means")
    print_latencies("all read", [viewer.told for viewer in viewers])
    print_latencies(f"beside {slow} that never do", [viewer.told for viewer in beside_slow[2]])


def print_latencies(label: str, told: list[dict[str, float]]) -> None:
    """One line: percentiles over all, and the range of the viewers' means."""
    of_each = [latencies(of_one) for of_one in told]
    means = [1000 * statistics.mean(latencies) for latencies in of_each]
    values = [value for latencies in of_each for value in latencies]
    texts = [f"{percentile(values, q):>8.0f}" for q in (0.5, 0.95, 0.99, 1.0)]
    print(f"  {label:<22} {' '.join(texts)}  {min(means):.0f} to {max(means):.0f}")


if __name__ == "__main__":
    main()
