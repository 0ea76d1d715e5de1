"""What is beyond its limit now.

Each rule asks the warehouse one bounded question. Delays, waits and the hub's clock are event time;
shares, lag and silence are arrival time, by the wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from airside.errors import UsageError
from airside.warehouse import Reader
from airside.warehouse.drift import drift_changes

AIRLINE_DELAY = "airline_delay"
SECURITY_WAIT = "security_wait"
QUARANTINE = "quarantine"
LAG = "lag"
SILENT_SOURCE = "silent_source"
SCHEMA_DRIFT = "schema_drift"

_QUARANTINE_WINDOW = timedelta(minutes=15)
_QUARANTINE_RECORDS = 100
"""A share of fewer records says little."""

_MINUTE_US = 60_000_000
_DRIFT_WINDOW_US = 24 * 3_600_000_000
"""What a source has sent for a day is no news any more."""

_AIRLINE_DELAYS = """
SELECT airline_iata, count(departure_delay_minutes) AS flights, avg(departure_delay_minutes) AS mean
FROM main.fct_flight_legs, main.rpt_watermark
WHERE
    airline_iata IS NOT NULL
    AND scheduled_departure_at BETWEEN watermark_at - INTERVAL 24 HOUR AND watermark_at
GROUP BY airline_iata
HAVING count(departure_delay_minutes) >= ? AND avg(departure_delay_minutes) >= ?
ORDER BY mean DESC, airline_iata
"""
_SECURITY_WAITS = """
SELECT departure_airport_iata AS airport_iata, max(security_wait_time_minutes) AS wait
FROM main.rpt_live_flights
WHERE flight_status IN ('scheduled', 'boarding') AND actual_departure_at IS NULL
GROUP BY departure_airport_iata
HAVING max(security_wait_time_minutes) >= ?
ORDER BY wait DESC, airport_iata
"""
_QUARANTINE_SHARE = """
SELECT sum(received) AS received, sum(quarantined) AS quarantined
FROM staging.batches WHERE last_arrived_at >= CAST(? AS TIMESTAMP)
"""
_SOURCES = """
SELECT source_system_id, count(*) AS records, epoch_us(max(arrived_at)) AS arrived_at_us
FROM staging.flight_events
WHERE batch_id > ? AND source_system_id IS NOT NULL
GROUP BY source_system_id
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """At which value a rule speaks up; 0 switches it off."""

    airline_delay_minutes: float = 0
    airline_delay_flights: int = 1
    """An airline with fewer departures in the last day is left alone."""
    security_wait_minutes: float = 0
    quarantine_share: float = 0
    lag_seconds: float = 0
    silent_minutes: float = 0
    schema_drift: float = 0
    """Share of a source's records that a change of fields or types touches."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is beyond its limit."""

    rule: str
    subject: str
    """What it is about: an airline, an airport, a consumer, a source; empty for the whole."""
    value: float
    limit: float
    unit: str
    summary: str
    """A sentence for people."""


class Heard(NamedTuple):
    """What came from a source."""

    source_system_id: str
    records: int
    arrived_at_us: int
    """The last of them, in microseconds since the Unix epoch."""


def findings(
    reader: Reader,
    limits: Limits,
    *,
    lags: Mapping[str, float],
    sources: Mapping[str, int],
    now_us: int,
) -> list[Finding]:
    """All that is beyond its limit.

    Args:
        reader: The warehouse.
        limits: What to look for.
        lags: Consumer → seconds that its oldest record has waited.
        sources: Source system → since when it may be silent, in microseconds since the Unix epoch.
        now_us: The wall clock, likewise.
    """
    found: list[Finding] = []
    try:
        found += _airline_delays(reader, limits)
        found += _security_waits(reader, limits)
    except UsageError:  # gold has not been built yet
        found.clear()
    # Windows begin at whole minutes: while nothing is loaded, the same questions are recalled.
    minute_us = _minute(now_us)
    # What has come and waits is not silence, and of it nobody knows yet what will be refused.
    heard_until_us = now_us - round(max(lags.values(), default=0) * 1e6)
    found += _quarantine(reader, limits, _minute(heard_until_us))
    found += _lags(lags, limits)
    found += _silences(sources, limits, heard_until_us)
    found += _drifts(reader, limits, minute_us)
    return found


