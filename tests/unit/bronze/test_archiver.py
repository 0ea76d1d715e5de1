"""Archiving: when files are cut, what is in them, and what a crash changes (nothing)."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard

from airside.bronze import BRONZE
from airside.errors import RetryableError
from airside.lake import LocalLake
from airside.ledger import Ledger
from support.archives import FOLDER, HOUR_US, START_US, Bench, bench, read_in_batches


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as desk:
        yield desk


@pytest.fixture
def desk_of_three(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, shards=3) as desk:
        yield desk


def lines(desk: Bench, name: str) -> list[bytes]:
    """A file's lines, as `zstd -dc` gives them."""
    with zstandard.ZstdDecompressor().stream_reader(
        io.BytesIO(desk.lake.read(name)), read_across_frames=True
    ) as reader:
        text = reader.read()
    assert text.endswith(b"\n")
    return text[:-1].split(b"\n")


def test_a_file_holds_the_records_verbatim_one_a_line(desk: Bench) -> None:
    put = [b'{"a": 1}', b"", b"\xff\xfe\x00", b"ends with CR\r", b"\x1a\x85\xe2\x80\xa8 no ends"]
    desk.stream.put(put)
    put += desk.put(5)
    assert desk.archiver().run_once(flush=True) == 10
    (name,) = desk.files()
    assert lines(desk, name) == put


def test_files_lie_in_the_hour_in_which_their_records_arrived(desk: Bench) -> None:
    desk.put(3)
    desk.archiver().run_once(flush=True)
    assert desk.files() == [f"{FOLDER}/shard-000-{1:020}-{3:020}.ndjson.zst"]
    assert desk.lake.names("bronze", ".json") == [f"{desk.files()[0]}.index.json"]


def test_nothing_to_do_makes_no_file(desk: Bench) -> None:
    assert desk.archiver().run_once(flush=True) == 0
    assert desk.archiver(cut_seconds=0).run_once() == 0
    assert desk.files() == []


def test_records_wait_for_the_cut_by_age(desk: Bench) -> None:
    desk.put(1)
    arrived_us = desk.now_us
    desk.put(1)
    archiver = desk.archiver(cut_seconds=60)
    desk.now_us = arrived_us + 59_999_999
    assert archiver.run_once() == 0
    desk.now_us += 1
    assert archiver.run_once() == 2  # the young one goes with the old one
    assert len(desk.files()) == 1
    assert archiver.run_once() == 0


def test_records_wait_for_the_cut_by_age_though_the_clock_was_set_back(desk: Bench) -> None:
    desk.now_us += 2 * HOUR_US
    desk.put(1)
    desk.now_us -= 2 * HOUR_US
    archiver = desk.archiver(cut_seconds=60)
    for _ in range(3):
        assert archiver.run_once() == 0
        desk.put(1)  # it arrives right after the first
        desk.seconds += 20
    assert archiver.run_once() == 4
    assert len(desk.files()) == 1


def test_files_are_cut_by_size(desk: Bench) -> None:
    put = []
    for _ in range(10):
        put += desk.put(10, size=1_000)  # 10 kB that do not compress
    archiver = desk.archiver(cut_seconds=3600, cut_bytes=35_000)
    assert archiver.run_once() == 100
    sizes = [desk.lake.size(name) for name in desk.files()]
    assert len(sizes) == 4
    assert all(size <= 35_000 for size in sizes)
    assert [line for name in desk.files() for line in lines(desk, name)] == put
    desk.put(10, size=1_000)
    assert archiver.run_once() == 0  # not full, not old


def test_a_put_that_is_over_the_cut_is_a_file_of_its_own(desk: Bench) -> None:
    desk.put(10, size=1_000)
    desk.put(100, size=1_000)
    desk.put(10, size=1_000)
    desk.archiver(cut_bytes=30_000).run_once()
    assert [int(name.split("-")[-1][:20]) for name in desk.files()] == [10, 110, 120]


def test_files_are_cut_where_an_hour_ends(desk: Bench) -> None:
    desk.now_us = START_US + HOUR_US - 2_500_000
    put = [desk.put(2) for _ in range(4)]
    desk.archiver().run_once(flush=True)
    first, second = desk.files()
    assert "ingest_hour=18" in first
    assert "ingest_hour=19" in second
    assert lines(desk, first) == [*put[0], *put[1]]
    assert lines(desk, second) == [*put[2], *put[3]]


def test_each_shard_has_files_of_its_own(desk_of_three: Bench) -> None:
    desk = desk_of_three
    put = [payload for _ in range(4) for payload in desk.put(30)]
    assert desk.archiver().run_once(flush=True) == 120
    assert [name.split("/")[-1][:9] for name in desk.files()] == [
        "shard-000",
        "shard-001",
        "shard-002",
    ]
    assert sorted(line for name in desk.files() for line in lines(desk, name)) == sorted(put)


def test_the_ledger_says_what_is_archived(desk_of_three: Bench) -> None:
    desk = desk_of_three
    desk.put(30)
    desk.archiver().run_once(flush=True)
    desk.put(40)
    desk.archiver().run_once(flush=True)
    position, totals = desk.ledger().progress(BRONZE)
    sizes = sum(desk.lake.size(name) for name in desk.files())
    assert totals == {"records": 70, "files": 6, "stored_bytes": sizes}
    assert desk.stream.backlog(position).records == 0
    assert position == desk.reader().end()


