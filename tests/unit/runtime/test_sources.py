"""Bringing records in: what is kept of it when it is cut off, and when it is put."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest

from airside.errors import RetryableError, UsageError
from airside.ledger import Ledger
from airside.runtime.sources import ingest, simulate
from airside.settings import SimulatorSettings
from airside.stream import EmbeddedStream, Patience, frames_to_arrow, lines

SETTINGS = SimulatorSettings(flights_per_day=50)
PATIENCE = Patience(0, lambda: 0.0, lambda _seconds: True)


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[EmbeddedStream]:
    clock = count(1)
    with closing(EmbeddedStream(tmp_path / "stream.db", clock=lambda: next(clock))) as stream:
        yield stream


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db", clock=lambda: 0)) as ledger:
        yield ledger


def records(stream: EmbeddedStream) -> list[bytes]:
    frames = stream.read({}, max_records=10_000, max_bytes=1 << 30)
    payloads = frames_to_arrow(list(frames)).column("payload").to_pylist()
    return [payload.removesuffix(b"\n") for payload in payloads]


def test_a_simulator_that_could_not_put_anything_starts_as_if_it_had_not_been(
    stream: EmbeddedStream, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_payloads: object) -> None:
        raise RetryableError("the stream cannot be reached")

    def ten() -> int:
        return simulate(stream, ledger, SETTINGS, threading.Event(), unpaced=True, max_events=10)

    with monkeypatch.context() as patched:
        patched.setattr(stream, "put", refuse)
        with pytest.raises(RetryableError):
            ten()
    assert ten() == 10
    assert len(records(stream)) == 10


@pytest.mark.parametrize("other", [SETTINGS, SimulatorSettings(flights_per_day=60)])
@pytest.mark.parametrize("clock", ["2099-01-01", "2099-12-29T23:59:59", "2117-01-01"])
def test_a_simulator_at_the_end_of_its_time_says_how_to_begin_anew(
    stream: EmbeddedStream, ledger: Ledger, clock: str, other: SimulatorSettings
) -> None:
    def ten(settings: SimulatorSettings, start: datetime | None = None) -> int:
        stop = threading.Event()
        return simulate(stream, ledger, settings, stop, unpaced=True, start=start, max_events=10)

    assert ten(SETTINGS, datetime(2098, 12, 31, tzinfo=UTC)) == 10
    at_us = int(datetime.fromisoformat(clock).replace(tzinfo=UTC).timestamp()) * 1_000_000
    ledger.note("simulator", {"clock": str(at_us)})
    with pytest.raises(UsageError, match=r"2099-01-01.*simulate --start.*up --no-simulator"):
        ten(other)
    assert ten(other, datetime(2026, 1, 1, tzinfo=UTC)) == 10
    assert ten(other) == 10


def test_what_comes_by_a_pipe_is_put_before_the_next_is_waited_for(stream: EmbeddedStream) -> None:
    out, into = os.pipe()
    arrived = threading.Semaphore(0)
    with os.fdopen(out, "rb") as reads, os.fdopen(into, "wb", buffering=0) as writes:
        thread = threading.Thread(
            target=ingest,
            args=(stream, reads, lambda *_: None, PATIENCE, lambda n: arrived.release(n or 1)),
        )
        thread.start()
        for number in range(3):
            writes.write(b"%d\n" % number)
            assert arrived.acquire(timeout=30), "while the pipe stays open"
            assert len(records(stream)) == number + 1
        writes.write(b"the last\nwithout an end")
        writes.close()
        thread.join(30)
    assert records(stream) == [b"0", b"1", b"2", b"the last", b"without an end"]


@pytest.mark.parametrize("read", [1, 2, 3, 7, 1000])
def test_lines_are_the_same_however_they_are_cut(read: int) -> None:
    content = b"\nab\n\nlong line\nend\r\n12345\nlonger than that\nrest"

    class Pipe(BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return super().read1(read)

    refused: list[tuple[int, int]] = []
    given = [
        line
        for some in lines(Pipe(content), lambda *told: refused.append(told), max_bytes=5)
        for line in some
    ]
    assert given == [b"", b"ab", b"", b"end\r", b"12345", b"rest"]
    assert refused == [(4, 10), (7, 17)]
