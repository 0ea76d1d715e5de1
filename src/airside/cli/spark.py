"""`spark`: silver on Spark, over an archive."""

from dataclasses import asdict
from pathlib import Path

import click

from airside.cli.options import Duration, data_dir_option, effective, json_option
from airside.cli.output import counted, print_json, progress_bars
from airside.runtime.interrupts import stop_on_signals
from airside.runtime.spark import run_spark


@click.command()
@click.option("--streaming", is_flag=True, help="Go on with what the archive gains; Ctrl-C stops.")
@click.option(
    "--source",
    metavar="LAKE",
    help="The lake or data directory whose archive is read.  [default: the data directory]",
)
@click.option(
    "--lake",
    "lake_url",
    metavar="LAKE",
    help="The lake that takes the result: a folder or s3://bucket/prefix.  "
    "[default: spark in the data directory]",
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Spark's checkpoint with --streaming.  [default: work/spark in the data directory]",
)
@click.option(
    "--window", type=Duration(), help="How often to look with --streaming.  [default: 10s]"
)
@click.option("--master", metavar="URL", help="Spark's master.  [default: local[*], this machine]")
@json_option
@data_dir_option
def spark(
    streaming: bool,
    source: str | None,
    lake_url: str | None,
    checkpoint: Path | None,
    window: float | None,
    master: str | None,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """Run the transform on Spark, over a whole archive, into a lake that warehouses load from.

    The same job runs on AWS Glue from a Kinesis stream. It goes on where the lake ends, so running
    it again does what is new, and nothing twice.

    \b
    Examples:
      airside spark
      airside spark --source s3://raw/airside --lake s3://clean/airside
      airside spark --streaming --window 30s
    """
    directory, settings = effective(data_dir)
    if not streaming and (checkpoint or window):
        raise click.UsageError("--checkpoint and --window go with --streaming")
    target = lake_url or str(directory.root / "spark")
    with stop_on_signals() as stopping, progress_bars(spark=None) as advance:

        def progress(records: int) -> None:
            advance("spark", records)

        done = run_spark(
            source or str(directory.root),
            target,
            settings,
            master or "local[*]",
            progress,
            checkpoint=(checkpoint or directory.work / "spark") if streaming else None,
            window_seconds=window or 10.0,
            stopping=stopping,
        )
    if as_json:
        print_json({"lake": target, **asdict(done)})
        return
    click.echo(
        f"{counted(done.received, 'record')} in {done.batches:,} "
        f"batch{'' if done.batches == 1 else 'es'}: "
        f"{done.clean:,} clean, {done.quarantined:,} quarantined, {done.duplicates:,} duplicates; "
        f"written to {target}.",
        err=True,
    )
