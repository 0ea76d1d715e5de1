"""The live terminal view: the flow, the account, the three answers, on whatever screen there is."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from airside.cli.output import Column, duration, number, table
from airside.cli.tables import (
    airline_table,
    live_table,
    moment,
    turnaround_table,
    verdict,
    verdict_equation,
)
from airside.cli.values import MISSING
from airside.runtime.up import Snapshot

_STAGES = ("bronze", "silver", "gold")
_SILENCE_SECONDS = 60.0
_TURNAROUND_WIDTH = 50
_GUTTER = 3
_LOW = 30
"""A screen of fewer lines than this shows only the first note and the last."""
_SIDE_BY_SIDE = 115
"""Columns from which delays and turnarounds stand side by side."""
_FIXED_LINES = 15
"""What the flow, the account and the active flights take."""
_HEADING_LINES = 4
"""A title, two lines of headings, and the row over all."""
_ROOM_FOR_BOTH = 13
"""Lines from which both tables stand below each other, with rows of their own."""


def screen(
    now: Snapshot, before: Snapshot | None, notes: Sequence[str], *, width: int, height: int
) -> RenderableType:
    """Draw a snapshot.

    Args:
        now: What to draw.
        before: The one before it gives the rates.
        notes: Lines for the end.
        width: Columns of the screen, 80 or more.
        height: Lines of the screen, 24 or more.
    """
    problems = _problems(now)
    if width < _SIDE_BY_SIDE and height < _LOW:
        notes = [notes[0], notes[-1]] if len(notes) > 1 else notes
    room = height - _FIXED_LINES - len(problems) - len(notes)
    return Group(
        _heading(now, width),
        _flow(now, before),
        *problems,
        Text(),
        verdict_equation(now.account),
        Text(),
        _title(f"Active flights at {moment(now.answers)}"),
        live_table(now.answers, width),
        Text(),
        *_answers(now, width, room),
        *(Text(note, style="dim", no_wrap=True, overflow="ellipsis") for note in notes),
    )


def line(now: Snapshot, before: Snapshot | None) -> str:
    """A snapshot as one line, for logs and pipes."""
    account = now.account
    live = now.answers["live_flights"]
    rate = f" ({_rate(now, before):,.0f}/s)" if before else ""
    return (
        f"{now.at:%Y-%m-%dT%H:%M:%SZ} "
        f"{account.received:,} received{rate}, "
        f"{account.archived:,} archived, {account.clean:,} clean, "
        f"{account.quarantined:,} quarantined, {account.duplicates:,} duplicates, "
        f"{account.in_flight:,} in flight, {verdict(account)}; "
        f"{live['active']:,} active flights at {live['watermark'] or MISSING}"
        + "".join(f"; {problem.plain}" for problem in _problems(now))
    )


def facts(now: Snapshot) -> dict[str, Any]:
    """A snapshot as plain values, for logs that are searched."""
    live = now.answers["live_flights"]
    return {
        "at": f"{now.at:%Y-%m-%dT%H:%M:%SZ}",
        **now.account.as_dict(),
        "active_flights": live["active"],
        "watermark": live["watermark"],
        "problems": [problem.plain for problem in _problems(now)],
    }


class News:
    """Tells the snapshots that are worth a line of a log from those that would only fill it."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._due = 0.0

    def is_in(self, now: Snapshot) -> bool:
        """Whether something is other than in the last one that was, or that is a minute ago."""
        found = {**facts(now), "at": None}
        if found == self._told and now.taken_at < self._due:
            return False
        self._told, self._due = found, now.taken_at + _SILENCE_SECONDS
        return True


