"""`up`: everything, with one command."""

import sys
import time
from pathlib import Path

import click
from rich.live import Live

from airside.cli.live import line, screen
from airside.cli.options import (
    Duration,
    Speed,
    dashboard_options,
    data_dir_option,
    effective,
    simulator_options,
)
from airside.cli.output import console
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.up import Snapshot, operation

_REFRESH_SECONDS = 1.0


@click.command()
@simulator_options
@click.option(
    "--time-compression", type=Speed(), help="Simulated seconds in a real one.  [default: 60]"
)
@click.option("--no-simulator", is_flag=True, help="Wait for events from elsewhere.")
@click.option("--for", "seconds", type=Duration(), help="End after this long, such as 30s.")
@click.option("--window", type=Duration(), help="Micro-batch trigger of silver.  [default: 1s]")
@dashboard_options
@click.option("--no-dashboard", is_flag=True, help="Serve no page and no API.")
@click.option("--quiet", is_flag=True, help="One line a refresh, for logs and pipes.")
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
    data_dir: Path | None,
) -> None:
    """Start simulator, pipeline, dashboard and a live view. Ctrl-C stops; starting again goes on.

    \b
    Examples:
      airside up
      airside up --airport FRA --flights 1200 --mess hostile
      airside up --no-simulator --quiet
    """
    directory, settings = effective(
        data_dir,
        simulator__airport=airport,
        simulator__flights_per_day=flights,
        simulator__seed=seed,
        simulator__mess=mess,
        simulator__time_compression=time_compression or None,
        silver__window_seconds=window,
        dashboard__host=host,
        dashboard__port=port,
        dashboard__token=token,
    )
    quiet = quiet or not sys.stdout.isatty()
    click.echo(f"Airside keeps everything in {directory.root.resolve()}.", err=True)
    before: Snapshot | None = None
    with operation(
        directory,
        settings,
        with_simulator=not no_simulator,
        with_dashboard=not no_dashboard,
    ) as running:
        if running.dashboard is not None:
            click.echo(f"The dashboard is at {running.dashboard}", err=True)
        stopping = running.pipeline.stopping
        ends = None if seconds is None else time.monotonic() + seconds
        with (
            stop_on_signals(stopping),
            Live(console=console, screen=False, auto_refresh=False, transient=False) as live,
        ):
            while not stopping.is_set() and (ends is None or time.monotonic() < ends):
                now = running.snapshot()
                if quiet:
                    click.echo(line(now, before))
                else:
                    live.update(screen(now, before), refresh=True)
                before = now
                left = _REFRESH_SECONDS if ends is None else ends - time.monotonic()
                stopping.wait(max(0.0, min(_REFRESH_SECONDS, left)))
            click.echo("Stopping: finishing what is on the stream.", err=True)
