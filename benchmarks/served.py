"""`airside up` as a child process that tells what it has used, for benchmarks to measure.

The child runs what `up` runs, in one process of its own, and answers each line on its standard
input with its state: processor time of the process and of each of its threads, memory, records.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airside.runtime.data_dir import DataDir
from airside.runtime.up import operation
from airside.settings import Settings

STOP_SECONDS = 120.0


class Served:
    """A running child. Made by `served`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.url: str = self._answer()["url"]

    def mark(self) -> dict[str, Any]:
        """What has been used since the start: seconds of a core, MB, records."""
        assert self.process.stdin is not None
        self.process.stdin.write("mark\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("airside ended before it was asked to; its own output says why")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def served(
    root: Path, settings: dict[str, Any], *, with_simulator: bool = False
) -> Iterator[Served]:
    """Run a pipeline with its dashboard on a directory until the block ends.

    Args:
        root: The data directory.
        settings: By section and name; the port is a free one unless named.
        with_simulator: Whether the simulator runs too.
    """
    words = [sys.executable, __file__, str(root), json.dumps(settings), str(int(with_simulator))]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Served(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:  # a long backlog; nobody needs this directory any more
            process.kill()
            process.wait()


def resident_mb() -> float:
    """Memory of this process that is in RAM."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def thread_seconds() -> dict[str, float]:
    """Processor time of each Python thread, by its name; DuckDB's own workers have none."""
    return {
        thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident
    }


def main(root: Path, settings: Settings, *, with_simulator: bool) -> None:
    """Run everything; print where, then the state of the process for each line on stdin."""
    with operation(
        DataDir(root), settings, with_simulator=with_simulator, with_dashboard=True
    ) as running:
        print(json.dumps({"url": running.dashboard}), flush=True)
        for _ in sys.stdin:
            account = running.snapshot().account
            state = {
                "at": time.monotonic(),
                "process": time.process_time(),
                "threads": thread_seconds(),
                "memory_mb": resident_mb(),
                "received": account.received,
                "in_flight": account.in_flight,
            }
            print(json.dumps(state), flush=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    given.setdefault("dashboard", {}).setdefault("port", 0)
    main(Path(sys.argv[1]), Settings.model_validate(given), with_simulator=bool(int(sys.argv[3])))
