"""`refresh`: keep a warehouse on a server up to date."""

from pathlib import Path

import click

from airside.cli.options import data_dir_option, effective, json_option, warehouse_option
from airside.cli.output import counted, print_json, progress_bars
from airside.runtime.clocks import wall_clock
from airside.runtime.refreshing import refresh as refresh_warehouse


@click.command()
@warehouse_option
@click.option(
    "--lake",
    "lake_url",
    metavar="URL",
    help="Where the batches are: s3://bucket/prefix, or a folder.  [default: the data directory]",
)
@json_option
@data_dir_option
def refresh(
    warehouse_url: str | None, lake_url: str | None, as_json: bool, data_dir: Path | None
) -> None:
    """Load a warehouse on PostgreSQL or Redshift from the lake, and build the star schema there.

    What the embedded pipeline has loaded since the last time is handed over to the lake first; it
    may run meanwhile. Nothing is loaded twice, however often and whenever this is run or ended.

    \b
    Examples:
      airside refresh --warehouse postgresql://airside@localhost/airside
      AIRSIDE_WAREHOUSE__URL=postgresql://… airside refresh --lake s3://bucket/airside --json
    """
    directory, settings = effective(data_dir, warehouse__url=warehouse_url, lake__url=lake_url)
    with progress_bars(refresh=None) as advance:
        done = refresh_warehouse(
            directory,
            settings,
            clock=wall_clock,
            progress=lambda records: advance("refresh", records),
        )
    if as_json:
        print_json(done.as_dict())
        return
    loaded = f"Nothing new in {done.lake}"
    if done.batches:
        what = f"{counted(done.batches, 'batch', 'batches')} of {counted(done.records, 'record')}"
        loaded = (
            f"Loaded {what} ({done.clean:,} clean, {done.quarantined:,} quarantined, "
            f"{done.duplicates:,} duplicates)"
        )
    gold = "brought up to date" if done.is_gold_changed else "already up to date"
    click.echo(f"{loaded}; gold is {gold}, through batch {done.through_batch_id:,}.", err=True)
    if done.is_others_lake:
        click.echo(f"{done.lake} is not this directory's lake: nothing was handed over.", err=True)
    if done.brought_back:
        click.echo(f"Rows of {done.brought_back:,} batches came back for it.", err=True)
    if done.removed:
        click.echo(f"Rows of {done.removed:,} old batches have left staging.", err=True)
