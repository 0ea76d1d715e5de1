"""The three answers, as plain values that JSON can hold.

Each is read from one report of gold. The command line, the live view and the dashboard all ask
here, so they cannot disagree. Before gold has been built the answers are empty, not errors.
"""

from datetime import datetime
from typing import Any

from airside.errors import UsageError
from airside.events.vocabulary import FLIGHT_STATUSES
from airside.warehouse import Reader

Answer = dict[str, Any]
"""Strings, numbers, None, and lists and dicts of them."""

DELAY_MEASURES = (
    "flights",
    "departed",
    "landed",
    "cancelled",
    "diverted",
    "mean_departure_delay_minutes",
    "median_departure_delay_minutes",
    "p90_departure_delay_minutes",
    "mean_arrival_delay_minutes",
    "median_arrival_delay_minutes",
    "p90_arrival_delay_minutes",
    "d15",
    "a15",
    "d0",
    "a0",
)
"""What is said of a group of legs: counts, minutes, and ratios from 0 to 1."""

_REPORTS = {
    "rpt_airline_delays",
    "rpt_delay_totals",
    "rpt_passengers_vs_turnaround",
    "rpt_live_flights",
    "rpt_watermark",
}
_COUNTS = frozenset(DELAY_MEASURES[:5])
_LINE = ("n", "r", "slope", "intercept", "mean_passenger_count", "mean_turnaround_minutes")


def report(reader: Reader) -> Answer:
    """All three answers: `airline_delays`, `totals`, `passengers_vs_turnaround`, `live_flights`."""
    return {
        "airline_delays": airline_delays(reader),
        "totals": delay_totals(reader),
        "passengers_vs_turnaround": passengers_vs_turnaround(reader),
        "live_flights": live_flights(reader),
    }


def airline_delays(reader: Reader) -> list[Answer]:
    """Which airlines have the most significant delays, worst mean departure delay first.

    Returns:
        One dict per airline: `airline_iata`, `airline_name`, and `DELAY_MEASURES`. Legs without an
        airline are one group, with None for its code. Airlines without a departure come last.
    """
    return _rows(
        reader,
        f"""
        SELECT airline_iata, airline_name, {", ".join(DELAY_MEASURES)}
        FROM main.rpt_airline_delays
        ORDER BY mean_departure_delay_minutes DESC NULLS LAST, flights DESC, airline_iata
        """,
    )


def delay_totals(reader: Reader) -> Answer:
    """`DELAY_MEASURES` over all legs, whoever flies them."""
    rows = _rows(reader, f"SELECT {', '.join(DELAY_MEASURES)} FROM main.rpt_delay_totals")
    return rows[0] if rows else {name: 0 if name in _COUNTS else None for name in DELAY_MEASURES}


def passengers_vs_turnaround(reader: Reader) -> Answer:
    """How the passengers that an aircraft brings relate to the time it then stands.

    Returns:
        `n` pairs, Pearson's `r`, `slope` (minutes a passenger) and `intercept` (minutes) of the
        least-squares line, the two means, and the same for each `aircraft_type` in
        `by_aircraft_type`, most pairs first. The line is None for fewer than three pairs, or where
        all have the same passengers or the same minutes.
    """
    rows = _rows(
        reader,
        f"""
        SELECT scope, aircraft_type, {", ".join(_LINE)}
        FROM main.rpt_passengers_vs_turnaround
        ORDER BY n DESC, aircraft_type
        """,
    )
    overall = next((row for row in rows if row["scope"] == "all"), {"n": 0})
    return {
        **{name: overall.get(name) for name in _LINE},
        "by_aircraft_type": [
            {name: row[name] for name in ("aircraft_type", *_LINE)}
            for row in rows
            if row["scope"] == "aircraft_type"
        ],
    }


def live_flights(reader: Reader) -> Answer:
    """What is in operation now, in event time.

    Returns:
        `watermark` (ISO 8601, UTC; None before the first event), `active` flights, and how many of
        them are in each status, in the order of a flight, in `by_status`.
    """
    rows = _rows(
        reader,
        """
        SELECT watermark.watermark_at, live.flight_status, count(live.leg_key) AS flights
        FROM main.rpt_watermark AS watermark
        LEFT JOIN main.rpt_live_flights AS live ON true
        GROUP BY watermark.watermark_at, live.flight_status
        """,
    )
    flights = {row["flight_status"]: row["flights"] for row in rows}
    by_status = {name: flights[name] for name in FLIGHT_STATUSES if name in flights}
    return {
        "watermark": _iso(rows[0]["watermark_at"]) if rows else None,
        "active": sum(by_status.values()),
        "by_status": by_status,
    }


def progress(reader: Reader) -> Answer:
    """How far gold is behind staging.

    Returns:
        `through_batch_id` (the last batch that every model has taken in), and what waits beyond
        it: `waiting_batches` and `waiting_records` (clean ones).
    """
    through = 0
    if _is_built(reader):
        rows = _rows(reader, "SELECT min(through_batch_id) AS at FROM staging.gold_progress")
        through = rows[0]["at"] or 0
    (waiting,) = _rows(
        reader,
        """
        SELECT count(*) AS waiting_batches, coalesce(sum(clean), 0)::BIGINT AS waiting_records
        FROM staging.batches WHERE batch_id > ?
        """,
        through,
    )
    return {"through_batch_id": through, **waiting}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant.isoformat()}Z"


def _rows(reader: Reader, sql: str, *parameters: object) -> list[Answer]:
    try:
        rows: list[Answer] = reader.query(sql, parameters).to_pylist()
    except UsageError:
        if _is_built(reader):
            raise
        return []
    return rows


def _is_built(reader: Reader) -> bool:
    """Whether gold has its reports; they come last in its first refresh."""
    found = reader.query(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'main' AND starts_with(table_name, 'rpt_')"
    )
    return set(found["table_name"].to_pylist()) >= _REPORTS