def _heading(now: Snapshot, width: int) -> Text:
    minutes, seconds = divmod(int(now.running_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    left = Text.assemble(
        ("Airside", "bold"), (f"  running for {hours}:{minutes:02}:{seconds:02}", "dim")
    )
    right = verdict(now.account)
    return Text.assemble(left, " " * max(2, width - left.cell_len - right.cell_len), right)


def _flow(now: Snapshot, before: Snapshot | None) -> Table:
    account = now.account
    bronze, silver = account.consumers["bronze"], account.consumers["silver"]
    if "simulator" not in now.health:
        clock = "off"
    elif now.simulated_at is None:
        clock = ""
    else:
        clock = f"at {now.simulated_at:%d %b %Y %H:%M:%S} UTC"
    judged = account.clean + account.quarantined + account.duplicates
    legs = number(now.answers["totals"]["flights"])
    pairs = number(now.answers["passengers_vs_turnaround"]["n"])
    return table(
        [
            Column("stage"),
            Column("done"),
            Column("rate", right=True),
            Column("waiting", right=True),
            Column("oldest", right=True, rank=1),
            Column("state"),
        ],
        [
            ("simulator", clock, "", "", "", _state(now, "simulator")),
            (
                "stream",
                f"{number(account.received)} received",
                f"{_rate(now, before):,.0f}/s",
                "",
                "",
                "",
            ),
            (
                "bronze",
                f"{number(account.archived)} archived",
                f"{number(bronze.records_per_second)}/s",
                number(bronze.lag_records),
                duration(bronze.iterator_age_seconds),
                _state(now, "bronze"),
            ),
            (
                "silver",
                f"{number(judged)} judged",
                f"{number(silver.records_per_second)}/s",
                number(silver.lag_records),
                duration(silver.iterator_age_seconds),
                _state(now, "silver"),
            ),
            ("gold", f"{legs} flights, {pairs} turnarounds", "", "", "", _state(now, "gold")),
        ],
    )


def _answers(now: Snapshot, width: int, room: int) -> list[RenderableType]:
    """Delays and turnarounds: side by side where there is room, else below each other."""
    delays_title = _title("Delays by airline, worst first (minutes)")
    turnaround_title = _title("Passengers against turnaround")
    if width >= _SIDE_BY_SIDE:
        rows = max(1, room - _HEADING_LINES)
        left = width - _TURNAROUND_WIDTH - _GUTTER
        beside = Table.grid(padding=(0, _GUTTER, 0, 0))
        beside.add_column(width=left)
        beside.add_row(delays_title, turnaround_title)
        beside.add_row(
            airline_table(now.answers, limit=rows, width=left),
            turnaround_table(now.answers, limit=rows, width=_TURNAROUND_WIDTH),
        )
        return [beside]
    if room < _ROOM_FOR_BOTH:
        rows = max(1, room - _HEADING_LINES - 2)
        return [
            delays_title,
            airline_table(now.answers, limit=rows, width=width),
            Text(),
            _turnaround_line(now),
        ]
    rows = room - 2 * _HEADING_LINES - 1
    types = min(len(now.answers["passengers_vs_turnaround"]["by_aircraft_type"]), rows // 3)
    return [
        delays_title,
        airline_table(now.answers, limit=rows - types, width=width),
        Text(),
        turnaround_title,
        turnaround_table(now.answers, limit=types, width=width),
    ]


def _turnaround_line(now: Snapshot) -> Text:
    overall = now.answers["passengers_vs_turnaround"]
    return Text.assemble(
        _title("Passengers against turnaround"),
        f"  n {number(overall['n'])}, r {number(overall['r'], 3)},"
        f" {number(overall['slope'], 4)} minutes per passenger",
    )


def _title(text: str) -> Text:
    return Text(text, style="bold")


def _rate(now: Snapshot, before: Snapshot | None) -> float:
    if before is None or now.taken_at <= before.taken_at:
        return 0.0
    return (now.account.received - before.account.received) / (now.taken_at - before.taken_at)


def _state(now: Snapshot, stage: str) -> Text:
    health = now.health.get(stage)
    if health is None:
        return Text()
    if health.error:
        return Text("failing", style="bold red")
    if health.last_success_us is None:
        return Text("starting", style="yellow")
    return Text("ok", style="green")


def _problems(now: Snapshot) -> list[Text]:
    """What keeps stages from going on."""
    return [
        Text(f"{stage}: {health.error}", style="red")
        for stage, health in now.health.items()
        if health.error
    ]
