"""`report`, `status` and `sql`: ask."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from airside.cli.options import data_dir_option, effective, json_option
from airside.cli.output import (
    MISSING,
    as_documents,
    cell,
    console,
    number,
    percent,
    print_csv,
    print_json,
    table,
)
from airside.gold.answers import report as ask
from airside.runtime.readers import observe, open_reader


@click.command()
@json_option
@data_dir_option
def report(as_json: bool, data_dir: Path | None) -> None:
    """Print the three answers: delays by airline, passengers against turnaround, live flights.

    \b
    Example:
      airside report --json
    """
    directory, _ = effective(data_dir)
    with open_reader(directory) as reader:
        answers = ask(reader)
    if as_json:
        print_json(answers)
        return
    console.print("[bold]Which airlines have the most significant delays?[/bold]")
    console.print(airline_table(answers))
    console.print("\n[bold]How does passenger volume correlate with turnaround time?[/bold]")
    console.print(turnaround_table(answers))
    console.print("\n[bold]What is the live status of all active flights?[/bold]")
    console.print(f"At {answers['live_flights']['watermark'] or MISSING}, in event time:")
    console.print(live_table(answers))


@click.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path | None) -> int:
    """Print the accounting of every record, and whether it balances.

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
    verdict = "[green]balanced[/green]" if account.balanced else "[red]NOT BALANCED[/red]"
    console.print(
        f"received {account.received:,} = archived {account.archived:,}"
        f" + awaiting archive {account.awaiting_archive:,}"
    )
    console.print(
        f"received {account.received:,} = clean {account.clean:,}"
        f" + quarantined {account.quarantined:,} + duplicates {account.duplicates:,}"
        f" + in flight {account.in_flight:,}"
    )
    console.print(verdict + "\n")
    headings = [
        ("consumer", "left"),
        ("done", "right"),
        ("lag", "right"),
        ("oldest waits", "right"),
        ("last 10 s", "right"),
    ]
    console.print(
        table(
            None,
            headings,
            [
                (
                    name,
                    f"{consumer.total_records:,}",
                    f"{consumer.lag_records:,}",
                    f"{consumer.iterator_age_seconds:,.1f} s",
                    f"{consumer.records_per_second:,.0f}/s",
                )
                for name, consumer in account.consumers.items()
            ],
        )
    )
    if account.reasons:
        console.print()
        rows = [(reason, f"{records:,}") for reason, records in account.reasons.items()]
        console.print(table(None, [("quarantined for", "left"), ("records", "right")], rows))
    return 0 if account.balanced else 1


@click.command()
@click.argument("statement")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@data_dir_option
def sql(statement: str, as_json: bool, as_csv: bool, data_dir: Path | None) -> None:
    """Ask the warehouse one read-only question.

    \b
    Examples:
      airside sql "select * from rpt_airline_delays"
      airside sql "show tables"
      airside sql --csv "select * from fct_turnarounds" > turnarounds.csv
    """
    directory, _ = effective(data_dir)
    with open_reader(directory) as reader:
        rows = reader.query(statement)
    if as_json:
        print_json(as_documents(rows))
    elif as_csv:
        print_csv(rows)
    else:
        documents = as_documents(rows)
        headings = [
            (name, "right" if _is_number(str(column.type)) else "left")
            for name, column in zip(rows.column_names, rows.columns, strict=True)
        ]
        console.print(
            table(None, headings, [[cell(v) for v in row.values()] for row in documents]),
            soft_wrap=True,
            markup=False,
        )
        click.echo(f"({rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'})", err=True)


def airline_table(answers: dict[str, Any]) -> Table:
    """Delays by airline, worst first, and over all of them."""
    return table(
        None,
        [
            ("airline", "left"),
            *((heading, "right") for heading, _ in _DELAY_COLUMNS),
            ("name", "left"),
        ],
        [
            *(
                (row["airline_iata"] or "unknown", *_delays(row), row["airline_name"] or "")
                for row in answers["airline_delays"]
            ),
            ("all", *_delays(answers["totals"]), ""),
        ],
    )


def _delays(row: dict[str, Any]) -> list[str]:
    return [show(row) for _, show in _DELAY_COLUMNS]


def _minutes(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: number(row[name], 1)


_DELAY_COLUMNS: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
    ("flights", lambda row: number(row["flights"])),
    ("departed", lambda row: number(row["departed"])),
    ("dep mean", _minutes("mean_departure_delay_minutes")),
    ("median", _minutes("median_departure_delay_minutes")),
    ("P90 min", _minutes("p90_departure_delay_minutes")),
    ("arr mean", _minutes("mean_arrival_delay_minutes")),
    ("median", _minutes("median_arrival_delay_minutes")),
    ("P90 min", _minutes("p90_arrival_delay_minutes")),
    ("D15", lambda row: percent(row["d15"])),
    ("A15", lambda row: percent(row["a15"])),
    ("cancelled", lambda row: number(row["cancelled"])),
]
"""Heading and content; delays are in minutes."""


def turnaround_table(answers: dict[str, Any], limit: int | None = None) -> Table:
    """Passengers against turnaround, overall and by aircraft type."""
    overall = answers["passengers_vs_turnaround"]
    rows = [("all", overall)] + [
        (row["aircraft_type"] or "unknown", row) for row in overall["by_aircraft_type"][:limit]
    ]
    headings = [
        ("type", "left"),
        ("n", "right"),
        ("r", "right"),
        ("min/passenger", "right"),
        ("intercept min", "right"),
    ]
    return table(
        None,
        headings,
        [
            (
                name,
                number(row["n"]),
                number(row["r"], 3),
                number(row["slope"], 4),
                number(row["intercept"], 1),
            )
            for name, row in rows
        ],
    )


def live_table(answers: dict[str, Any]) -> Table:
    """Active flights by status."""
    live = answers["live_flights"]
    rows = [(status, number(count)) for status, count in live["by_status"].items()]
    rows.append(("active", number(live["active"])))
    return table(None, [("status", "left"), ("flights", "right")], rows)


def _is_number(arrow_type: str) -> bool:
    return arrow_type.startswith(("int", "uint", "float", "double", "decimal"))
