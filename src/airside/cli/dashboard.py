"""`dashboard`: the page and the API, without a pipeline of their own."""

import webbrowser
from pathlib import Path

import click

from airside.cli.options import (
    Duration,
    dashboard_options,
    data_dir_option,
    effective,
    stream_option,
    warehouse_option,
)
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.memory import without_pandas
from airside.runtime.serve import serve_data_dir


@click.command()
@dashboard_options
@warehouse_option
@click.option("--browser", is_flag=True, help="Open it in a browser.")
@click.option("--for", "seconds", type=Duration(), help="End after this long, such as 30s.")
@stream_option
@data_dir_option
def dashboard(
    host: str | None,
    port: int | None,
    token: str | None,
    warehouse_url: str | None,
    browser: bool,
    seconds: float | None,
    stream: str | None,
    data_dir: Path | None,
) -> None:
    """Serve the dashboard on existing data, whether or not a pipeline runs on it. Ctrl-C stops.

    \b
    Examples:
      airside dashboard
      airside dashboard --data-dir monday --port 8081
      airside dashboard --warehouse postgresql://airside@localhost/airside
      AIRSIDE_DASHBOARD__TOKEN=$(openssl rand -hex 16) airside dashboard --host 0.0.0.0
    """
    directory, settings = effective(
        data_dir,
        dashboard__host=host,
        dashboard__port=port,
        dashboard__token=token,
        stream__url=stream,
        warehouse__url=warehouse_url,
    )
    with (
        without_pandas(),
        serve_data_dir(directory, settings) as address,
        stop_on_signals() as stop,
    ):
        click.echo(f"The dashboard is at {address.url}", err=True)
        if browser:
            webbrowser.open(address.url)
        stop.wait(seconds)