def test_a_backlog_of_many_reads_is_archived_in_one_run(
    desk: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.bronze.archive._READ_RECORDS", 25)
    for _ in range(9):
        desk.put(10)
    assert desk.archiver().run_once(flush=True) == 90
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


class Crash(BaseException):
    """The process is gone: nobody handles it."""


class Fault:
    """Lets so many steps pass, then goes off, once."""

    def __init__(self, after: int, error: BaseException) -> None:
        self.left = after
        self.error = error

    def step(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise self.error


class FaultyLake(LocalLake):
    def __init__(self, root: Path, fault: Fault) -> None:
        super().__init__(root)
        self._fault = fault

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        self._fault.step()  # before the file
        with super().publish(name) as path:
            yield path
            self._fault.step()  # before its name
        self._fault.step()  # after it


class FaultyLedger(Ledger):
    def __init__(self, path: Path, fault: Fault) -> None:
        super().__init__(path, clock=lambda: 0)
        self._fault = fault

    def begin(self, stage: str, plan: Mapping[str, Any]) -> int:
        self._fault.step()
        attempt_id = super().begin(stage, plan)
        self._fault.step()
        return attempt_id

    def succeed(
        self, attempt_id: int, counts: Mapping[str, int], through: Mapping[str, str] | None = None
    ) -> None:
        self._fault.step()
        super().succeed(attempt_id, counts, through)
        self._fault.step()


STEPS_OF_A_FILE = 2 + 3 + 3 + 2  # begin, index, data, succeed


def archived_in_two_files(root: Path, fault: Fault) -> tuple[dict[str, bytes], dict[str, int]]:
    """Archive the same records, cut off by a fault and started again; gives files and totals."""
    root.mkdir()
    with bench(root) as desk:
        for _ in range(4):
            desk.put(10, size=1_000)
        ledger = FaultyLedger(root / "ledger.db", fault)
        desk.stack.callback(ledger.close)
        with suppress(Crash, RetryableError):
            lake = FaultyLake(root, fault)
            desk.archiver(lake, ledger, cut_bytes=25_000).run_once(flush=True)
        desk.archiver(cut_bytes=25_000).run_once(flush=True)
        assert desk.archiver().run_once(flush=True) == 0
        assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)
        return desk.snapshot(), desk.ledger().progress(BRONZE)[1]


@pytest.mark.parametrize(
    "make_error", [Crash, lambda: RetryableError("full")], ids=["crash", "error"]
)
def test_cut_off_at_any_step_it_ends_with_the_same_files(
    tmp_path: Path, make_error: Callable[[], BaseException]
) -> None:
    never = Fault(1_000, Crash())
    expected = archived_in_two_files(tmp_path / "undisturbed", never)
    assert len(expected[0]) == 4  # two files, two indexes
    steps = 2 * STEPS_OF_A_FILE
    assert never.left == 1_000 - steps
    for step in range(steps):
        found = archived_in_two_files(tmp_path / f"step{step}", Fault(step, make_error()))
        assert found == expected, f"cut off at step {step}"


def test_what_was_planned_is_not_widened_by_what_came_later(desk: Bench) -> None:
    desk.put(10)
    fault = Fault(2, Crash())  # planned, nothing written
    with pytest.raises(Crash):
        desk.archiver(
            FaultyLake(desk.root, fault), FaultyLedger(desk.root / "ledger.db", fault)
        ).run_once(flush=True)
    desk.put(10)
    desk.archiver(cut_seconds=3600).run_once()
    assert desk.files() == [f"{FOLDER}/shard-000-{1:020}-{10:020}.ndjson.zst"]


def test_a_failure_is_written_down_with_its_reason(desk: Bench) -> None:
    desk.put(10)
    (desk.root / "bronze").write_text("in the way")
    with pytest.raises(RetryableError, match="cannot be written"):
        desk.archiver().run_once(flush=True)
    pending = desk.ledger().pending(BRONZE)
    assert pending is not None
    assert pending.outcome == "failed"
    assert "cannot be written" in str(pending.error)
    (desk.root / "bronze").unlink()
    assert desk.archiver().run_once() == 10  # what is pending does not wait for the cut


def test_the_archive_goes_on_from_a_trimmed_stream(desk: Bench) -> None:
    desk.put(10)
    desk.archiver().run_once(flush=True)
    desk.stream.trim(desk.ledger().position(BRONZE), desk.now_us + 1)
    put = desk.put(10)
    assert desk.archiver().run_once(flush=True) == 10
    assert lines(desk, desk.files()[1]) == put


def test_the_index_can_be_read_without_us(desk: Bench) -> None:
    desk.put(3)
    desk.archiver().run_once(flush=True)
    desk.put(4)
    desk.archiver().run_once(flush=True)
    first, second = (
        json.loads(desk.lake.read(f"{name}.index.json")) for name in sorted(desk.files())
    )
    assert first["shard_id"] == "shard-000"
    assert (first["after"], second["after"]) == ("", f"{3:020}")
    assert [frame["runs"] for frame in second["frames"]] == [[[f"{4:020}", 4, desk.now_us]]]
    assert second["frames"][0]["raw_bytes"] == 4 * 101
    assert second["frames"][0]["stored_bytes"] == desk.lake.size(desk.files()[1])


def test_a_gap_on_one_shard_keeps_no_other_from_being_adopted(desk_of_three: Bench) -> None:
    desk = desk_of_three
    for _ in range(2):
        desk.put(30)
        desk.archiver().run_once(flush=True)
    desk.lake.delete(desk.files()[0])  # shard-000's first; its second is not adopted
    (desk.root / "ledger.db").unlink()
    desk.archiver().run_once(flush=True)
    others = [name for name in desk.files() if "shard-000" not in name]
    assert len(others) == 4
    assert desk.ledger().position(BRONZE) == desk.reader().end()
