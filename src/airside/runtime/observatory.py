"""What the dashboard may see and do of a data directory, for any thread to call."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from airside.alerts import Alert
from airside.bronze import BRONZE
from airside.dashboard import Answers, Backend, Kept
from airside.errors import AirsideError
from airside.gold import answers
from airside.ledger import Attempt
from airside.runtime.kept import kept
from airside.runtime.lakes import ZONES, is_elsewhere, lake_of
from airside.runtime.pipeline import ALERTS, EXPORT, GOLD, LOG, WEBHOOK, Health
from airside.runtime.raw_records import (
    Found,
    RecordId,
    archived_records,
    pick,
    unarchived_frames,
)
from airside.runtime.readers import Observer
from airside.runtime.upkeep import UPKEEP
from airside.settings import Settings
from airside.silver import DRIFT, SILVER
from airside.stream import Stream
from airside.warehouse import Reader, RemoteReader
from airside.warehouse.drift import Drift, drift_findings, drift_summary

_STAGES = (BRONZE, SILVER, GOLD)
_MAX_FAILURES = 20
_MAX_ENDED_ALERTS = 200
_STORAGE_SECONDS = 10.0
_LAKE_SECONDS = 300.0
_DRIFT_SECONDS = 2.0
_PARTS = {
    "stream": "stream.db*",
    "warehouse": "warehouse.duckdb*",
    "ledger": "ledger.db*",
    "alerts": "alerts.db*",
    "work": "work/**/*",
}
"""What lies in the directory itself, wherever its lake is."""


class Observatory:
    """Looks at a data directory on behalf of many threads.

    Args:
        observer: Used by one thread at a time, under a lock.
        put_stream: Takes the records that are posted; likewise.
        health: The stages of the pipeline in this process; None where it runs elsewhere or not.
        clock: Microseconds since the Unix epoch.
        settings: What the parts are limited to; the defaults where none are given.
    """

    def __init__(
        self,
        observer: Observer,
        put_stream: Stream,
        *,
        health: Mapping[str, Health] | None,
        clock: Callable[[], int],
        settings: Settings | None = None,
    ) -> None:
        self._observer = observer
        self._stream = put_stream
        self._health = health
        self._clock = clock
        self._settings = settings = settings or Settings()
        is_embedded = observer.data_dir.stream_url is None
        self._stream_limit = settings.stream.max_bytes if is_embedded else None
        self._lock = threading.Lock()
        self._put_lock = threading.Lock()
        self._storage: tuple[float, list[dict[str, Any]]] | None = None
        self._drift: tuple[float, tuple[dict[str, Any], list[dict[str, Any]]]] | None = None
        self._zones: tuple[float, list[dict[str, Any]]] | None = None

    def backend(
        self, reader: Reader, changed: threading.Event, warehouse: str | None = None
    ) -> Backend:
        """What the dashboard is given.

        Args:
            reader: The warehouse; may be asked by any thread.
            changed: Set when a batch has been loaded.
            warehouse: Where it is, if it is on a server.
        """
        return Backend(
            reader=reader,
            answers=Answers(
                airline_delays=answers.airline_delays,
                delay_totals=answers.delay_totals,
                passengers_vs_turnaround=answers.passengers_vs_turnaround,
            ),
            pipeline=self.pipeline,
            storage=self.storage,
            kept=self.kept,
            failures=self.failures,
            alerts=self.alerts,
            drift=self.drift
            if warehouse is None
            else lambda: (Drift()._asdict(), []),  # not watched on a server
            raw_records=self.raw_records,
            put=self.put,
            max_record_bytes=self._stream.max_record_bytes,
            counts_backlog=self._observer.data_dir.stream_url is None,
            clock=self._clock,
            changed=changed,
            warehouse=warehouse,
        )

    def pipeline(self) -> dict[str, Any]:
        """The account as `airside status --json` prints it, and how each stage is doing."""
        with self._lock:
            document = self._observer.account().as_dict()
            stages = [self._stage(stage) for stage in _STAGES]
            stages += [
                self._stage(stage)
                for stage in (EXPORT, ALERTS, WEBHOOK, UPKEEP, LOG)
                if self._health is not None and self._health.get(stage, Health()).error
            ]
            firing = [_alert(alert) for alert in self._observer.alerts.firing()]
        is_running = self._health is not None or self._answers_elsewhere()
        return {**document, "is_running": is_running, "stages": stages, "alerts": firing}

    def storage(self) -> list[dict[str, Any]]:
        """Bytes and files of each part; counted anew at most every ten seconds."""
        now = time.monotonic()
        if self._storage is None or now - self._storage[0] > _STORAGE_SECONDS:
            root = self._observer.data_dir.root
            found = {name: _sizes(root, pattern) for name, pattern in _PARTS.items()}
            limits = {"stream": self._stream_limit}
            first, *others = _rows(found, limits)
            self._storage = (now, [first, *self._zones_at(now), *others])
        return self._storage[1]

    def kept(self) -> list[Kept]:
        """What is kept of everything that would grow for ever, each with its limit."""
        with self._lock:
            return kept(self._observer, self._settings)

    def _zones_at(self, now: float) -> list[dict[str, Any]]:
        """The lake's zones; one elsewhere is asked rarely, as lists cost money there."""
        data_dir = self._observer.data_dir
        age = _LAKE_SECONDS if is_elsewhere(data_dir) else _STORAGE_SECONDS
        if self._zones is None or now - self._zones[0] > age:
            counted = self._zones[1] if self._zones else []
            with suppress(AirsideError):  # an outage of the lake must not hide all else
                lake = lake_of(data_dir)
                counted = _rows({zone: list(lake.sizes(zone).values()) for zone in ZONES})
            self._zones = (now, counted)
        return self._zones[1]

    def failures(self) -> list[dict[str, Any]]:
        """What failed lately, newest first."""
        with self._lock:
            attempts = [
                attempt
                for stage in (*_STAGES, DRIFT)
                for attempt in self._observer.ledger.latest(
                    stage, outcome="failed", limit=_MAX_FAILURES
                )
            ]
        return [
            {
                "stage": attempt.stage,
                "started_at": _iso(attempt.started_at_us),
                "finished_at": _iso(attempt.finished_at_us),
                "error": attempt.error or "unknown",
            }
            for attempt in sorted(attempts, key=lambda a: a.started_at_us, reverse=True)
        ]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that go on, the oldest first, then those that are over, the newest first."""
        with self._lock:
            store = self._observer.alerts
            return [_alert(alert) for alert in store.firing() + store.ended(_MAX_ENDED_ALERTS)]

    def drift(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Schema drift in figures, and each finding; asked anew at most every two seconds."""
        with self._lock:
            now = time.monotonic()
            if self._drift is None or now - self._drift[0] > _DRIFT_SECONDS:
                reader = self._observer.reader
                figures = drift_summary(reader)._asdict()
                self._drift = (now, (figures, drift_findings(reader)))
            return self._drift[1]

    def raw_records(self, wanted: Sequence[RecordId]) -> Found:
        """The bytes of records, from the archive, or from the stream where they are newer."""
        found = archived_records(self._observer.data_dir, wanted)
        left = set(wanted) - found.keys()
        if left:
            with self._lock:
                frames = unarchived_frames(self._observer)
            found |= pick(frames, left, "stream")
        return found

    def put(self, payloads: Sequence[bytes]) -> None:
        """Put records on the stream; they are durable on return."""
        with self._put_lock:
            self._stream.put(payloads)

    def _stage(self, stage: str) -> dict[str, Any]:
        health = (self._health or {}).get(stage)
        if health is not None:
            return self._row(stage, health.last_success_us, health.error, health.failures)
        succeeded = self._newest(stage, "succeeded")
        failed = self._newest(stage, "failed")
        is_failing = failed is not None and (
            succeeded is None or failed.attempt_id > succeeded.attempt_id
        )
        return self._row(
            stage,
            succeeded.finished_at_us if succeeded else None,
            failed.error if failed and is_failing else None,
            int(is_failing),
        )

    def _row(
        self, name: str, last_us: int | None, error: str | None, failures: int
    ) -> dict[str, Any]:
        return {
            "name": name,
            "last_success_at": _iso(last_us),
            "age_seconds": None if last_us is None else self._age(last_us),
            "error": error,
            "failures": failures,
        }

    def _age(self, instant_us: int) -> float:
        return max(0.0, (self._clock() - instant_us) / 1e6)

    def _newest(self, stage: str, outcome: str) -> Attempt | None:
        attempts = self._observer.ledger.latest(stage, outcome=outcome)
        return attempts[0] if attempts else None

    def _answers_elsewhere(self) -> bool:
        try:
            return RemoteReader.connect(self._observer.data_dir.socket) is not None
        except AirsideError:
            return False


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "subject": alert.subject or None,
        "summary": alert.summary,
        "value": alert.value,
        "limit": alert.limit,
        "unit": alert.unit,
        "began_at": _iso(alert.began_at_us),
        "ended_at": _iso(alert.ended_at_us),
    }


def _rows(
    parts: Mapping[str, Sequence[int]], limits: Mapping[str, int | None] = MappingProxyType({})
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "bytes": sum(sizes),
            "files": len(sizes),
            "limit_bytes": limits.get(name),
        }
        for name, sizes in parts.items()
    ]


def _sizes(root: Path, pattern: str) -> list[int]:
    sizes = []
    for path in root.glob(pattern):
        with suppress(OSError):  # gone since it was listed
            if path.is_dir():
                continue
            sizes.append(path.stat().st_size)
    return sizes


def _iso(instant_us: int | None) -> str | None:
    if instant_us is None:
        return None
    instant = datetime.fromtimestamp(instant_us / 1e6, tz=UTC)
    return instant.isoformat().removesuffix("+00:00") + "Z"
