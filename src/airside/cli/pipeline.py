"""`run`: the pipeline alone."""

import sys
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from airside.cli.options import Duration, data_dir_option, effective
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.pipeline import open_pipeline
from airside.runtime.readers import observe


@click.command()
@click.option("--until-drained", is_flag=True, help="Process all that is on the stream, then end.")
@click.option("--for", "seconds", type=Duration(), help="End after this long, such as 30s.")
@click.option("--window", type=Duration(), help="Micro-batch trigger of silver.  [default: 1s]")
@data_dir_option
def run(
    until_drained: bool, seconds: float | None, window: float | None, data_dir: Path | None
) -> None:
    """Run bronze, silver and gold over what is on the stream, without simulator or view.

    \b
    Examples:
      airside run
      airside run --until-drained
    """
    directory, settings = effective(data_dir, silver__window_seconds=window)
    with open_pipeline(directory, settings) as pipeline:
        if until_drained:
            with observe(directory, pipeline.warehouse) as observer:
                waiting = observer.account()
            with Progress(
                TextColumn("{task.description:<7}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                disable=not sys.stderr.isatty(),
                transient=True,
            ) as progress:
                tasks = {
                    "bronze": progress.add_task("bronze", total=waiting.awaiting_archive),
                    "silver": progress.add_task("silver", total=waiting.in_flight),
                }
                pipeline.drain(lambda stage, records: progress.advance(tasks[stage], records))
        else:
            click.echo(f"Running on {directory.root}; Ctrl-C stops.", err=True)
            with stop_on_signals(pipeline.stopping):
                pipeline.start()
                pipeline.stopping.wait(seconds)
                pipeline.stop()
        with observe(directory, pipeline.warehouse) as observer:
            done = observer.account()
    click.echo(
        f"{done.received:,} received: {done.clean:,} clean, {done.quarantined:,} quarantined, "
        f"{done.duplicates:,} duplicates, {done.in_flight:,} in flight.",
        err=True,
    )
    if pipeline.fatal is not None:
        raise pipeline.fatal
