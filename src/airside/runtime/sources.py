"""Brings records in: from the simulator, and from files."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from io import BufferedIOBase
from select import select
from typing import Any

from airside.errors import CorruptDataError, UsageError
from airside.ledger import Ledger
from airside.runtime.clocks import wall_clock
from airside.settings import SimulatorSettings, StreamSettings
from airside.simulator import LATEST, Simulator, SimulatorConfig, mess_preset
from airside.stream import Patience, Producer, Stream, fills_a_put, lines

SIMULATOR = "simulator"


def simulator_config(
    settings: SimulatorSettings,
    start: datetime,
    *,
    days: int | None = None,
    max_events: int | None = None,
) -> SimulatorConfig:
    """Make the simulator's own configuration out of the settings.

    Raises:
        UsageError: A value is wrong, or a rate unknown.
    """
    mess = mess_preset(settings.mess)
    known = [field.name for field in fields(mess)]
    for name in settings.mess_rates:
        if name not in known:
            raise UsageError(
                f"simulator.mess_rates has no rate {name}; the rates are {', '.join(known)}"
            )
    rates: dict[str, Any] = settings.mess_rates
    return SimulatorConfig(
        airport=settings.airport,
        flights_per_day=settings.flights_per_day,
        seed=settings.seed,
        start=start,
        mess=replace(mess, **rates),
        days=days,
        max_events=max_events,
        telemetry_seconds=settings.telemetry_seconds,
    )


def check_simulator(settings: SimulatorSettings) -> None:
    """Find out what is wrong with the settings before anything is started.

    Raises:
        UsageError: A value is wrong, such as an airport that there is not.
    """
    Simulator(simulator_config(settings, datetime(2026, 1, 1, tzinfo=UTC)))


def simulate(
    stream: Stream,
    ledger: Ledger,
    settings: SimulatorSettings,
    stop: threading.Event,
    *,
    unpaced: bool = False,
    rate: float | None = None,
    start: datetime | None = None,
    days: int | None = None,
    max_events: int | None = None,
    on_put: Callable[[int, int], None] = lambda _records, _due_us: None,
    patience: Patience | None = None,
) -> int:
    """Run the simulator onto a stream until it ends or is stopped; returns the records put.

    The simulated clock is kept in the ledger, so a simulator started again with the same settings
    goes on where it was. What it had put without noting it down is put again with the same ids,
    and found to be a duplicate. With other settings it starts a new world at the same clock.

    Args:
        stream: Where the records go.
        ledger: Keeps the simulated clock.
        settings: What to simulate.
        stop: Ends the run.
        unpaced: As fast as it goes, instead of at the time compression.
        rate: At most so many records a real second, instead of at the time compression.
        start: The first simulated instant, for a new simulation; None goes on where one was, or
            starts with the current day.
        days: End after so many simulated days.
        max_events: End after so many records.
        on_put: Told after each put how many records it held, and the simulated clock.
        patience: How to wait where the stream is full; without it, the stream's error is raised.

    Raises:
        UsageError: A value is wrong, or the simulated clock has come to the end of its time.
    """
    identity = json.dumps(settings.model_dump(exclude={"time_compression"}), sort_keys=True)
    world = hashlib.sha256(identity.encode()).hexdigest()[:16]
    noted = {} if start else ledger.position(SIMULATOR)
    resume_us = None
    if int(noted.get("clock", 0)) >= LATEST.timestamp() * 1e6:
        raise UsageError(
            f"the simulated clock has come to {LATEST:%Y-%m-%d}, and nothing goes on from there: "
            "begin anew with `airside simulate --start 2026-01-01`, take another --data-dir, or go "
            "on without the simulator, as with `airside up --no-simulator`"
        )
    if "clock" in noted and f"{world} start" in noted:
        start = datetime.fromisoformat(noted[f"{world} start"])
        resume_us = int(noted["clock"])
    elif "clock" in noted:
        start = datetime.fromtimestamp(int(noted["clock"]) // 1_000_000, tz=UTC)
    elif start is None:
        today = datetime.fromtimestamp(wall_clock() / 1e6, tz=UTC)
        start = today.replace(hour=0, minute=0, second=0, microsecond=0)
    config = simulator_config(settings, start, days=days, max_events=max_events)
    first = {f"{world} start": start.isoformat()}

    def note(records: int, due_us: int) -> None:
        # Together: a start without its clock, or beside another world's, tells of no instant.
        ledger.note(SIMULATOR, {**first, "clock": str(due_us)})
        first.clear()
        on_put(records, due_us)

    producer = Producer(stream, time.monotonic, stop.wait, note, patience=patience)
    return producer.run(
        Simulator(config).emissions(after_us=resume_us),
        speed=None if rate or unpaced else settings.time_compression,
        rate=rate,
    )


def patience(
    settings: StreamSettings, wait: Callable[[float], bool], tell: Callable[[str], None]
) -> Patience:
    """How a producer on this machine waits for room.

    Args:
        settings: For how long.
        wait: Waits so many seconds; True means stop.
        tell: Told a sentence when it begins to wait, and when it goes on.
    """
    return Patience(settings.patience_seconds, time.monotonic, wait, tell)


def ingest(
    stream: Stream,
    file: BufferedIOBase,
    refused: Callable[[int, int], None],
    patience: Patience,
    on_put: Callable[[int], None],
) -> None:
    """Put every line of a file on the stream, verbatim, whatever it holds.

    Args:
        stream: Where the records go.
        file: Lines ended by LF; the last may lack it. What comes by a pipe is put as soon as the
            next of it would have to be waited for.
        refused: Told the line's number and size where it is too large for a record.
        patience: How to wait where the stream is full. Its `wait` never says stop.
        on_put: Told after each put how many records it held; each is durable.

    Raises:
        CorruptDataError: The file is damaged; what comes before that was put.
    """
    pending: list[bytes] = []
    size = 0

    def put() -> None:
        nonlocal size
        patience.put(stream, pending)
        on_put(len(pending))
        pending.clear()
        size = 0

    try:
        for some in lines(file, refused, stream.max_record_bytes):
            pending += some
            size += sum(map(len, some))
            is_full = fills_a_put(len(pending), size)
            if is_full or not _has_more(file):
                put()
    except CorruptDataError:
        put()
        raise
    put()


def _has_more(file: BufferedIOBase) -> bool:
    """Whether a read would not wait: it gives something, or the end."""
    try:
        return bool(select([file], [], [], 0)[0])
    except (OSError, ValueError):  # no file of the system's, which is no pipe either
        return True
