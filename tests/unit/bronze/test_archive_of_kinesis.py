"""The archive of a Kinesis stream: long sequence numbers, and a stream that never falls silent."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airside.bronze import BRONZE, Archive, Archiver, ArchiveReader, compact
from airside.errors import CorruptDataError, RetryableError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.ledger import Ledger
from support import kinesis
from support.faults import Faulty, changed
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

    def files(self) -> list[str]:
        """The archive's files in stream order, which on one shard their names have."""
        return sorted(self.lake.names("bronze", ".zst"), key=lambda name: name.split("/")[-1])


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


HOUR_ENDS = datetime(2026, 1, 1, 11, tzinfo=UTC)
ARRIVALS = {b"r1": -10, b"r2": 0, b"r3": -5, b"r4": 10, b"r5": 15}
"""Record → milliseconds from there: r3 goes back over it, as arrivals on a shard may."""
LATER = "bronze/flight_events/ingest_date=2026-01-02"


@pytest.fixture
def turning(bench: Bench) -> Bench:
    """An archive in which a shard's files go from one hour to the next, back, and on again."""

    def stamped(answer: dict[str, Any]) -> dict[str, Any]:
        for record in answer["Records"]:
            after = timedelta(milliseconds=ARRIVALS[record["Data"]])
            record["ApproximateArrivalTimestamp"] = HOUR_ENDS + after
        return answer

    bench.client.always("get_records", changed(stamped))
    for puts in ((b"r1", b"r2", b"r3", b"r4"), (b"r5",)):
        for payload in puts:
            bench.client.put_record(StreamName=bench.name, Data=payload, PartitionKey="one")
        bench.archiver().run_once(flush=True)
    hours = [name.split("ingest_hour=")[1][:2] for name in bench.files()]
    assert hours == ["10", "11", "10", "11", "11"]
    return bench


def test_arrivals_that_go_back_over_an_hour_do_not_stop_compaction(turning: Bench) -> None:
    before = turning.archived()
    assert compact(turning.archive, before=LATER, max_bytes=2**30) == (2, 1)  # r4 and r5
    assert len(turning.files()) == 4
    assert turning.archived() == before
    assert compact(turning.archive, before=LATER, max_bytes=2**30) == (0, 0)


def test_a_file_that_is_gone_between_hours_is_not_merged_away(turning: Bench) -> None:
    turning.lake.delete(turning.files()[1])
    found = turning.files()
    with pytest.raises(CorruptDataError, match="are missing before"):
        compact(turning.archive, before=LATER, max_bytes=2**30)
    assert turning.files()[:2] == found[:2]
    assert len(turning.files()) == 3, "r4 and r5 have nothing to do with it"


def test_files_that_the_ledger_has_forgotten_are_adopted_in_the_order_of_their_shard(
    turning: Bench, tmp_path: Path
) -> None:
    files = turning.files()
    turning.ledger = Ledger(tmp_path / "anew.db", clock=_now)
    assert turning.archiver().run_once(flush=True) == 0
    assert turning.files() == files
    assert turning.ledger.progress(BRONZE)[1]["records"] == 5


def _fails(_archive: Archive, _contents: object) -> int:
    raise RetryableError("the disk is full")
