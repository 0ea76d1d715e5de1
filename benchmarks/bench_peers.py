"""Airside's transform beside other engines on the same records, identical results asserted first.

    make bench-peers [OPTIONS="--records 500000 --engines polars chdb"]

The task, from a stream's records to typed Parquet and an answer, is in `peers/__init__.py`; an
engine is a module of `peers/engines`. Each runs in a process of its own, with as many threads as
the others. First each does the task once, and its rows and its answer are compared with Airside's:
one that differs is shown with the number of rows that do, and so is one that is not installed. Then
all take turns: each time a new process warms up on a part of the records and does the whole, from
reading them to the answer. Starting the process, imports and warming up are not counted; processor
time and memory are those of the process and all that it starts.
"""

import argparse
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import peers.engines
from peers.compare import differing_airlines, differing_rows, examples
from peers.task import Answer, write_records
from peers.usage import usage_of_tree

from airside.simulator import MESS_PRESETS

OURS = "airside"
_WARM_UP = 0.1
"""The share of the records that a process does before it is timed."""
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Run:
    """One engine's doing the task once."""

    title: str
    version: str
    needed: str
    answer: Answer
    seconds: float
    processor_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An engine that could not do it, and why."""

    cause: str


def engine_names() -> list[str]:
    """All engines, Airside first."""
    found = {module.name for module in pkgutil.iter_modules(peers.engines.__path__)}
    return [OURS, *sorted(found - {OURS})]


def child(name: str, records: Path, target: Path, threads: int, warm_up: Path | None) -> Run:
    """Do the task in this process; what is warmed up on goes beside the target."""
    engine = import_module(f"peers.engines.{name}")
    if warm_up is not None:
        engine.run(warm_up, target.with_name(f"{target.name}-warm"), threads)
    before = usage_of_tree(os.getpid())
    begun = time.perf_counter()
    answer = engine.run(records, target, threads)
    seconds = time.perf_counter() - begun
    after = usage_of_tree(os.getpid())
    return Run(
        engine.TITLE,
        version(engine.PACKAGE),
        engine.NEEDED,
        [tuple(row) for row in answer],
        seconds,
        after.processor_seconds - before.processor_seconds,
        after.peak_bytes,
    )


def run(
    name: str, records: Path, target: Path, threads: int, warm_up: Path | None = None
) -> Run | Failure:
    """Do the task in a process of its own."""
    command = [sys.executable, __file__, "--child", name, "--threads", str(threads)]
    command += ["--source", str(records), "--target", str(target)]
    if warm_up is not None:
        command += ["--warm-up", str(warm_up)]
    environment = {
        **os.environ,
        # Spark's workers look for the modules of the functions that they are sent
        "PYTHONPATH": os.pathsep.join([str(_HERE), os.environ.get("PYTHONPATH", "")]),
        # libraries that size their pools when they are loaded
        "POLARS_MAX_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        missing = [line for line in lines if line.startswith("ModuleNotFoundError")]
        return Failure(missing[-1] if missing else lines[-1])
    figures = json.loads(done.stdout.splitlines()[-1])
    figures["answer"] = [tuple(row) for row in figures["answer"]]
    return Run(**figures)


def assert_equal(
    names: list[str], records: Path, folder: Path, threads: int
) -> tuple[dict[str, Run], list[str]]:
    """Let each engine do the task once.

    Returns:
        The engines that gave what Airside gave; and a line for each of the others.
    """
    same: dict[str, Run] = {}
    others = []
    for name in names:
        target = folder / name
        done = run(name, records, target, threads)
        if isinstance(done, Failure):
            if name == OURS:
                raise SystemExit(f"{name} did not run: {done.cause}")
            others.append(f"{name}: did not run: {done.cause}")
            continue
        rows = differing_rows(folder / OURS, target)
        airlines = differing_airlines((same.get(OURS) or done).answer, done.answer)
        if airlines or any(rows.values()):
            others.append(
                f"{done.title}: not equal: {rows['clean']:,} clean and {rows['refused']:,} refused"
                f" rows differ, and {airlines} airlines of the answer; such as\n  "
                + "\n  ".join(examples(folder / OURS, target))
            )
        else:
            same[name] = done
    return same, others


def best(runs: list[Run]) -> tuple[float, float, int]:
    """The least seconds by the clock and by the processors, and the greatest memory."""
    return (
        min(each.seconds for each in runs),
        min(each.processor_seconds for each in runs),
        max(each.peak_bytes for each in runs),
    )


def report(count: int, same: dict[str, Run], timed: dict[str, list[Run]]) -> None:
    """Print the table."""
    wall, busy, _ = best(timed[OURS])
    head = f"{'':45} {'records/s':>10} {'of Airside':>10} {'CPU s/M':>8} {'of Airside':>10}"
    print(f"{head} {'peak MiB':>9}")
    for name, runs in timed.items():
        seconds, processor, peak = best(runs)
        title = f"{same[name].title} ({same[name].version})"
        print(
            f"{title:45} {count / seconds:10,.0f} {wall / seconds:10.2f}"
            f" {processor / count * 1e6:8.1f} {processor / busy:10.2f} {peak / 2**20:9,.0f}"
        )
    print("\nWhat each needed beside its own functions")
    for done in same.values():
        print(f"  {done.title}: {done.needed}")


def _whole(text: str) -> int:
    """A number of something that has to be there."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1 up")
    return int(text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=_whole, default=500_000)
    parser.add_argument("--mess", choices=list(MESS_PRESETS), default="typical")
    parser.add_argument("--threads", type=_whole, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="0 compares, and times nothing")
    parser.add_argument(
        "--engines", nargs="+", metavar="NAME", choices=engine_names(), default=engine_names()
    )
    for name in ("--child", "--source", "--target", "--warm-up"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        warm_up = Path(options.warm_up) if options.warm_up else None
        source, target = Path(options.source), Path(options.target)
        print(json.dumps(asdict(child(options.child, source, target, options.threads, warm_up))))
        return

    names = [OURS, *(name for name in options.engines if name != OURS)]
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        records, part = folder / "records.parquet", folder / "part.parquet"
        count = write_records(records, options.records, options.mess)
        write_records(part, max(1, int(options.records * _WARM_UP)), options.mess, seed=7)
        same, others = assert_equal(names, records, folder / "compared", options.threads)
        print(f"{count:,} records, {options.mess} mess, {options.threads} threads")
        print(f"the same rows and answer from: {', '.join(done.title for done in same.values())}")
        for line in others:
            print(line)
        timed: dict[str, list[Run]] = {name: [] for name in same}
        for number in range(options.rounds):
            for name in same:
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    target = Path(place) / f"{name}-{number}"
                    done = run(name, records, target, options.threads, part)
                if isinstance(done, Failure):
                    raise SystemExit(f"{name} ran once, and not again: {done.cause}")
                timed[name].append(done)
        if options.rounds:
            print()
            report(count, same, timed)
    if any("not equal" in line for line in others):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
