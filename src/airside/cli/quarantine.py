"""`quarantine`: look at what was refused, and send it again."""

import threading
from contextlib import closing
from pathlib import Path

import click

from airside.cli.options import data_dir_option, effective, json_option
from airside.cli.output import Column, console, counted, print_json, table
from airside.cli.values import cell, plain
from airside.runtime import quarantine as stored
from airside.runtime.clocks import wall_clock
from airside.runtime.readers import open_reader
from airside.runtime.sources import patience
from airside.runtime.streams import open_for_putting, stream_name
from airside.runtime.wiring import open_ledger

_reason = click.option("--reason", metavar="REASON", help="Only records with this reason.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def quarantine() -> None:
    """Look at records that were refused, and send them again.

    \b
    Examples:
      airside quarantine list --reason bad_status
      airside quarantine show 4711
      airside quarantine replay --reason bad_status
    """


@quarantine.command(name="list")
@_reason
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=20,
    show_default=True,
    help="So many at most.",
)
@json_option
@data_dir_option
def list_(reason: str | None, limit: int, as_json: bool, data_dir: Path | None) -> None:
    """List the newest quarantined records.

    \b
    Example:
      airside quarantine list --reason not_json --limit 5
    """
    directory, _ = effective(data_dir)
    with open_reader(directory) as reader:
        rows = stored.listed(reader, reason=reason, limit=limit)
    if as_json:
        print_json([plain(row) for row in rows])
        return
    if not rows:
        console.print("No record is in quarantine." if reason is None else f"No {reason}.")
        return
    console.print(
        table(
            [
                Column("sequence", right=True),
                Column("arrived (UTC)"),
                Column("reason"),
                Column("what exactly", wraps=True),
            ],
            [
                (
                    row["sequence_number"].lstrip("0"),
                    f"{row['arrived_at']:%Y-%m-%d %H:%M:%S}",
                    row["reason"],
                    cell(row["detail"]),
                )
                for row in rows
            ],
        )
    )
    click.echo("`airside quarantine show SEQUENCE` shows a record whole.", err=True)


@quarantine.command()
@click.argument("sequence_number")
@json_option
@data_dir_option
def show(sequence_number: str, as_json: bool, data_dir: Path | None) -> None:
    """Show one quarantined record: why, and its bytes.

    \b
    Example:
      airside quarantine show 4711
    """
    directory, _ = effective(data_dir)
    with open_reader(directory) as reader:
        row = stored.find(reader, sequence_number)
    if as_json:
        print_json(plain(row))
        return
    for name, value in row.items():
        if name != "payload":
            click.echo(f"{name:<16} {cell(value)}")
    click.echo(f"\n{cell(row['payload'])}")


@quarantine.command()
@_reason
@data_dir_option
def replay(reason: str | None, data_dir: Path | None) -> None:
    """Put quarantined records on the stream again, to be judged anew.

    Of use when the rules have changed; under the same rules they come back to quarantine. Those
    that an earlier replay has put are left out, and those whose event has been accepted since. One
    that is cut off goes on when it is called again.

    \b
    Example:
      airside quarantine replay --reason bad_status
    """
    directory, settings = effective(data_dir)
    with (
        directory.replaying(),
        open_reader(directory) as reader,
        open_for_putting(directory, settings) as stream,
        closing(open_ledger(directory, settings, wall_clock)) as ledger,
    ):
        waiting = patience(
            settings.stream, threading.Event().wait, lambda text: click.echo(text, err=True)
        )
        done = stored.replay(reader, stream, ledger, waiting, reason=reason)
    click.echo(
        f"Put {counted(done.put, 'record')} on {stream_name(directory, settings)} again.", err=True
    )
    if done.left_out:
        click.echo(
            f"Left out {counted(done.left_out, 'record')}: put by an earlier replay, or of an event"
            " that has been accepted since.",
            err=True,
        )
