"""Whether a flood of bad records slows the good ones by more than its own cost.

The same good records go through stream, archive and silver three times: alone, mixed with as many
bad ones, and the bad ones alone. Where the two together cost no more processor time than the sum of
each alone, a flood costs what it costs and nothing besides. All figures come from the same run, the
least of some rounds each, in processor time, so that other work on the machine does not count.

    .venv/bin/python benchmarks/bench_flood.py --records 20000
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from bench_silver_sql import event

from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings

LIMIT = 1.25
"""At most so much more together than the sum of each alone."""
PUT_RECORDS = 500
LARGE_BYTES = 1024 * 1024
LARGE_SHARE = 100
"""Of records of a mebibyte, one for so many good ones: ten times their bytes all the same."""

Make = Callable[[random.Random, bytes], bytes]


def not_json(rng: random.Random, good: bytes) -> bytes:
    """A record that was cut off."""
    return good[: rng.randrange(1, len(good))]


def not_utf8(rng: random.Random, good: bytes) -> bytes:
    """A record with a byte that no text has."""
    place = rng.randrange(len(good))
    return good[:place] + b"\xff" + good[place:]


def garbage(rng: random.Random, _good: bytes) -> bytes:
    """A mebibyte of anything but a line's end."""
    return rng.randbytes(LARGE_BYTES).replace(b"\n", b" ")


def bad_fields(rng: random.Random, good: bytes) -> bytes:
    """JSON of the right shape with every field that may be fatal spoilt, and flags besides."""
    return (
        good.replace(b'"event_timestamp": ', b'"event_timestamp": "soon", "was": ')
        .replace(b"_airport_iata", b"_airport")
        .replace(b'"flight_status": "', b'"flight_status": "%d' % rng.randrange(10))
        .replace(b'_count": ', b'_count": -')
    )


KINDS: dict[str, Make] = {
    "not_json": not_json,
    "not_utf8": not_utf8,
    "bad_fields": bad_fields,
    "1 MiB of garbage": garbage,
}


def cost(records: Sequence[bytes]) -> float:
    """Processor seconds to put, archive and judge records in a new data directory."""
    with (
        tempfile.TemporaryDirectory(prefix="airside-flood-") as folder,
        open_pipeline(DataDir(Path(folder) / "data"), Settings()) as pipeline,
    ):
        began = time.process_time()
        for start in range(0, len(records), PUT_RECORDS):
            pipeline.stream.put(records[start : start + PUT_RECORDS])
        pipeline.archiver.run_once(flush=True)
        done = 0
        while batch := pipeline.silver.run_once():
            done += batch
        spent = time.process_time() - began
        if done != len(records):
            raise SystemExit(f"{done:,} of {len(records):,} records were judged")
        return spent


def mixed(good: Sequence[bytes], bad: Sequence[bytes]) -> list[bytes]:
    """The bad ones spread evenly among the good ones."""
    stride = len(good) // len(bad)
    shares = (good[start : start + stride] for start in range(0, len(good), stride))
    return [
        record
        for share, one in zip_longest(shares, bad)
        for record in chain(share or [], [one] if one is not None else [])
    ]


def measured(count: int, rounds: int) -> Iterator[tuple[str, int, float, float, float]]:
    """Kind, bad records, and the least cost of the good alone, the bad alone, and both."""
    rng = random.Random(1)
    good = [event(rng, number) for number in range(count)]
    cost(good[:PUT_RECORDS])  # what is done once in a process is done
    for kind, make in KINDS.items():
        flood = count // LARGE_SHARE if make is garbage else count
        bad = [make(rng, good[number]) for number in range(flood)]
        runs = [(cost(good), cost(bad), cost(mixed(good, bad))) for _ in range(rounds)]
        yield (kind, len(bad), *(min(column) for column in zip(*runs, strict=True)))


def main() -> int:
    """Measure, print, and say by the exit code whether the limit holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=20_000, help="good ones")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{asked.records:,} good records, the least of {asked.rounds} rounds, processor time")
    print("flood             bad records   good alone    bad alone    together   together / sum")
    print("                                µs a good       µs a bad        s")
    worst = 0.0
    for kind, flood, good, bad, both in measured(asked.records, asked.rounds):
        ratio = both / (good + bad)
        worst = max(worst, ratio)
        print(
            f"{kind:<16}  {flood:>11,}   {good / asked.records * 1e6:>10.1f}   "
            f"{bad / flood * 1e6:>10.1f}   {both:>9.2f}   {ratio:>14.2f}"
        )
    print(f"worst ratio {worst:.2f}, limit {LIMIT}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
