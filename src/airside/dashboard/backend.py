"""What the dashboard is given: a warehouse to ask, and the answers that others make too.

The dashboard computes no figure that another part of Airside already prints. The three answers,
the account and the raw records come in as functions, so that the page, `airside report` and
`airside status` cannot disagree.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from airside.dashboard.legs import Liveness
from airside.warehouse import Reader

Document = dict[str, Any]
"""Plain values, ready for JSON."""
Put = Callable[[Sequence[bytes]], None]
RecordId = tuple[str, str]
"""Shard and sequence number."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Functions that answer from a warehouse, as `airside report` does."""

    airline_delays: Callable[[Reader], list[Document]]
    delay_totals: Callable[[Reader], Document]
    passengers_vs_turnaround: Callable[[Reader], Document]


class Kept(NamedTuple):
    """How much is kept of something that would grow for ever."""

    name: str
    number: int
    limit: int | None
    """At most so many; None where something else decides, such as age."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything behind the dashboard. Every function may be called from any thread."""

    reader: Reader
    answers: Answers
    pipeline: Callable[[], Document]
    """The account, the consumers and the stages: the type `Pipeline` of the API."""
    storage: Callable[[], list[Document]]
    """Bytes and files of each part that is stored."""
    failures: Callable[[], list[Document]]
    """Recent failures of all stages, newest first."""
    alerts: Callable[[], list[Document]]
    """Alerts that go on, then those that are over, newest first."""
    drift: Callable[[], tuple[Document, list[Document]]]
    """Schema drift in figures (the type `DriftFigures` of the API), and each finding."""
    raw_records: Callable[[Sequence[RecordId]], Mapping[RecordId, tuple[bytes, str]]]
    """The bytes of records and where they were found (`archive` or `stream`), of those found."""
    put: Put | None
    """Puts records on the stream; they are durable when it returns. None where there is none."""
    max_record_bytes: int
    """The largest record that the stream takes."""
    counts_backlog: bool
    """Whether the stream knows how many records wait, and not only how long."""
    clock: Callable[[], int]
    """Microseconds since the Unix epoch."""
    changed: threading.Event = field(default_factory=threading.Event)
    """Set by whoever loads a batch in this process, so that viewers need not wait for a poll."""
    kept: Callable[[], Sequence[Kept]] = tuple
    """What is kept of everything that would grow for ever."""
    warehouse: str | None = None
    """The server that is asked, without a password; None for the embedded warehouse."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the dashboard behaves."""

    host: str = "127.0.0.1"
    token: str | None = None
    """Guards everything but the health checks; None lets everybody in who can connect."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which the server may be called, beside localhost and IP addresses."""
    airport: str | None = None
    """The hub; None takes the busiest."""
    static: Path = Path(__file__).parent / "static"
    """The built page."""
    poll_seconds: float = 0.25
    """How often to look for new data where nobody says that there is some."""
    min_push_seconds: float = 0.2
    """Least time between two updates of the page."""
    heartbeat_seconds: float = 0.75
    max_viewers: int = 500
    max_body_bytes: int = 8 * 1024 * 1024
    """Of a request to `POST /events`, compressed and not."""
    max_backlog_records: int = 1_000_000
    """More than so many records before silver, and `POST /events` takes no more …"""
    max_backlog_seconds: float = 3_600
    """… nor with some waiting longer, where the stream cannot count them."""
    liveness: Liveness = field(default_factory=Liveness)
