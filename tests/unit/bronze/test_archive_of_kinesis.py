"""The archive of a Kinesis stream: long sequence numbers, and a stream that never falls silent."""

import time
from pathlib import Path
from typing import Any

import pytest

from airside.bronze import Archive, Archiver, ArchiveReader
from airside.errors import RetryableError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.ledger import Ledger
from support import kinesis
from support.faults import Faulty
from support.streams import batch, read_all, records


class Bench:
    """An archiver of a stream with two shards."""

    def __init__(self, root: Path) -> None:
        self.name = kinesis.create(2)
        self.client = Faulty(kinesis.service())
        self.lake = LocalLake(root)
        self.ledger = Ledger(root / "ledger.db", clock=_now)
        self.archive = Archive(self.lake, FLIGHT_EVENTS)

    def put(self, payloads: list[bytes]) -> None:
        kinesis.open_stream(self.name).put(payloads)

    def archiver(self) -> Archiver:
        """An archiver as a process has it that has just started."""
        stream = kinesis.open_stream(self.name, self.client)
        return Archiver(stream, self.archive, self.ledger, clock=_now)

    def archived(self) -> list[Any]:
        return records(read_all(ArchiveReader(self.archive)))


def _now() -> int:
    return time.time_ns() // 1_000


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_archive_holds_what_the_stream_holds(bench: Bench) -> None:
    bench.put(batch("a", 0, 700))
    assert bench.archiver().run_once(flush=True) == 700
    bench.put(batch("a", 1, 700))
    assert bench.archiver().run_once(flush=True) == 700
    assert bench.archiver().run_once(flush=True) == 0
    on_stream = records(read_all(kinesis.open_stream(bench.name)))
    assert sorted(bench.archived()) == sorted(on_stream)
    assert len(on_stream) == 1_400
    assert {len(record.sequence_number) for record in on_stream} == {56}


def test_what_was_cut_off_is_written_again_under_its_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(batch("a", 0, 700))
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "write", _fails)
        with pytest.raises(RetryableError):
            bench.archiver().run_once(flush=True)
    planned = bench.ledger.pending("bronze")
    assert planned is not None
    bench.put(batch("later", 0, 100))
    assert bench.archiver().run_once(flush=True) == 800
    (shard, last), *_ = planned.plan["through"].items()
    assert any(f"{shard}-" in name and f"-{last}." in name for name in bench.lake.names("bronze"))
    assert len(bench.archived()) == 800


def test_it_ends_although_more_arrives_with_every_read(bench: Bench) -> None:
    bench.put(batch("a", 0, 100))

    def feed(operation: Any, parameters: dict[str, Any]) -> Any:
        answer = operation(**parameters)
        bench.put([b"one more"])
        return answer

    bench.client.always("get_records", feed)
    assert 100 <= bench.archiver().run_once(flush=True) < 200
    bench.client.always("get_records", None)
    bench.archiver().run_once(flush=True)
    assert len(bench.archived()) == len(records(read_all(kinesis.open_stream(bench.name))))


def _fails(_archive: Archive, _contents: object) -> int:
    raise RetryableError("the disk is full")
