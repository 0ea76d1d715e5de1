"""What the same new work and the same questions cost upon a short history and upon a long one.

    python benchmarks/bench_growth.py [--events 20000000] [--base 1000000] [--keep DIR]
    python benchmarks/bench_growth.py --events 100000000 --keep /var/tmp/growth    # the full one

Makes two histories in bulk (`growth_history.py`: some 200 bytes of disk and 15 µs of processor
time an event), then does the same upon each, in a process of its own and in turn, a piece of work
at a time: batches of simulated records through silver, a refresh of gold after each, and every
question that the page, `report` and `status` ask. Prints milliseconds by the clock and of processor
time, and the ratio of the latter, long to short, beside the limit of 1.2. `--keep` leaves the
histories for the next run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from growth_history import END, build, size_of

from airside.dashboard.filters import Filters
from airside.dashboard.legs import Liveness
from airside.dashboard.live_board import LiveBoard
from airside.dashboard.queries import kpis, legs, live, records, reports, trends
from airside.gold import answers
from airside.runtime.accounting import account
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.settings import Settings
from airside.simulator import Simulator, SimulatorConfig, mess_preset
from airside.warehouse import Reader

LIMIT = 1.2
EVENTS_A_LEG = 20
FLIGHTS_A_DAY = 800
"""So that a million events reach further back than the longest window of a trend."""
CHUNK = 2_000_000
BATCHES = {2_000: 7, 20_000: 3}
"""Records of a batch → how many batches."""
ROUNDS, ASKED = 3, 5
"""So many rounds of all questions, each asked so often in a row."""

Question = Callable[[Reader], Any]
Times = tuple[float, float]
"""Seconds by the clock, and of processor time."""


def questions(reader: Reader, watermark: datetime) -> dict[str, Question]:
    """Name → what asks it."""
    newest, oldest = _leg(reader, "DESC"), _leg(reader, "ASC")
    pointed_at = _leg(reader, "ASC", "leg_key IN (SELECT leg_key FROM main.int_sampled_legs)")
    everything = Filters()
    filters = {
        "": everything,
        " of an airline": Filters(airlines=("6E",)),
        " of an airport": Filters(airports=("BOM",)),
        " of arrivals at the hub": Filters(airports=("AMD",), direction="arrival"),
        " that were cancelled": Filters(statuses=("cancelled",)),
        " of a day": Filters(since=watermark - timedelta(days=1), until=watermark),
        " of an airline, 30 days": Filters(
            airlines=("6E",), since=watermark - timedelta(days=30), until=watermark
        ),
    }
    asked: dict[str, Question] = {
        "board": lambda reader: LiveBoard(reader, Liveness()).read(live.version(reader)[0]),
        "watermark": lambda reader: reader.query("FROM main.rpt_watermark"),
        "version": live.version,
        "report": answers.report,
        "busiest airport": lambda reader: reports.airport(reader, None),
        "delay totals": answers.delay_totals,
        "airline delays": answers.airline_delays,
        "passengers and turnaround": answers.passengers_vs_turnaround,
        "quality by day": partial(records.quality, by="day"),
        "quality": partial(records.quality, by="total"),
        "quarantine, a page": lambda reader: records.quarantined(reader, None, 30, 0),
        "a leg": lambda reader: legs.leg(reader, newest[0]),
        "an old leg": lambda reader: legs.leg(reader, pointed_at[0]),
        "an old leg that no panel shows": lambda reader: legs.leg(reader, oldest[0]),
        "a leg's turnaround": lambda reader: legs.turnaround(reader, *newest),
        "a leg's timeline": lambda reader: legs.timeline(reader, *newest, 1_000),
        "an old leg's timeline": lambda reader: legs.timeline(reader, *oldest, 1_000),
    }
    of_filters: dict[str, Callable[..., Any]] = {
        "tiles": partial(kpis.settled, watermark=watermark),
        "airline delays": reports.airline_delays,
        "passengers and turnaround": reports.passengers_vs_turnaround,
        "turnaround points": reports.turnaround_points,
        "delay pairs, line": reports.delay_line,
        "delay pairs, points": reports.delay_points,
        "movements": reports.movements,
    }
    for name, chosen in filters.items():
        for title, ask in of_filters.items():
            if not name and title in asked:
                continue  # the page reads these from gold's reports
            asked[title + name] = partial(ask, filters=chosen)
    for by in get_args(trends.By):
        for group in get_args(trends.GroupBy):
            asked[f"trends by {by}, {group}"] = partial(
                trends.trends,
                filters=everything,
                by=by,
                group_by=group,
                top=10,
                zone="UTC",
                watermark=watermark,
            )
    return asked


def _leg(reader: Reader, order: str, where: str = "true") -> tuple[str, str]:
    """The key and the schedule of a leg with events: of the last, or of the first of all."""
    (row,) = reader.query(
        f"SELECT leg_key, scheduled_departure_at AS at FROM main.fct_flight_legs WHERE {where}"
        f" ORDER BY last_event_at {order}, leg_key LIMIT 1"
    ).to_pylist()
    return row["leg_key"], row["at"].isoformat()


def timed(work: Callable[[], object]) -> Times:
    """Do it, and say what it took."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def median(times: list[Times]) -> Times:
    """Each of the two by itself."""
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def new_work(pipeline: Pipeline, seed: int) -> Iterator[tuple[str, Times]]:
    """Batches through silver, and gold after each; the first warms everything up and counts not."""
    total = sum(records * batches for records, batches in BATCHES.items()) + 2_000
    config = SimulatorConfig(
        flights_per_day=FLIGHTS_A_DAY,
        mess=mess_preset("typical"),
        start=END.replace(tzinfo=UTC),
        seed=seed,
    )
    payloads = iter([each.payload for each in islice(Simulator(config).emissions(), total)])
    followed = LiveBoard(pipeline.warehouse, Liveness())
    for number, size in enumerate([2_000, *(s for s, n in BATCHES.items() for _ in range(n))]):
        pipeline.stream.put(list(islice(payloads, size)))
        for name, work in (
            (f"batch of {size:,}", pipeline.silver.run_once),
            (
                f"board, {size:,} not refreshed",
                lambda: followed.read(live.version(pipeline.warehouse)[0]),
            ),
            (f"gold refresh of {size:,}", pipeline.refresh),
        ):
            times = timed(work)
            if number:
                yield name, times


