"""The live terminal view: the flow, the account, the three answers."""

from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from airside.cli.answers import live_table, turnaround_table
from airside.cli.output import MISSING, number, percent, table
from airside.runtime.up import Snapshot

_AIRLINES = 8
_TYPES = 5


def screen(now: Snapshot, before: Snapshot | None) -> RenderableType:
    """Draw a snapshot; the one before it gives the rates."""
    return Group(
        _flow(now, before),
        _equation(now),
        Text(),
        Columns(
            [
                Panel.fit(_worst_airlines(now), title="Delays by airline, minutes"),
                Panel.fit(
                    turnaround_table(now.answers, limit=_TYPES),
                    title="Passengers against turnaround",
                ),
                Panel.fit(live_table(now.answers), title="Active flights"),
            ],
            padding=(0, 1),
        ),
        Text("Ctrl-C stops; `airside up` goes on where it was.", style="dim"),
    )


def line(now: Snapshot, before: Snapshot | None) -> str:
    """A snapshot as one line, for logs and pipes."""
    account = now.account
    live = now.answers["live_flights"]
    return (
        f"{account.received:,} received ({_rate(now, before):,.0f}/s), "
        f"{account.archived:,} archived, {account.clean:,} clean, "
        f"{account.quarantined:,} quarantined, {account.duplicates:,} duplicates, "
        f"{account.in_flight:,} in flight, {'balanced' if account.balanced else 'NOT BALANCED'}; "
        f"{live['active']:,} active flights at {live['watermark'] or MISSING}"
    )


def _rate(now: Snapshot, before: Snapshot | None) -> float:
    if before is None or now.taken_at <= before.taken_at:
        return 0.0
    return (now.account.received - before.account.received) / (now.taken_at - before.taken_at)


def _flow(now: Snapshot, before: Snapshot | None) -> Table:
    account = now.account
    bronze, silver = account.consumers["bronze"], account.consumers["silver"]
    clock = f"its clock: {now.simulated_at:%d %b %Y %H:%M:%S} UTC" if now.simulated_at else "off"
    legs = now.answers["totals"]["flights"]
    watermark = now.answers["live_flights"]["watermark"] or MISSING
    rows: list[tuple[str, str, str, str, str]] = [
        ("simulator", clock, "", "", ""),
        ("stream", f"{account.received:,} received", f"{_rate(now, before):,.0f}/s", "", ""),
        (
            "bronze",
            f"{account.archived:,} archived",
            f"{bronze.records_per_second:,.0f}/s",
            _lag(bronze.lag_records, bronze.iterator_age_seconds),
            _state(now, "bronze"),
        ),
        (
            "silver",
            (
                f"{account.clean:,} clean, {account.quarantined:,} quarantined, "
                f"{account.duplicates:,} duplicates"
            ),
            f"{silver.records_per_second:,.0f}/s",
            _lag(silver.lag_records, silver.iterator_age_seconds),
            _state(now, "silver"),
        ),
        (
            "gold",
            f"{legs:,} flight legs; watermark {watermark}",
            "",
            "",
            _state(now, "gold"),
        ),
    ]
    return table(
        f"Airside  {now.running_seconds:,.0f} s",
        [
            ("stage", "left"),
            ("records", "left"),
            ("rate", "right"),
            ("lag", "right"),
            ("state", "left"),
        ],
        rows,
    )


def _worst_airlines(now: Snapshot) -> Table:
    """The airlines with the worst mean departure delay, in a few columns."""
    return table(
        None,
        [
            ("airline", "left"),
            ("flights", "right"),
            ("dep mean", "right"),
            ("P90", "right"),
            ("arr mean", "right"),
            ("D15", "right"),
            ("cancelled", "right"),
        ],
        [
            (
                row["airline_iata"] or "unknown",
                number(row["flights"]),
                number(row["mean_departure_delay_minutes"], 1),
                number(row["p90_departure_delay_minutes"], 1),
                number(row["mean_arrival_delay_minutes"], 1),
                percent(row["d15"]),
                number(row["cancelled"]),
            )
            for row in now.answers["airline_delays"][:_AIRLINES]
        ],
    )


def _lag(records: int, seconds: float) -> str:
    return f"{records:,} · {seconds:,.1f} s" if records else "0"


def _state(now: Snapshot, stage: str) -> str:
    health = now.health.get(stage)
    if health is None:
        return ""
    return f"[red]{health.error}[/red]" if health.error else "[green]ok[/green]"


def _equation(now: Snapshot) -> Text:
    account = now.account
    verdict: tuple[str, Any] = (
        ("balanced", "bold green") if account.balanced else ("NOT BALANCED", "bold red")
    )
    return Text.assemble(
        "\n",
        f"received {number(account.received)} = clean {number(account.clean)}"
        f" + quarantined {number(account.quarantined)} + duplicates {number(account.duplicates)}"
        f" + in flight {number(account.in_flight)}  ",
        verdict,
    )
