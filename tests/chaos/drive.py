"""Runs a pipeline through the rounds of a seed, and compares it with one that nothing happened to.

By hand, with any seed and length: `make chaos SEED=7 ROUNDS=50`.
"""

import argparse
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from itertools import groupby, islice
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))  # as pytest does

from airside.runtime.data_dir import DataDir  # noqa: E402
from airside.stream import EmbeddedStream, unpack  # noqa: E402
from chaos.damage import Laboratory, damages  # noqa: E402
from chaos.plan import End, Round, rounds  # noqa: E402 - see above
from oracle.corpus import hostile  # noqa: E402
from support.command import (  # noqa: E402
    AIRSIDE,
    airside,
    airside_json,
    airside_ok,
    clean_environment,
    start,
)
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
        self.fed: list[bytes] = []
        """All that is on the streams, in order."""
        self._extra = 0
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
        for first in range(0, len(share), PUT_RECORDS):
            self._now_us += 10_000
            for stream in self._streams:
                stream.put(share[first : first + PUT_RECORDS])
            self.fed += share[first : first + PUT_RECORDS]
            time.sleep(pause)

    def _live(self, round_: Round, share: list[bytes]) -> None:
        if round_.cut_off:
            self._cut_off(round_.cut_off, round_.seconds)
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
        limit(process.pid, self.disturbed, round_.quota_bytes)
        if round_.producer:
            self._produce(round_.seconds)
        feed = threading.Thread(target=self._put, args=(share, round_.seconds / 20))
        feed.start()
        if round_.end is not End.KILL_IN_STARTING:
            self._wait_for_life(process)
        time.sleep(round_.seconds)  # the instant of the end, not a wait for anything
        end(process, round_.end, round_.seconds)
        feed.join()
        _, said = process.communicate(timeout=280)
        self.log.append(f"  exit {process.returncode} {said.decode(errors='replace').strip()}")
        assert b"Traceback" not in said, self.log[-1]
        gently = round_.end in {End.TERMINATE, End.PAUSE_AND_STOP}
        asked = {0, *NAMED} if gently else {-signal.SIGKILL, 0, *NAMED}
        assert process.returncode in asked, self.log[-1]

    def _cut_off(self, command: str, seconds: float) -> None:
        """Start a command that rewrites the directory, and kill it at its work."""
        process = start(command, "--data-dir", self.disturbed)
        time.sleep(seconds)
        process.kill()
        _, said = process.communicate(timeout=280)
        assert b"Traceback" not in said, said.decode()
        self.log.append(f"  {command}: exit {process.returncode} {said.decode().strip()}")
        # Killed between its renames, it leaves what the doctor names; doing it again mends it.
        if command == "backfill" and (self.disturbed / "rebuild").exists():
            again = airside("backfill", "--data-dir", self.disturbed)
            assert again.returncode == 0, again.stderr

    def _produce(self, seconds: float) -> None:
        """Let `ingest` send records, kill it, and give the calm stream what it had put."""
        disturbed, calm = self._streams
        before = {shard: str(last).zfill(20) for shard, last in disturbed._ends().items()}
        self._extra += 1
        with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
            corpus = hostile(2_000, seed=self.seed * 1_000 + self._extra) * 10
            file.writelines(record.replace(b"\n", b" ") + b"\n" for record in corpus)
            file.flush()
            process = start("ingest", file.name, "--data-dir", self.disturbed)
            time.sleep(seconds)
            process.kill()
            _, said = process.communicate(timeout=280)
        assert b"Traceback" not in said, said.decode()
        put = disturbed.read(before, max_records=10**9, max_bytes=10**12)
        puts = 0
        # A large put is several frames, all of one instant; no two puts share one.
        for instant, frames in groupby(put, key=lambda frame: frame.first_arrived_at_us):
            lines = [line for frame in frames for line in unpack(frame).split(b"\n")[:-1]]
            self._now_us = max(self._now_us, instant)
            calm.put(lines)
            self.fed += lines
            puts += 1
        self.log.append(f"  ingest: exit {process.returncode}, {puts} puts before it")

    def _wait_for_life(self, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + 60
        while not (self.disturbed / "airside.sock").exists() and process.poll() is None:
            assert time.monotonic() < ends, "the pipeline did not start"
            time.sleep(0.02)

    def _compare(self) -> None:
        status = airside_json("status", "--data-dir", self.disturbed)
        assert status["received"] == status["archived"] == len(self.fed)
        assert status["in_flight"] == 0
        assert status["balanced"] is True
        assert archived_lines(self.disturbed) == self.fed
        assert lake_contents(self.disturbed) == lake_contents(self.calm)
        disturbed, calm = (
            warehouse_contents(root / "warehouse.duckdb") for root in (self.disturbed, self.calm)
        )
        for table, rows in calm.items():
            assert disturbed[table] == rows, table


def end(process: subprocess.Popen[bytes], how: End, seconds: float) -> None:
    """Let a process come to its end; `seconds` draws how long something of it takes."""
    if how in {End.PAUSE_AND_KILL, End.PAUSE_AND_STOP}:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
    if how is End.PAUSE_AND_STOP:
        process.send_signal(signal.SIGCONT)
    if how in {End.TERMINATE, End.PAUSE_AND_STOP, End.KILL_IN_STOPPING}:
        process.terminate()
    if how is End.KILL_IN_STOPPING:
        time.sleep(seconds / 4)
    if how not in {End.TERMINATE, End.PAUSE_AND_STOP}:
        process.kill()


def limit(process: int, root: Path, room: int | None) -> None:
    """Let a process make no file larger than the largest there is, and so many bytes more.

    To a program, that is a disk that is full, and it needs no right to mount one.
    """
    if room is not None:
        largest = max(path.stat().st_size for path in root.rglob("*") if path.is_file())
        resource.prlimit(process, resource.RLIMIT_FSIZE, (largest + room, largest + room))


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
        except BaseException:
            replay = f"make chaos SEED={asked.seed} ROUNDS={asked.rounds}"
            print(f"FAILED: {replay} does it again")  # noqa: T201
            raise
        finally:
            print("\n".join(chaos.log))  # noqa: T201
    print("everything accounted for; equal to an undisturbed run")  # noqa: T201
    return damage(asked.seed, asked.rounds)


def damage(seed: int, number: int) -> int:
    """Spoil a file a round, follow the advice, and see what is left."""
    with tempfile.TemporaryDirectory(prefix="airside-damage-") as folder:
        laboratory = Laboratory(Path(folder), seed)
        for done in islice(damages(seed), number):
            try:
                print(f"{done}: {laboratory.examine(done)}")  # noqa: T201
            except BaseException:
                print(f"{done}: make chaos SEED={seed} ROUNDS={number} does it again")  # noqa: T201
                raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