def figures(data_dir: DataDir) -> Iterator[tuple[str, Any]]:
    """What one history is, and then name and times of one piece of work after the other."""
    last_batch = json.loads((data_dir.root / "history.json").read_text())["last_batch"]
    with open_pipeline(data_dir, Settings()) as pipeline:
        reader = pipeline.warehouse
        (newest,) = reader.query("SELECT max(batch_id) AS n FROM staging.batches")["n"].to_pylist()
        pipeline.refresh()  # builds anew what was built by other models
        (n,) = reader.query("SELECT count(*) AS n FROM main.fct_flight_legs")["n"].to_pylist()
        yield "history", f"{n:,} legs, {size_of(data_dir.warehouse) // 1_000_000:,} MB"
        seed = newest - last_batch + 1  # other ids than a run before, upon the same history
        yield from new_work(pipeline, seed)
        with reader.transform.cursor() as cursor:
            yield "checkpoint", timed(lambda: cursor.execute("CHECKPOINT"))
        (watermark,) = reader.query("FROM main.rpt_watermark")["watermark_at"].to_pylist()
        asked = questions(reader, watermark) | {
            "status": lambda reader: account(
                pipeline.stream, pipeline.ledger, reader, clock=pipeline.clock
            )
        }
        for ask in asked.values():
            ask(reader)  # the first time reads what the later ones find in memory
        for _ in range(ROUNDS):
            for name, ask in asked.items():
                yield name, median([timed(partial(ask, reader)) for _ in range(ASKED)])


def measure(data_dir: DataDir) -> None:
    """Print the next of a history's figures for each line on standard input."""
    found = figures(data_dir)
    for _ in sys.stdin:
        print(json.dumps(next(found, None)), flush=True)


def made(folder: Path, events: int) -> DataDir:
    """A history, made where it is not there yet."""
    data_dir = DataDir(folder / str(events))
    began = time.monotonic()

    def tell(done: int) -> None:
        print(
            f"  {done:,} of {events:,} events after {time.monotonic() - began:.0f} s",
            file=sys.stderr,
        )

    build(
        data_dir,
        events,
        events_a_leg=EVENTS_A_LEG,
        flights_a_day=FLIGHTS_A_DAY,
        chunk=CHUNK,
        tell=tell,
    )
    return data_dir


def taken_in_turn(folder: Path, sizes: list[int]) -> Iterator[list[tuple[str, Any]]]:
    """The figures of all histories, one piece of work at a time: what disturbs meets them all."""
    directories = [made(folder, events).root for events in sizes]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "--measure", str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for root in directories
    ]

    def answer(child: "subprocess.Popen[str]") -> tuple[str, Any] | None:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        figure: tuple[str, Any] | None = json.loads(child.stdout.readline())
        return figure

    while all(told := [answer(child) for child in children]):
        yield [figure for figure in told if figure]
    for child in children:
        child.communicate()


def compare(folder: Path, sizes: list[int]) -> int:
    """Measure both, print a line for each item; returns how many are beyond the limit."""
    found: dict[str, list[list[Times]]] = {}
    for told in taken_in_turn(folder, sizes):
        (name, _), *_ = told
        if name == "history":
            for events, (_, history) in zip(sizes, told, strict=True):
                print(f"{events:,} events, {history}")
            continue
        for times, (_, each) in zip(found.setdefault(name, [[], []]), told, strict=True):
            times.append(each)
    print(f"{'':44}{'clock, ms':>18}{'processor, ms':>18}{'ratio':>8}   limit {LIMIT}")
    beyond = 0
    for name, (short, long) in found.items():
        (clock, processor), (long_clock, long_processor) = median(short), median(long)
        ratio = long_processor / processor
        beyond += ratio > LIMIT
        print(
            f"{name:44}{1e3 * clock:9.1f}{1e3 * long_clock:9.1f}"
            f"{1e3 * processor:9.1f}{1e3 * long_processor:9.1f}{ratio:8.2f}"
            f"{'   beyond it' if ratio > LIMIT else ''}"
        )
    print(f"{beyond} of {len(found)} items are beyond the limit")
    return beyond


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000_000, help="of the long history")
    parser.add_argument("--base", type=int, default=1_000_000, help="of the short history")
    parser.add_argument("--keep", type=Path, help="where the histories are left, and found again")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(DataDir(arguments.measure))
    elif arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        compare(arguments.keep, [arguments.base, arguments.events])
    else:
        with tempfile.TemporaryDirectory(prefix="airside-growth-") as folder:
            compare(Path(folder), [arguments.base, arguments.events])
