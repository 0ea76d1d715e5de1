"""The ledger: one row per attempt of a stage, and how far each stage has come.

A stage writes its plan down before it starts (`begin`) and the outcome when it is done. What a
crash or an error leaves undone is `pending` and done again over the same range, so that files keep
their names and nothing is counted twice. SQLite in WAL mode: other processes read it freely.
"""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airside.errors import CorruptDataError
from airside.sqlite import connect, transaction, translated_errors

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    attempt_id INTEGER PRIMARY KEY,
    stage TEXT NOT NULL,
    plan TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('started', 'succeeded', 'failed')),
    started_at_us INTEGER NOT NULL,
    finished_at_us INTEGER,
    counts TEXT NOT NULL DEFAULT '{}',
    error TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of_a_stage ON attempts (stage, attempt_id);
CREATE INDEX IF NOT EXISTS attempts_under_way ON attempts (stage) WHERE outcome = 'started';
CREATE INDEX IF NOT EXISTS attempts_by_start ON attempts (stage, json_extract(plan, '$.after'));
CREATE TABLE IF NOT EXISTS progress (
    stage TEXT NOT NULL,
    shard_id TEXT NOT NULL,
    sequence_number TEXT NOT NULL,
    PRIMARY KEY (stage, shard_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
    stage TEXT NOT NULL,
    name TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (stage, name)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a stage at one piece of work."""

    attempt_id: int
    stage: str
    plan: dict[str, Any]
    outcome: str
    """`started`, `succeeded` or `failed`."""
    started_at_us: int
    finished_at_us: int | None
    counts: dict[str, int]
    error: str | None


class Ledger:
    """The ledger of one data directory; an instance belongs to one thread at a time.

    Args:
        path: The SQLite file; made when missing.
        clock: Microseconds since the Unix epoch.
        keep_attempts: About how many attempts of each stage are kept.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], int], keep_attempts: int = 10_000
    ) -> None:
        self._path = path
        self._clock = clock
        self._keep = keep_attempts
        self._begun = Counter[str]()
        with self._errors():
            self._db = connect(path)
            self._db.executescript(_SCHEMA)

    def begin(self, stage: str, plan: Mapping[str, Any]) -> int:
        """Write a plan down, durably, before work on it starts; returns the attempt's id."""
        with self._transaction():
            self._db.execute(
                "UPDATE attempts SET outcome = 'failed', error = 'cut off'"
                " WHERE stage = ? AND outcome = 'started'",
                (stage,),
            )
            cursor = self._db.execute(
                "INSERT INTO attempts (stage, plan, outcome, started_at_us)"
                " VALUES (?, ?, 'started', ?)",
                (stage, _canonical(plan), self._clock()),
            )
            attempt_id = cursor.lastrowid or 0
            # Now and then, as it takes a walk over all that is kept; and at the first, as a process
            # may begin no more than a few.
            if self._begun[stage] % max(1, self._keep // 100) == 0:
                self._db.execute(
                    "DELETE FROM attempts WHERE stage = :stage AND attempt_id < ("
                    "SELECT attempt_id FROM attempts WHERE stage = :stage"
                    " ORDER BY attempt_id DESC LIMIT 1 OFFSET :keep)",
                    {"stage": stage, "keep": self._keep},
                )
            self._begun[stage] += 1
        return attempt_id

    def succeed(
        self,
        attempt_id: int,
        counts: Mapping[str, int],
        through: Mapping[str, str] | None = None,
    ) -> None:
        """Record a success, add its counts to the stage's totals and move the stage's position."""
        with self._transaction():
            (stage,) = self._db.execute(
                "SELECT stage FROM attempts WHERE attempt_id = ?", (attempt_id,)
            ).fetchone()
            self._finish(attempt_id, "succeeded", counts, None)
            self._db.executemany(
                "INSERT INTO totals VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET total = total + excluded.total",
                [(stage, name, count) for name, count in counts.items()],
            )
            self._move(stage, through or {})

    def note(self, stage: str, progress: Mapping[str, str]) -> None:
        """Write down how far something has come that has no attempts, such as a simulator."""
        with self._transaction():
            self._move(stage, progress)

    def fail(self, attempt_id: int, error: str) -> None:
        """Record a failure; whoever tries again begins a new attempt."""
        with self._transaction():
            self._finish(attempt_id, "failed", {}, error)

    def position(self, stage: str) -> dict[str, str]:
        """Shard → the last sequence number that a success of the stage covers."""
        with self._errors():
            return dict(
                self._db.execute(
                    "SELECT shard_id, sequence_number FROM progress WHERE stage = ?", (stage,)
                )
            )

    def progress(self, stage: str) -> tuple[dict[str, str], dict[str, int]]:
        """A stage's position and totals (name → sum over all its successes), at one moment."""
        with self._transaction("DEFERRED"):
            totals = dict(
                self._db.execute("SELECT name, total FROM totals WHERE stage = ?", (stage,))
            )
            return self.position(stage), totals

    def records_since(self, stage: str, since_us: int) -> int:
        """How many records the stage's successes since an instant cover."""
        with self._errors():
            row = self._db.execute(
                "SELECT coalesce(sum(json_extract(counts, '$.records')), 0) FROM attempts"
                " WHERE stage = ? AND outcome = 'succeeded' AND finished_at_us >= ?",
                (stage, since_us),
            ).fetchone()
        return int(row[0])

    def pending(self, stage: str) -> Attempt | None:
        """The stage's newest attempt, unless it succeeded: its plan has to be done again."""
        newest = self._attempts("stage = ? ORDER BY attempt_id DESC LIMIT 1", stage)
        return newest[0] if newest and newest[0].outcome != "succeeded" else None

    def planned(self, stage: str, after: Mapping[str, str]) -> Attempt | None:
        """The stage's newest attempt at the work that follows a position."""
        found = self._attempts(
            "stage = ? AND json_extract(plan, '$.after') = ? ORDER BY attempt_id DESC LIMIT 1",
            stage,
            _canonical(after),
        )
        return found[0] if found else None

    def latest(self, stage: str, *, outcome: str, limit: int = 1) -> list[Attempt]:
        """The newest attempts of a stage with an outcome, newest first."""
        return self._attempts(
            "stage = ? AND outcome = ? ORDER BY attempt_id DESC LIMIT ?", stage, outcome, limit
        )

    def attempts(self) -> dict[str, int]:
        """Stage → how many of its attempts are kept."""
        with self._errors():
            return dict(
                self._db.execute("SELECT stage, count(*) FROM attempts GROUP BY stage ORDER BY 1")
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _attempts(self, where: str, *parameters: object) -> list[Attempt]:
        with self._errors():
            rows = self._db.execute(
                "SELECT attempt_id, stage, plan, outcome, started_at_us, finished_at_us, counts,"
                f" error FROM attempts WHERE {where}",
                parameters,
            ).fetchall()
        try:
            return [
                Attempt(r[0], r[1], json.loads(r[2]), r[3], r[4], r[5], json.loads(r[6]), r[7])
                for r in rows
            ]
        except (TypeError, ValueError) as error:
            raise CorruptDataError(f"{self._path} is damaged: {error}; {self._cure}") from error

    def _move(self, stage: str, through: Mapping[str, str]) -> None:
        self._db.executemany(
            "INSERT INTO progress VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET sequence_number = excluded.sequence_number",
            [(stage, shard, sequence) for shard, sequence in through.items()],
        )

    def _finish(
        self, attempt_id: int, outcome: str, counts: Mapping[str, int], error: str | None
    ) -> None:
        self._db.execute(
            "UPDATE attempts SET outcome = ?, finished_at_us = ?, counts = ?, error = ?"
            " WHERE attempt_id = ?",
            (outcome, self._clock(), json.dumps(counts), error, attempt_id),
        )

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        with self._errors(), transaction(self._db, kind):
            yield

    @property
    def _cure(self) -> str:
        root = shlex.quote(str(self._path.parent))
        return (
            "restore the whole directory from a copy, or make a new one of all that is whole with "
            f"`airside backfill --source {root} --data-dir NEW`"
        )

    def _errors(self) -> AbstractContextManager[None]:
        return translated_errors(
            self._path,
            what="a ledger",
            cure=self._cure,
        )


def _canonical(document: Mapping[str, Any]) -> str:
    """JSON that is the same text for equal documents."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