def _minute(at_us: int) -> int:
    return at_us - at_us % _MINUTE_US


def heard(reader: Reader, after_batch_id: int) -> tuple[int, list[Heard]]:
    """The newest batch, and what the batches after another one heard of each source."""
    newest = reader.query("SELECT coalesce(max(batch_id), 0) AS id FROM staging.batches")
    batch_id = int(newest["id"][0].as_py())
    if batch_id == after_batch_id:
        return batch_id, []
    rows = reader.query(_SOURCES, [after_batch_id]).to_pylist()
    return batch_id, [Heard(**row) for row in rows]


def _airline_delays(reader: Reader, limits: Limits) -> Iterator[Finding]:
    limit = limits.airline_delay_minutes
    if not limit:
        return
    for row in reader.query(_AIRLINE_DELAYS, [limits.airline_delay_flights, limit]).to_pylist():
        yield Finding(
            AIRLINE_DELAY,
            row["airline_iata"],
            row["mean"],
            limit,
            "minutes",
            f"{row['airline_iata']} departs {row['mean']:.0f} min late on average over the last "
            f"24 hours (n = {row['flights']:,} flights)",
        )


def _security_waits(reader: Reader, limits: Limits) -> Iterator[Finding]:
    limit = limits.security_wait_minutes
    if not limit:
        return
    for row in reader.query(_SECURITY_WAITS, [limit]).to_pylist():
        yield Finding(
            SECURITY_WAIT,
            row["airport_iata"],
            row["wait"],
            limit,
            "minutes",
            f"passengers of a flight from {row['airport_iata']} wait {row['wait']:,} min at "
            "security",
        )


def _quarantine(reader: Reader, limits: Limits, now_us: int) -> Iterator[Finding]:
    limit = limits.quarantine_share
    if not limit:
        return
    since = datetime.fromtimestamp(now_us / 1e6, tz=UTC) - _QUARANTINE_WINDOW
    (row,) = reader.query(
        _QUARANTINE_SHARE, [since.replace(tzinfo=None).isoformat(sep=" ")]
    ).to_pylist()
    received, quarantined = int(row["received"] or 0), int(row["quarantined"] or 0)
    if received >= _QUARANTINE_RECORDS and quarantined / received >= limit:
        yield Finding(
            QUARANTINE,
            "",
            quarantined / received,
            limit,
            "ratio",
            f"{quarantined / received:.0%} of the records of the last 15 minutes were refused "
            f"({quarantined:,} of {received:,})",
        )


def _lags(lags: Mapping[str, float], limits: Limits) -> Iterator[Finding]:
    limit = limits.lag_seconds
    for consumer, seconds in sorted(lags.items()):
        if limit and seconds >= limit:
            yield Finding(
                LAG,
                consumer,
                seconds,
                limit,
                "seconds",
                f"{consumer} is {seconds:,.0f} s behind the stream",
            )


def _silences(sources: Mapping[str, int], limits: Limits, now_us: int) -> Iterator[Finding]:
    limit = limits.silent_minutes
    for source, heard_us in sorted(sources.items()):
        minutes = (now_us - heard_us) / 60e6
        if limit and minutes >= limit:
            yield Finding(
                SILENT_SOURCE,
                source,
                minutes,
                limit,
                "minutes",
                f"nothing has come from {source} for {minutes:,.0f} min",
            )


def _drifts(reader: Reader, limits: Limits, now_us: int) -> Iterator[Finding]:
    limit = limits.schema_drift
    if not limit:
        return
    for change in drift_changes(reader, share=limit, since_us=now_us - _DRIFT_WINDOW_US):
        yield Finding(
            SCHEMA_DRIFT,
            change.source_system_id,
            change.share,
            limit,
            "ratio",
            change.summary,
        )
