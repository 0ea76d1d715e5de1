"""`up`: everything, with one command."""

import sys
import time
from pathlib import Path

import click
from rich.live import Live
from rich.text import Text

from airside.cli.live import News, facts, line, screen
from airside.cli.options import (
    Duration,
    Speed,
    dashboard_options,
    data_dir_option,
    effective,
    lake_option,
    simulator_options,
    stream_option,
)
from airside.cli.output import console, print_json
from airside.errors import RetryableError
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.up import Operation, Snapshot, operation

_REFRESH_SECONDS = 1.0


@click.command()
@simulator_options
@click.option(
    "--time-compression",
    type=Speed(may_be_max=False),
    help="Simulated seconds in a real one.  [default: 60]",
)
@click.option("--no-simulator", is_flag=True, help="Wait for events from elsewhere.")
@click.option("--for", "seconds", type=Duration(), help="End after this long, such as 30s.")
@click.option("--window", type=Duration(), help="Micro-batch trigger of silver.  [default: 1s]")
@dashboard_options
@click.option("--no-dashboard", is_flag=True, help="Serve no page and no API.")
@click.option(
    "--quiet",
    is_flag=True,
    help="Lines for logs and pipes: one a second, one a minute while nothing changes.",
)
@click.option("--json", "as_json", is_flag=True, help="Those lines as JSON objects.")
@lake_option
@stream_option
@data_dir_option
def up(
    airport: str | None,
    flights: int | None,
    seed: int | None,
    mess: str | None,
    time_compression: float | None,
    no_simulator: bool,
    seconds: float | None,
    window: float | None,
    host: str | None,
    port: int | None,
    token: str | None,
    no_dashboard: bool,
    quiet: bool,
    as_json: bool,
    lake_url: str | None,
    stream: str | None,
    data_dir: Path | None,
) -> None:
    """Start simulator, pipeline, dashboard and a live view. Ctrl-C stops; starting again goes on.

    \b
    Examples:
      airside up
      airside up --airport FRA --flights 1200 --mess hostile
      airside up --no-simulator --quiet
      airside up --no-simulator --stream kinesis://airside
    """
    directory, settings = effective(
        data_dir,
        simulator__airport=airport,
        simulator__flights_per_day=flights,
        simulator__seed=seed,
        simulator__mess=mess,
        simulator__time_compression=time_compression,
        silver__window_seconds=window,
        stream__url=stream,
        dashboard__host=host,
        dashboard__port=port,
        dashboard__token=token,
        lake__url=lake_url,
    )
    with (
        stop_on_signals() as stop,
        operation(
            directory,
            settings,
            with_simulator=not no_simulator,
            with_dashboard=not no_dashboard,
            stopping=stop,
            tell=lambda text: click.echo(text, err=True),
        ) as running,
    ):
        elsewhere = f", its files in {directory.lake_url}" if directory.lake_url else ""
        notes = [f"Everything is kept in {directory.root.resolve()}{elsewhere}."]
        if running.dashboard is not None:
            notes.insert(0, f"The dashboard is at {running.dashboard}")
        ends = None if seconds is None else time.monotonic() + seconds
        if quiet or as_json or not sys.stdout.isatty():
            _print_lines(running, notes, ends, as_json=as_json)
        else:
            _show(running, notes, ends)
        click.echo("Stopping: finishing what is on the stream.", err=True)
    if running.last is not None:
        _print_line(running.last, None, as_json=as_json)


def _print_lines(
    running: Operation, notes: list[str], ends: float | None, *, as_json: bool
) -> None:
    """Print a line a refresh in which something is new, until something stops the pipeline."""
    for note in notes:
        click.echo(note, err=True)
    before: Snapshot | None = None
    trouble: str | None = None
    news = News()
    while _goes_on(running, ends):
        try:
            now = running.snapshot()
        except RetryableError as error:
            if str(error) != trouble:
                click.echo(_unseen(error), err=True)
            trouble = str(error)
        else:
            trouble = None
            if news.is_in(now):
                _print_line(now, before, as_json=as_json)
            before = now
        _wait(running, ends)


def _print_line(now: Snapshot, before: Snapshot | None, *, as_json: bool) -> None:
    if as_json:
        print_json(facts(now))
    else:
        click.echo(line(now, before))


def _show(running: Operation, notes: list[str], ends: float | None) -> None:
    """Redraw the whole screen each refresh, and leave the last picture behind."""
    notes = [*notes, "Ctrl-C stops; `airside up` goes on where it was."]
    before: Snapshot | None = None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while _goes_on(running, ends):
            try:
                now = running.snapshot()
            except RetryableError as error:
                live.update(Text(_unseen(error), "bold red"), refresh=True)
            else:
                width, height = console.size
                picture = screen(now, before, notes, width=width, height=height)
                live.update(picture, refresh=True)
                before = now
            _wait(running, ends)
    if before is not None:
        console.print(picture)


def _unseen(error: RetryableError) -> str:
    """The stages go on by themselves; only whoever looks on has to wait."""
    return f"How it goes cannot be told now: {error}"


def _goes_on(running: Operation, ends: float | None) -> bool:
    is_over = ends is not None and time.monotonic() >= ends
    return not is_over and not running.pipeline.stopping.is_set()


def _wait(running: Operation, ends: float | None) -> None:
    left = _REFRESH_SECONDS if ends is None else ends - time.monotonic()
    running.pipeline.stopping.wait(max(0.0, min(_REFRESH_SECONDS, left)))
