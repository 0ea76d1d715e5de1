"""The live view fits any screen from 80 columns and 24 lines, whatever it has to say."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from airside.cli.live import News, line, screen
from airside.runtime.accounting import Accounting, Consumer
from airside.runtime.pipeline import Health
from airside.runtime.up import Snapshot

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
NOTES = [
    "The dashboard is at http://127.0.0.1:8080",
    "Everything is kept in /data.",
    "Ctrl-C stops.",
]
WIDTHS = (80, 100, 114, 115, 120, 160, 200, 300)
HEIGHTS = (24, 29, 30, 40, 50)


def delays(airline: str, mean: float | None) -> dict[str, Any]:
    return {
        "airline_iata": airline,
        "airline_name": f"Airline of the name {airline}",
        **dict.fromkeys(("flights", "departed", "landed", "cancelled", "diverted"), 1_234),
        **{
            f"{kind}_{way}_delay_minutes": mean
            for kind in ("mean", "median", "p90")
            for way in ("departure", "arrival")
        },
        **dict.fromkeys(("d15", "a15", "d0", "a0"), None if mean is None else 1.0),
    }


def snapshot(airlines: int = 30, types: int = 20, records: int = 123_456_789) -> Snapshot:
    consumer = Consumer(12_345, 49.8, 65_432.1, records)
    pair = {"n": 12_345, "r": -0.123, "slope": -1.2345, "intercept": -477.5}
    return Snapshot(
        at=AT,
        taken_at=100.0,
        running_seconds=3_725,
        simulated_at=AT,
        account=Accounting(
            received=records,
            archived=records,
            awaiting_archive=0,
            clean=records - 3_000,
            quarantined=1_000,
            duplicates=1_000,
            in_flight=1_000,
            balanced=True,
            consumers={"bronze": consumer, "silver": consumer},
            reasons={"not_json": 1_000},
        ),
        health={
            name: Health(last_success_us=1) for name in ("simulator", "bronze", "silver", "gold")
        },
        answers={
            "airline_delays": [delays(f"A{n}", 99.9 - n) for n in range(airlines)],
            "totals": delays("", 12.4),
            "passengers_vs_turnaround": {
                **pair,
                "by_aircraft_type": [{"aircraft_type": f"A32{n}", **pair} for n in range(types)],
            },
            "live_flights": {
                "watermark": "2026-03-01T08:29:59.123456Z",
                "active": 193,
                "by_status": {"scheduled": 73, "en-route": 120},
            },
        },
    )


def empty() -> Snapshot:
    full = snapshot(airlines=0, types=0, records=0)
    nothing = {"n": 0, "r": None, "slope": None, "intercept": None, "by_aircraft_type": []}
    return replace(
        full,
        simulated_at=None,
        health={"gold": Health()},
        answers={
            **full.answers,
            "totals": delays("", None),
            "passengers_vs_turnaround": nothing,
            "live_flights": {"watermark": None, "active": 0, "by_status": {}},
        },
    )


def drawn(now: Snapshot, width: int, height: int, before: Snapshot | None = None) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, markup=False, emoji=False)
    console.print(screen(now, before, NOTES, width=width, height=height))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_cuts_nothing_off(width: int, height: int) -> None:
    lines = drawn(snapshot(), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    for said in (
        "balanced",
        "123,456,789 received",
        "123,453,789",
        "65,432/s",
        "193",
        "A0",
        "-0.123",
    ):
        assert said in text, said
    assert "08:29:59 UTC" in text
    assert lines[-1].strip() == "Ctrl-C stops."
    assert NOTES[0] in text


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_drawn_before_anything_is_known(width: int, height: int) -> None:
    lines = drawn(empty(), width, height)
    assert len(lines) <= height
    text = "\n".join(lines)
    assert "simulator  off" in text
    assert "starting" in text
    assert "Active flights" in text


def test_a_bigger_screen_shows_more() -> None:
    airlines = [
        sum(text.startswith("A") and text[1].isdigit() for text in drawn(snapshot(), 80, h))
        for h in (24, 40, 50)
    ]
    assert airlines == sorted(set(airlines))
    assert "median" not in "\n".join(drawn(snapshot(), 80, 40))
    assert "Airline of the name A0" in "\n".join(drawn(snapshot(), 200, 40))


def test_a_stage_that_cannot_go_on_says_why_and_the_rest_still_fits() -> None:
    now = snapshot()
    now.health["silver"] = Health(
        error="warehouse.duckdb: the disk is full; free space", failures=2
    )
    lines = drawn(now, 80, 30)
    assert len(lines) <= 30
    assert "silver: warehouse.duckdb: the disk is full; free space" in lines
    (row,) = [text for text in lines if text.startswith("silver ") and "judged" in text]
    assert row.endswith("failing")
    assert line(now, None).endswith("; silver: warehouse.duckdb: the disk is full; free space")


def test_an_account_that_does_not_balance_is_loud() -> None:
    now = snapshot()
    wrong = replace(now, account=replace(now.account, balanced=False))
    assert "NOT BALANCED" in drawn(wrong, 80, 24)[0]
    assert "NOT BALANCED" in line(wrong, None)


def test_rates_come_from_the_snapshot_before() -> None:
    before = replace(snapshot(records=123_456_289), taken_at=99.5)
    assert "1,000/s" in "\n".join(drawn(snapshot(), 80, 24, before))


def test_a_line_for_logs() -> None:
    before = replace(snapshot(records=123_456_289), taken_at=99.5)
    assert line(snapshot(), before) == (
        "2026-03-01T08:30:00Z 123,456,789 received (1,000/s), 123,456,789 archived, "
        "123,453,789 clean, 1,000 quarantined, 1,000 duplicates, 1,000 in flight, balanced; "
        "193 active flights at 2026-03-01T08:29:59.123456Z"
    )


def test_a_log_gets_a_line_for_what_is_new_and_one_a_minute() -> None:
    first = snapshot()
    later = [replace(first, at=AT + timedelta(seconds=n), taken_at=100.0 + n) for n in range(130)]
    later[30:] = [replace(each, account=snapshot(records=7).account) for each in later[30:]]
    news = News()
    assert [n for n, each in enumerate(later) if news.is_in(each)] == [0, 30, 90]
