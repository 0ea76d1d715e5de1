"""`backfill`, `compact`, `doctor` and `config`: look after a data directory."""

import contextlib
import time
from pathlib import Path

import click
from rich.text import Text

from airside.cli.options import (
    data_dir_option,
    effective,
    json_option,
    lake_option,
    stream_option,
)
from airside.cli.output import Column, console, counted, print_json, progress_bars, table
from airside.cli.values import cell
from airside.lake import open_lake
from airside.runtime.aws.names import Names
from airside.runtime.backfill import rebuild
from airside.runtime.clocks import wall_clock
from airside.runtime.compaction import compact as compact_files
from airside.runtime.doctor import examine, examine_aws
from airside.runtime.lakes import lake_of
from airside.runtime.restore import restore
from airside.settings import environment_variable, fields, load

_STYLES = {"ok": "green", "warning": "yellow", "stopped": "bold red"}
_HEADLINES = {"warning": "Worth a look:", "stopped": "Data stops at:"}


@click.command()
@click.option(
    "--source",
    metavar="URL",
    help="Make a new directory out of this archive: a data directory's, a lake's, or what Firehose "
    "has written below a folder or prefix.",
)
@lake_option
@stream_option
@data_dir_option
def backfill(
    source: str | None, lake_url: str | None, stream: str | None, data_dir: Path | None
) -> None:
    """Rebuild silver and gold from the archive, row for row.

    Without --source, the directory's own silver and gold are made anew and put in place when they
    are whole. With --source, a new data directory is made, from which a pipeline can run on.

    \b
    Examples:
      airside backfill
      airside backfill --source old-data --data-dir new-data
      airside backfill --source s3://raw-bucket/bronze/flight_events --data-dir new-data
    """
    directory, settings = effective(data_dir, lake__url=lake_url, stream__url=stream)
    with progress_bars(backfill=None) as advance:

        def progress(records: int) -> None:
            advance("backfill", records)

        def warn(text: str) -> None:
            click.echo(f"Warning: {text}", err=True)

        if source is None:
            total = rebuild(directory, settings, progress, warn)
        else:
            total = restore(source, directory, settings, progress, warn)
    click.echo(f"Rebuilt {directory.root} from {counted(total, 'archived record')}.", err=True)


@click.command()
@lake_option
@data_dir_option
def compact(lake_url: str | None, data_dir: Path | None) -> None:
    """Merge the small files of past hours; a running pipeline does so by itself, every hour.

    A lake that is named needs no data directory.

    \b
    Examples:
      airside compact
      airside compact --lake s3://my-bucket/airside
    """
    directory, settings = effective(data_dir, lake__url=lake_url)
    with contextlib.ExitStack() as stack:
        if settings.lake.url is None:
            directory.check()
            lake = lake_of(directory)
            stack.enter_context(directory.merging())
        else:
            lake = open_lake(settings.lake.url)
        merged = compact_files(lake, wall_clock)
    for zone, (read, written) in merged.items():
        done = f"{read:,} files merged into {written:,}" if read else "nothing to merge"
        click.echo(f"{zone}: {done}", err=True)


@click.command()
@click.option(
    "--aws",
    "suffix",
    metavar="SUFFIX",
    help="Look at the deployment on AWS with this unique_suffix instead of a data directory.",
)
@click.option(
    "--name-prefix",
    metavar="TEXT",
    default="airside",
    show_default=True,
    help="What comes before the suffix in the names on AWS.",
)
@click.option(
    "--deep",
    is_flag=True,
    help="Read every byte that is kept as well; of each part say in how many places it is damaged, "
    "and name the first five.",
)
@json_option
@data_dir_option
def doctor(
    suffix: str | None, name_prefix: str, deep: bool, as_json: bool, data_dir: Path | None
) -> int:
    """Walk the stages in order and name the first where data stops, why, and what to do.

    The exit code is 1 where it stops somewhere. --deep takes as long as it takes to read the
    directory, and is best done when no pipeline runs. With --aws, region and credentials come from
    the AWS SDK's own variables and profiles; nothing is changed there, and one question to the
    warehouse may wake it.

    \b
    Examples:
      airside doctor
      airside doctor --deep
      AWS_DEFAULT_REGION=eu-central-1 airside doctor --aws demo
    """
    if suffix is None:
        directory, _ = effective(data_dir)
        findings = examine(directory, wall_clock, deep=deep)
    else:
        findings = examine_aws(Names(suffix, name_prefix), wall_clock, time.sleep)
    first = next((f for f in findings if f.state == "stopped"), None)
    if as_json:
        print_json(
            {
                "stops_at": first.stage if first else None,
                "findings": [{name: getattr(f, name) for name in f.__slots__} for f in findings],
            }
        )
        return 1 if first else 0
    console.print(
        table(
            [Column("stage"), Column("state"), Column("finding", wraps=True)],
            [(f.stage, Text(f.state, style=_STYLES[f.state]), f.finding) for f in findings],
        )
    )
    for finding in findings if first is None else [first]:
        if finding.state != "ok":
            console.print()
            console.print(f"{_HEADLINES[finding.state]} {finding.stage}", style="bold")
            console.print(f"Likely cause: {finding.cause}")
            console.print(f"Next: {finding.next_step}")
    if first is None:
        console.print("\nData flows through every stage.")
    return 1 if first else 0


@click.command()
@json_option
@data_dir_option
def config(as_json: bool, data_dir: Path | None) -> None:
    """Print the effective settings, and where each comes from.

    \b
    Example:
      airside config
    """
    effective_settings = load({"data_dir": data_dir})
    document = effective_settings.settings.model_dump(mode="json")
    rows = []
    for name, definition in fields():
        value = document
        for part in name.split("."):
            value = value[part]
        rows.append(
            {
                "name": name,
                "value": value,
                "origin": effective_settings.origins[name],
                "environment_variable": environment_variable(name),
                "description": definition.description or "",
            }
        )
    if as_json:
        print_json(rows)
        return
    console.print(
        table(
            [
                Column("setting"),
                Column("value", wraps=True),
                Column("from", wraps=True),
                Column("meaning", rank=1, wraps=True),
            ],
            [[cell(r[key]) for key in ("name", "value", "origin", "description")] for r in rows],
        )
    )
