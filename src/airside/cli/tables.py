"""The three answers and the account as tables, for `report`, `status` and the live view."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from airside.cli.output import Column, number, percent, table
from airside.cli.values import MISSING
from airside.runtime.accounting import Accounting
from airside.runtime.warehouse_view import WarehouseAccount

Answers = dict[str, Any]
_LIVE_STATUSES = ("scheduled", "boarding", "departing", "en-route", "landed")
DELAYS_NOTE = (
    "Delays in minutes, negative when early. D15, A15: share of flights that departed, arrived "
    "less than 15 minutes late; cancelled flights count as late, in A15 diverted ones too."
)


def airline_table(answers: Answers, *, limit: int | None = None, width: int | None = None) -> Table:
    """Delays by airline, worst first, and over all of them."""
    rows = [*answers["airline_delays"][:limit], answers["totals"]]
    names = [row["airline_iata"] or "unknown" for row in rows[:-1]]
    return table(
        [Column("airline"), *(column for column, _ in _DELAYS), Column("name", rank=5)],
        [
            (name, *(show(row) for _, show in _DELAYS), row.get("airline_name") or "")
            for name, row in zip([*names, "all"], rows, strict=True)
        ],
        width,
    )


def _count(name: str) -> Callable[[Answers], str]:
    return lambda row: number(row[name])


def _minutes(name: str) -> Callable[[Answers], str]:
    return lambda row: number(row[name], 1)


def _share(name: str) -> Callable[[Answers], str]:
    return lambda row: percent(row[name])


_DELAYS: list[tuple[Column, Callable[[Answers], str]]] = [
    (Column("flights", right=True), _count("flights")),
    (Column("departed", right=True, rank=4), _count("departed")),
    (Column("departure\nmean", right=True), _minutes("mean_departure_delay_minutes")),
    (Column("median", right=True, rank=3), _minutes("median_departure_delay_minutes")),
    (Column("P90", right=True), _minutes("p90_departure_delay_minutes")),
    (Column("arrival\nmean", right=True), _minutes("mean_arrival_delay_minutes")),
    (Column("median", right=True, rank=3), _minutes("median_arrival_delay_minutes")),
    (Column("P90", right=True, rank=2), _minutes("p90_arrival_delay_minutes")),
    (Column("D15", right=True), _share("d15")),
    (Column("A15", right=True), _share("a15")),
    (Column("cancelled", right=True, rank=1), _count("cancelled")),
]


def turnaround_table(
    answers: Answers, *, limit: int | None = None, width: int | None = None
) -> Table:
    """Passengers against turnaround, overall and by aircraft type."""
    overall = answers["passengers_vs_turnaround"]
    types = overall["by_aircraft_type"][:limit]
    names = ["all", *(row["aircraft_type"] or "unknown" for row in types)]
    return table(
        [
            Column("aircraft"),
            Column("n", right=True),
            Column("r", right=True),
            Column("minutes per\npassenger", right=True),
            Column("intercept\nminutes", right=True),
        ],
        [
            (
                name,
                number(row["n"]),
                number(row["r"], 3),
                number(row["slope"], 4),
                number(row["intercept"], 1),
            )
            for name, row in zip(names, [overall, *types], strict=True)
        ],
        width,
    )


def live_table(answers: Answers, width: int | None = None) -> Table:
    """Active flights by status, side by side."""
    live = answers["live_flights"]
    statuses = dict.fromkeys(_LIVE_STATUSES, 0) | live["by_status"]
    return table(
        [*(Column(status, right=True) for status in statuses), Column("active", right=True)],
        [[number(count) for count in [*statuses.values(), live["active"]]]],
        width,
    )


def moment(answers: Answers) -> str:
    """The watermark, for people."""
    watermark = answers["live_flights"]["watermark"]
    if watermark is None:
        return MISSING
    return f"{datetime.fromisoformat(watermark):%d %b %Y %H:%M:%S} UTC"


def archive_equation(account: Accounting) -> Table:
    """What became of every record on its way to the archive."""
    return _equation(
        ("received", account.received),
        [
            ("archived", account.archived),
            ("awaiting archive", account.awaiting_archive),
            *_lost(account),
        ],
    )


def verdict_equation(account: Accounting) -> Table:
    """What became of every record on its way to a verdict."""
    return _equation(
        ("received", account.received),
        [
            ("clean", account.clean),
            ("quarantined", account.quarantined),
            ("duplicates", account.duplicates),
            *([("not kept", account.not_kept)] if account.not_kept else []),
            ("in flight", account.in_flight),
            *_lost(account),
        ],
    )


def _lost(account: Accounting) -> list[tuple[str, int]]:
    """What a damaged stream had lost, where it had."""
    return [("lost", account.lost)] if account.lost else []


def loaded_equation(account: WarehouseAccount) -> Table:
    """What became of every record that a warehouse on a server has loaded."""
    return _equation(
        ("loaded", account.received),
        [
            ("clean", account.clean),
            ("quarantined", account.quarantined),
            ("duplicates", account.duplicates),
        ],
    )


def _equation(total: tuple[str, int], parts: list[tuple[str, int]]) -> Table:
    columns = [Column(total[0], right=True)]
    cells = [number(total[1])]
    for index, (name, count) in enumerate(parts):
        columns += [Column(""), Column(name, right=True)]
        cells += ["+" if index else "=", number(count)]
    return table(columns, [cells])


def verdict(account: Accounting | WarehouseAccount) -> Text:
    """Whether the account balances, in a word."""
    lost = account.lost if isinstance(account, Accounting) else 0
    if account.balanced and lost:
        return Text(f"balanced, with {number(lost)} lost to damage", style="bold yellow")
    if account.balanced:
        return Text("balanced", style="bold green")
    return Text("NOT BALANCED", style="bold red")
