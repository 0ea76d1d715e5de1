"""`report`, `status` and `sql`: ask."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click
import pyarrow as pa
from rich.text import Text

from airside.cli.options import (
    data_dir_option,
    effective,
    json_option,
    stream_option,
    warehouse_option,
)
from airside.cli.output import (
    Column,
    console,
    counted,
    duration,
    number,
    print_csv,
    print_json,
    print_rows,
    table,
)
from airside.cli.tables import (
    DELAYS_NOTE,
    airline_table,
    archive_equation,
    live_table,
    loaded_equation,
    moment,
    turnaround_table,
    verdict,
    verdict_equation,
)
from airside.cli.values import as_documents
from airside.gold.answers import report as ask
from airside.runtime.readers import observe, open_answers, open_questions
from airside.runtime.warehouse_view import WarehouseAccount, warehouse_account
from airside.warehouse import Reader, StreamingReader
from airside.warehouse.drift import Drift, drift_summary


@click.command()
@json_option
@warehouse_option
@data_dir_option
def report(as_json: bool, warehouse_url: str | None, data_dir: Path | None) -> None:
    """Print the three answers: delays by airline, passengers against turnaround, live flights.

    \b
    Example:
      airside report --json
      airside report --warehouse postgresql://airside@localhost/airside
    """
    directory, settings = effective(data_dir, warehouse__url=warehouse_url)
    with open_answers(directory, settings) as reader:
        answers = ask(reader)
    if as_json:
        print_json(answers)
        return
    if not answers["totals"]["flights"]:
        console.print(
            "No flight is known yet; `airside doctor` says where the data stops."
            if settings.warehouse.url is None
            else "No flight is in the warehouse yet; fill it with `airside refresh`."
        )
        return
    console.print("Which airlines have the most significant delays?", style="bold")
    console.print(airline_table(answers))
    console.print(DELAYS_NOTE, style="dim")
    console.print("\nHow does passenger volume correlate with turnaround time?", style="bold")
    console.print(turnaround_table(answers))
    console.print("\nWhat is the live operational status of all active flights?", style="bold")
    console.print(live_table(answers))
    console.print(f"At {moment(answers)} in event time.", style="dim")


@click.command()
@json_option
@stream_option
@warehouse_option
@data_dir_option
def status(
    as_json: bool, stream: str | None, warehouse_url: str | None, data_dir: Path | None
) -> int:
    """Print the accounting of every record, and whether it balances.

    With --warehouse, of the records that the server has loaded: those of the data directory's
    stream that it has not are in flight. Where there is no data directory, the account is of the
    batches in the warehouse alone. The exit code is 1 where it does not balance.

    \b
    Example:
      airside status --json
    """
    directory, settings = effective(data_dir, stream__url=stream, warehouse__url=warehouse_url)
    with ExitStack() as stack:
        reader = None
        if settings.warehouse.url is not None:
            reader = stack.enter_context(open_answers(directory, settings))
            if not directory.has_stream:
                return _warehouse_status(warehouse_account(reader), as_json=as_json)
        directory.check()
        directory.feed_from(settings.stream.url)
        observer = stack.enter_context(observe(directory, reader))
        account = observer.account()
        # What a source sends is watched where its records are cleaned, and not on a server.
        drift = drift_summary(observer.reader) if reader is None else None
    if as_json:
        print_json({**account.as_dict(), "drift": drift and drift._asdict()})
        return 0 if account.balanced else 1
    console.print(archive_equation(account))
    console.print()
    console.print(verdict_equation(account))
    console.print(Text.assemble("\nThe account is ", verdict(account), "."))
    console.print()
    console.print(
        table(
            [
                Column("consumer"),
                Column("done", right=True),
                Column("waiting", right=True),
                Column("oldest waits", right=True),
                Column("rate (last 10 s)", right=True),
            ],
            [
                (
                    name,
                    number(consumer.total_records),
                    number(consumer.lag_records),
                    duration(consumer.iterator_age_seconds),
                    f"{number(consumer.records_per_second)}/s",
                )
                for name, consumer in account.consumers.items()
            ],
        )
    )
    _print_reasons(account.reasons)
    if drift is not None:
        _print_drift(drift)
    return 0 if account.balanced else 1


def _print_drift(drift: Drift) -> None:
    told = [
        f"{number(count)} {text}"
        for count, text in (
            (drift.new_fields, "outside the contract"),
            (drift.changed_types, "of other types"),
            (drift.missing_fields, "no longer sent"),
        )
        if count
    ]
    examined = f"{number(drift.examined)} of {number(drift.received)} records examined"
    if not told:
        console.print(f"\nSchema drift: none ({examined}).")
        return
    console.print(
        f"\nSchema drift: fields {', '.join(told)}; {number(drift.changes)} of it new ({examined}):"
        ' airside sql "FROM drift"',
        soft_wrap=True,
    )


def _warehouse_status(account: WarehouseAccount, *, as_json: bool) -> int:
    if as_json:
        print_json(account.as_dict())
        return 0 if account.balanced else 1
    console.print(loaded_equation(account))
    console.print(Text.assemble("\nThe account is ", verdict(account), "."))
    batches = counted(account.batches, "batch", "batches")
    newest = f", the newest at {account.loaded_at}" if account.loaded_at else ""
    waiting = f"; {account.waiting_batches:,} wait for it" if account.waiting_batches else ""
    console.print(
        f"{batches} loaded{newest}; gold holds them through {account.through_batch_id:,}{waiting}."
    )
    _print_reasons(account.reasons)
    return 0 if account.balanced else 1


def _print_reasons(reasons: Mapping[str, int]) -> None:
    if reasons:
        console.print()
        console.print(
            table(
                [Column("quarantined for"), Column("records", right=True)],
                [(reason, number(records)) for reason, records in reasons.items()],
            )
        )


@click.command()
@click.argument("statement")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=1_000,
    show_default=True,
    help="Rows that a table shows at most; --json and --csv print all.",
)
@warehouse_option
@data_dir_option
def sql(
    statement: str,
    as_json: bool,
    as_csv: bool,
    limit: int,
    warehouse_url: str | None,
    data_dir: Path | None,
) -> None:
    """Ask the warehouse one read-only question.

    \b
    Examples:
      airside sql "show tables"
      airside sql "select * from rpt_airline_delays"
      airside sql --csv "select * from fct_turnarounds" > turnarounds.csv
    """
    directory, settings = effective(data_dir, warehouse__url=warehouse_url)
    with open_questions(directory, settings) as reader:
        is_whole = as_json or as_csv
        rows = reader.query(statement) if is_whole else _beginning(reader, statement, limit + 1)
    if as_json:
        print_json(as_documents(rows))
    elif as_csv:
        print_csv(rows)
    else:
        print_rows(rows, limit)


def _beginning(reader: Reader, statement: str, rows: int) -> pa.Table:
    """At least so many rows of an answer; where it comes in parts, not many more are asked for."""
    if not isinstance(reader, StreamingReader):
        return reader.query(statement)
    with reader.stream(statement) as parts:
        found: list[pa.RecordBatch] = []
        for part in parts:
            found.append(part)
            rows -= part.num_rows
            if rows <= 0:
                break
        return pa.Table.from_batches(found, parts.schema)
