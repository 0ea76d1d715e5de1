"""Remembers alerts, what is still to be told of them, and when each source was last heard.

A SQLite file beside the ledger: an alert goes on over a restart instead of being told again, and
what could not be told yet is told after it. Other processes read it freely.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from airside.alerts.rules import Finding, Heard
from airside.sqlite import connect, transaction, translated_errors

_KEEP_SOURCES_US = 24 * 3_600_000_000
"""A source that has been silent for a day has been switched off."""
_KNOWN_RECORDS = 100
_GIVE_UP_US = 24 * 3_600_000_000
"""What could not be told for a day is no news any more. `unannounced` has the alerts of which
nobody was or will be told the beginning: their end alone would say nothing to whoever hears it."""

LONGEST_PATIENCE_US = 600_000_000
"""What could not be told is tried again after so long at the latest."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS alerts (
    alert_id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    summary TEXT NOT NULL,
    value REAL NOT NULL,
    limit_value REAL NOT NULL,
    unit TEXT NOT NULL,
    began_at_us INTEGER NOT NULL,
    seen_at_us INTEGER NOT NULL,
    ended_at_us INTEGER
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_of_a_kind ON alerts (rule, subject) WHERE ended_at_us IS NULL;
CREATE TABLE IF NOT EXISTS untold (
    alert_id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('began', 'ended')),
    since_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at_us INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (alert_id, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unannounced (alert_id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS sources (
    source_system_id TEXT PRIMARY KEY,
    records INTEGER NOT NULL,
    arrived_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (batch_id INTEGER NOT NULL) STRICT;
"""
_COLUMNS = (
    "alert_id, rule, subject, summary, value, limit_value, unit, began_at_us, seen_at_us,"
    " ended_at_us"
)


class Alert(NamedTuple):
    """Something that was or is beyond its limit."""

    alert_id: int
    rule: str
    subject: str
    summary: str
    """As it was last seen."""
    value: float
    limit: float
    unit: str
    began_at_us: int
    seen_at_us: int
    ended_at_us: int | None
    """None while it goes on."""


class Untold(NamedTuple):
    """The beginning or the end of an alert that has not been told yet."""

    alert: Alert
    state: str
    """`began` or `ended`."""
    attempts: int
    error: str | None
    """Why the last attempt failed."""


class AlertStore:
    """The alerts of one data directory; an instance belongs to one thread at a time.

    Args:
        path: The SQLite file; made when missing.
        hold_us: An alert ends when it has not been seen for so many microseconds, so that a value
            that hovers about its limit makes one alert and not many.
        keep: So many alerts are kept.
    """

    def __init__(self, path: Path, *, hold_us: int = 60_000_000, keep: int = 1_000) -> None:
        self._path = path
        self._keep = keep
        self._hold_us = hold_us
        with self._errors():
            self._db = connect(path)
            self._db.executescript(_SCHEMA)

    def update(self, findings: Sequence[Finding], now_us: int, *, telling: bool) -> None:
        """Take in what is beyond its limit now: alerts begin, go on, or end.

        Args:
            findings: All there are, at most one of a rule and subject.
            now_us: Microseconds since the Unix epoch.
            telling: Whether beginnings and ends are to be told to somebody.
        """
        with self._transaction():
            self._heed_clock(now_us)
            for finding in findings:
                cursor = self._db.execute(
                    "INSERT INTO alerts (rule, subject, summary, value, limit_value, unit,"
                    " began_at_us, seen_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (rule, subject) WHERE ended_at_us IS NULL DO UPDATE SET"
                    " summary = excluded.summary, value = excluded.value,"
                    " limit_value = excluded.limit_value, seen_at_us = excluded.seen_at_us"
                    " RETURNING alert_id, began_at_us = seen_at_us",
                    (
                        finding.rule,
                        finding.subject,
                        finding.summary,
                        finding.value,
                        finding.limit,
                        finding.unit,
                        now_us,
                        now_us,
                    ),
                )
                alert_id, has_begun = cursor.fetchone()
                if has_begun and telling:
                    self._tell(alert_id, "began", now_us)
                elif has_begun:
                    self._db.execute("INSERT OR IGNORE INTO unannounced VALUES (?)", (alert_id,))
            ended = self._db.execute(
                "UPDATE alerts SET ended_at_us = ? WHERE ended_at_us IS NULL AND seen_at_us <= ?"
                " AND seen_at_us < ? RETURNING alert_id",
                (now_us, now_us - self._hold_us, now_us),
            ).fetchall()
            for (alert_id,) in ended:
                if telling:
                    self._tell(alert_id, "ended", now_us)
            self._forget(now_us)

    def firing(self) -> list[Alert]:
        """The alerts that go on, the oldest first."""
        return self._alerts("WHERE ended_at_us IS NULL ORDER BY began_at_us, alert_id")

    def ended(self, limit: int) -> list[Alert]:
        """The alerts that are over, the newest first."""
        return self._alerts(
            "WHERE ended_at_us IS NOT NULL ORDER BY ended_at_us DESC, alert_id DESC LIMIT ?", limit
        )

    def untold(self, due_us: int | None = None) -> list[Untold]:
        """What has not been told, in order; with `due_us`, only what is due by then.

        The end of an alert is not due before its beginning is: told the other way round, it would
        stay open for ever with whoever keeps an incident for each.
        """
        with self._errors():
            rows = self._db.execute(
                f"SELECT {_COLUMNS}, state, attempts, error FROM untold JOIN alerts"
                " USING (alert_id) WHERE due_at_us <= :due_us AND NOT EXISTS ("
                "SELECT 1 FROM untold AS earlier WHERE earlier.alert_id = untold.alert_id"
                " AND earlier.state < untold.state AND earlier.due_at_us > :due_us)"
                " ORDER BY since_us, alert_id, state",
                {"due_us": due_us if due_us is not None else 2**62},
            ).fetchall()
        return [Untold(Alert(*row[:-3]), *row[-3:]) for row in rows]

    def told(self, item: Untold) -> None:
        """Note that something has been told."""
        with self._transaction():
            self._db.execute(
                "DELETE FROM untold WHERE alert_id = ? AND state = ?",
                (item.alert.alert_id, item.state),
            )

    def not_told(self, item: Untold, error: str, due_us: int) -> None:
        """Note that telling has failed, and when to try again."""
        with self._transaction():
            self._db.execute(
                "UPDATE untold SET attempts = attempts + 1, error = ?, due_at_us = ?"
                " WHERE alert_id = ? AND state = ?",
                (error, due_us, item.alert.alert_id, item.state),
            )

    def batch_id(self) -> int:
        """The last batch whose sources are known."""
        with self._errors():
            row = self._db.execute("SELECT max(batch_id) FROM position").fetchone()
        return int(row[0] or 0)

    def hear(self, batch_id: int, sources: Sequence[Heard]) -> None:
        """Note what was heard of sources, through a batch."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO sources VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                " records = records + excluded.records,"
                " arrived_at_us = max(arrived_at_us, excluded.arrived_at_us)",
                sources,
            )
            self._db.execute("DELETE FROM position")
            self._db.execute("INSERT INTO position VALUES (?)", (batch_id,))

    def sources(self) -> dict[str, int]:
        """Source system → when it was last heard, in microseconds since the Unix epoch.

        Only of those that have sent enough to be missed: a mistyped name is no source.
        """
        with self._errors():
            return dict(
                self._db.execute(
                    "SELECT source_system_id, arrived_at_us FROM sources WHERE records >= ?",
                    (_KNOWN_RECORDS,),
                )
            )

    def count(self) -> int:
        """How many alerts are kept."""
        with self._errors():
            return int(self._db.execute("SELECT count(*) FROM alerts").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _tell(self, alert_id: int, state: str, now_us: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO untold (alert_id, state, since_us, due_at_us)"
            " SELECT :alert_id, :state, :now_us, :now_us"
            " WHERE NOT EXISTS (SELECT 1 FROM unannounced WHERE alert_id = :alert_id)",
            {"alert_id": alert_id, "state": state, "now_us": now_us},
        )

    def _heed_clock(self, now_us: int) -> None:
        """Take nothing to have been seen or heard in the future.

        Where the clock was ahead and has been put right, an alert would else not end or be told,
        and a source not be missed, until the clock is there again.
        """
        self._db.execute(
            "UPDATE alerts SET seen_at_us = :now_us"
            " WHERE ended_at_us IS NULL AND seen_at_us > :now_us",
            {"now_us": now_us},
        )
        self._db.execute(
            "UPDATE sources SET arrived_at_us = :now_us WHERE arrived_at_us > :now_us",
            {"now_us": now_us},
        )
        self._db.execute(
            "UPDATE untold SET since_us = min(since_us, :now_us), due_at_us = :now_us"
            " WHERE since_us > :now_us OR due_at_us > :now_us + :longest_us",
            {"now_us": now_us, "longest_us": LONGEST_PATIENCE_US},
        )

    def _forget(self, now_us: int) -> None:
        too_old = (now_us - _GIVE_UP_US,)
        self._db.execute(
            "INSERT OR IGNORE INTO unannounced"
            " SELECT alert_id FROM untold WHERE state = 'began' AND since_us < ?",
            too_old,
        )
        self._db.execute(
            "DELETE FROM untold WHERE since_us < ?"
            " OR alert_id IN (SELECT alert_id FROM unannounced)",
            too_old,
        )
        self._db.execute(
            "DELETE FROM sources WHERE arrived_at_us < ?", (now_us - _KEEP_SOURCES_US,)
        )
        self._db.execute(
            "DELETE FROM alerts WHERE ended_at_us IS NOT NULL"
            " AND alert_id NOT IN (SELECT alert_id FROM untold) AND alert_id <="
            " (SELECT max(alert_id) FROM alerts) - ?",
            (self._keep,),
        )
        self._db.execute(
            "DELETE FROM unannounced WHERE alert_id NOT IN (SELECT alert_id FROM alerts)"
        )

    def _alerts(self, where: str, *parameters: object) -> list[Alert]:
        with self._errors():
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM alerts {where}", parameters)
            return [Alert(*row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors(), transaction(self._db):
            yield

    def _errors(self) -> AbstractContextManager[None]:
        return translated_errors(
            self._path,
            what="a file of alerts",
            cure="move it away: a new one is made, and alerts begin anew",
        )
