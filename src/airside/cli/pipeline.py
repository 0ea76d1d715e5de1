"""`run`: the pipeline alone."""

import time
from pathlib import Path

import click

from airside.cli.options import Duration, data_dir_option, effective, lake_option, stream_option
from airside.cli.output import counted, progress_bars
from airside.runtime.interrupts import INTERRUPTED, stop_on_signals
from airside.runtime.memory import without_pandas
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.readers import Observer, observe

_LOOK_SECONDS = 1.0


@click.command()
@click.option("--until-drained", is_flag=True, help="Process all that is on the stream, then end.")
@click.option("--for", "seconds", type=Duration(), help="End after this long, such as 30s.")
@click.option("--window", type=Duration(), help="Micro-batch trigger of silver.  [default: 1s]")
@lake_option
@stream_option
@data_dir_option
def run(
    until_drained: bool,
    seconds: float | None,
    window: float | None,
    lake_url: str | None,
    stream: str | None,
    data_dir: Path | None,
) -> int:
    """Run bronze, silver and gold over what is on the stream, without simulator or view.

    \b
    Examples:
      airside run
      airside run --until-drained
      airside run --stream kinesis://airside --lake s3://my-bucket/airside
    """
    directory, settings = effective(
        data_dir, silver__window_seconds=window, lake__url=lake_url, stream__url=stream
    )
    is_done = True
    with (
        without_pandas(),
        stop_on_signals() as stop,
        open_pipeline(
            directory, settings, stopping=stop, tell=lambda text: click.echo(text, err=True)
        ) as pipeline,
        observe(directory, pipeline.warehouse) as observer,
    ):
        if until_drained:
            with progress_bars(**_waiting(observer)) as advance:
                is_done = pipeline.drain(advance, stop)
        else:
            click.echo(f"Running on {directory.root}; Ctrl-C stops.", err=True)
            pipeline.start()
            _report_problems(pipeline, seconds)
            pipeline.stop()
        if pipeline.fatal is not None:
            raise pipeline.fatal
        done = observer.account()
    click.echo(
        f"{counted(done.received, 'record')} received: {done.clean:,} clean, "
        f"{done.quarantined:,} quarantined, {done.duplicates:,} duplicates, "
        f"{done.in_flight:,} in flight." + ("" if is_done else " Stopped before the end."),
        err=True,
    )
    return 0 if is_done else INTERRUPTED


def _waiting(observer: Observer) -> dict[str, int | None]:
    """Stage → the records that wait for it; None where the stream cannot count them."""
    if observer.data_dir.stream_url is not None:
        return {"bronze": None, "silver": None}
    waiting = observer.account()
    return {"bronze": waiting.awaiting_archive, "silver": waiting.in_flight}


def _report_problems(pipeline: Pipeline, seconds: float | None) -> None:
    """Wait for the end; meanwhile say when a stage cannot go on, and when it can again."""
    ends = None if seconds is None else time.monotonic() + seconds
    told: dict[str, str] = {}
    while ends is None or time.monotonic() < ends:
        for stage, health in dict(pipeline.health).items():
            error = health.error
            if error == told.get(stage):
                continue
            click.echo(f"{stage}: {error or 'goes on'}", err=True)
            if error:
                told[stage] = error
            else:
                del told[stage]
        left = _LOOK_SECONDS if ends is None else ends - time.monotonic()
        if pipeline.stopping.wait(max(0.0, min(_LOOK_SECONDS, left))):
            return
