"""Runs a pipeline through the rounds of a seed, and compares it with one that nothing happened to.

By hand, with any seed and length: `make chaos SEED=7 ROUNDS=50`.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))  # as pytest does

from airside.runtime.data_dir import DataDir  # noqa: E402
from airside.stream import EmbeddedStream  # noqa: E402
from chaos.plan import End, Round, rounds  # noqa: E402 - see above
from oracle.corpus import hostile  # noqa: E402
from support.command import AIRSIDE, airside_json, airside_ok, clean_environment  # noqa: E402
from support.contents import archived_lines, lake_contents, warehouse_contents  # noqa: E402

RECORDS_A_ROUND = 1_500
PUT_RECORDS = 100
_UP = ("up", "--no-simulator", "--quiet", "--window", "200ms")
NAMED = {65, 74, 75}
"""Exit codes of a run that says what is the matter; any other is a defect."""


def library(folder: Path) -> Path:
    """Compile the library that makes calls fail."""
    built = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    subprocess.run(
        ["gcc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", source, "-o", built, "-ldl"],
        check=True,
    )
    return built


class Chaos:
    """One run: a directory that is disturbed, and one that is not.

    Args:
        folder: Where everything goes.
        seed: Draws the records and the rounds.
        number: Rounds.
    """

    def __init__(self, folder: Path, seed: int, number: int) -> None:
        self.seed, self.number = seed, number
        self.disturbed, self.calm = folder / "disturbed", folder / "calm"
        self.log: list[str] = []
        self._faults = library(folder)
        corpus = hostile(RECORDS_A_ROUND * number, seed=seed)
        self.records = [record.replace(b"\n", b" ") for record in corpus]
        self._now_us = int(time.time() * 1e6)
        self._streams = [self._stream(root) for root in (self.disturbed, self.calm)]

    def run(self) -> None:
        """Go through all rounds, then let both directories finish, and compare them."""
        for number, round_ in enumerate(rounds(self.seed, self.number)):
            self.log.append(f"round {number}: {round_}")
            share = self.records[number * RECORDS_A_ROUND :][:RECORDS_A_ROUND]
            self._live(round_, share)
        for stream in self._streams:
            stream.close()
        airside_ok("run", "--until-drained", "--data-dir", self.disturbed)
        airside_ok("run", "--until-drained", "--data-dir", self.calm)
        self._compare()

    def _stream(self, root: Path) -> EmbeddedStream:
        directory = DataDir(root)
        directory.open()
        return EmbeddedStream(directory.stream, clock=lambda: self._now_us)

    def _put(self, share: list[bytes], pause: float) -> None:
        """Put the same records on both streams, with the same instants."""
        for start in range(0, len(share), PUT_RECORDS):
            self._now_us += 10_000
            for stream in self._streams:
                stream.put(share[start : start + PUT_RECORDS])
            time.sleep(pause)

    def _live(self, round_: Round, share: list[bytes]) -> None:
        if round_.tear_bytes:
            tear(self.disturbed / "warehouse.duckdb.wal", round_.tear_bytes)
        (self.disturbed / "airside.sock").unlink(missing_ok=True)  # of a process that was killed
        faults = {"LD_PRELOAD": str(self._faults), "CHAOS_FOLDER": str(self.disturbed.resolve())}
        process = subprocess.Popen(
            [*AIRSIDE, *_UP, "--data-dir", self.disturbed],
            env=clean_environment(**faults, **round_.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        feed = threading.Thread(target=self._put, args=(share, round_.seconds / 20))
        feed.start()
        self._wait_for_life(process)
        time.sleep(round_.seconds)  # the instant of the end, not a wait for anything
        end(process, round_.end)
        feed.join()
        _, said = process.communicate(timeout=120)
        self.log.append(f"  exit {process.returncode} {said.decode(errors='replace').strip()}")
        assert b"Traceback" not in said, self.log[-1]
        asked = {0, *NAMED} if round_.end is End.TERMINATE else {-signal.SIGKILL, 0, *NAMED}
        assert process.returncode in asked, self.log[-1]

    def _wait_for_life(self, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + 60
        while not (self.disturbed / "airside.sock").exists() and process.poll() is None:
            assert time.monotonic() < ends, "the pipeline did not start"
            time.sleep(0.02)

    def _compare(self) -> None:
        status = airside_json("status", "--data-dir", self.disturbed)
        assert status["received"] == status["archived"] == len(self.records)
        assert status["in_flight"] == 0
        assert status["balanced"] is True
        assert archived_lines(self.disturbed) == self.records
        assert lake_contents(self.disturbed) == lake_contents(self.calm)
        disturbed, calm = (
            warehouse_contents(root / "warehouse.duckdb") for root in (self.disturbed, self.calm)
        )
        for table, rows in calm.items():
            assert disturbed[table] == rows, table


def end(process: subprocess.Popen[bytes], how: End) -> None:
    """Let a process come to its end."""
    if how is End.TERMINATE:
        process.terminate()
        return
    if how is End.PAUSE_AND_KILL:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
    process.kill()


def tear(path: Path, size: int) -> None:
    """Cut bytes from a file's end, as a write that never reached the disk."""
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(max(0, path.stat().st_size - size))


def main() -> int:
    """Run chaos by hand."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    print(f"seed {asked.seed}, {asked.rounds} rounds")  # noqa: T201 - a script that prints
    with tempfile.TemporaryDirectory(prefix="airside-chaos-") as folder:
        chaos = Chaos(Path(folder), asked.seed, asked.rounds)
        try:
            chaos.run()
        finally:
            print("\n".join(chaos.log))  # noqa: T201
    print("everything accounted for; equal to an undisturbed run")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
