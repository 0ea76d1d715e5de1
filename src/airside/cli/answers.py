"""`report`, `status` and `sql`: ask."""

from pathlib import Path

import click
from rich.text import Text

from airside.cli.options import data_dir_option, effective, json_option, warehouse_option
from airside.cli.output import (
    Column,
    console,
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
    moment,
    turnaround_table,
    verdict,
    verdict_equation,
)
from airside.cli.values import as_documents
from airside.gold.answers import report as ask
from airside.runtime.readers import observe, open_answers, open_questions


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
        console.print("No flight is known yet; `airside doctor` says where the data stops.")
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
@data_dir_option
def status(as_json: bool, data_dir: Path | None) -> int:
    """Print the accounting of every record, and whether it balances.

    The exit code is 1 where it does not.

    \b
    Example:
      airside status --json
    """
    directory, _ = effective(data_dir)
    with observe(directory) as observer:
        account = observer.account()
    if as_json:
        print_json(account.as_dict())
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
    if account.reasons:
        console.print()
        console.print(
            table(
                [Column("quarantined for"), Column("records", right=True)],
                [(reason, number(records)) for reason, records in account.reasons.items()],
            )
        )
    return 0 if account.balanced else 1


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
        rows = reader.query(statement)
    if as_json:
        print_json(as_documents(rows))
    elif as_csv:
        print_csv(rows)
    else:
        print_rows(rows, limit)
