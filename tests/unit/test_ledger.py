"""The ledger: plans, outcomes, and what has to be done again."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from airside.errors import AirsideError, CorruptDataError, RetryableError
from airside.ledger import Ledger
from support.streams import TESTS

NOW = 1_758_737_730_000_000
PLAN = {"after": {"shard-000": "07"}, "through": {"shard-000": "12"}}


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Iterator[Ledger]:
    with closing(Ledger(path, clock=clock)) as ledger:
        yield ledger


def again(path: Path) -> closing[Ledger]:
    """The ledger as a process sees it that starts after a crash."""
    return closing(Ledger(path, clock=lambda: NOW))


def test_a_new_ledger_knows_nothing(ledger: Ledger) -> None:
    assert ledger.pending("silver") is None
    assert ledger.position("silver") == {}
    assert ledger.progress("silver") == ({}, {})
    assert ledger.latest("silver", outcome="failed") == []
    assert ledger.records_since("silver", 0) == 0


def test_a_success_leaves_nothing_to_do(ledger: Ledger, clock: Clock) -> None:
    attempt_id = ledger.begin("silver", PLAN)
    clock.now += 5
    ledger.succeed(attempt_id, {"records": 5}, PLAN["through"])
    assert ledger.pending("silver") is None
    (attempt,) = ledger.latest("silver", outcome="succeeded")
    assert attempt.plan == PLAN
    assert attempt.counts == {"records": 5}
    assert (attempt.started_at_us, attempt.finished_at_us) == (NOW, NOW + 5)
    assert ledger.position("silver") == {"shard-000": "12"}


def test_what_a_crash_cut_off_is_pending(path: Path, ledger: Ledger) -> None:
    ledger.begin("silver", PLAN)  # and no outcome: the process is gone
    with again(path) as after_crash:
        pending = after_crash.pending("silver")
        assert pending is not None
        assert (pending.plan, pending.outcome, pending.finished_at_us) == (PLAN, "started", None)
        assert after_crash.position("silver") == {}


def test_a_plan_done_again_says_that_the_first_was_cut_off(path: Path, ledger: Ledger) -> None:
    ledger.begin("silver", PLAN)
    with again(path) as after_crash:
        attempt_id = after_crash.begin("silver", PLAN)
        (cut_off,) = after_crash.latest("silver", outcome="failed")
        assert cut_off.error == "cut off"
        after_crash.succeed(attempt_id, {"records": 5}, PLAN["through"])
        assert after_crash.pending("silver") is None
        assert after_crash.progress("silver") == ({"shard-000": "12"}, {"records": 5})


def test_a_failure_is_pending_until_it_succeeds(ledger: Ledger) -> None:
    ledger.fail(ledger.begin("silver", PLAN), "the disk is full")
    pending = ledger.pending("silver")
    assert pending is not None
    assert (pending.plan, pending.outcome, pending.error) == (PLAN, "failed", "the disk is full")
    assert ledger.position("silver") == {}
    ledger.succeed(ledger.begin("silver", PLAN), {})
    assert ledger.pending("silver") is None
    assert [a.error for a in ledger.latest("silver", outcome="failed")] == ["the disk is full"]


def test_stages_do_not_see_each_other(ledger: Ledger) -> None:
    ledger.begin("bronze", PLAN)
    ledger.succeed(ledger.begin("silver", PLAN), {"records": 5}, {"shard-000": "12"})
    pending = ledger.pending("bronze")
    assert pending is not None
    assert pending.outcome == "started"  # silver's beginning has not cut it off
    assert ledger.position("bronze") == {}
    assert ledger.progress("bronze") == ({}, {})
    assert ledger.records_since("bronze", 0) == 0


def test_totals_add_up_and_positions_move_on(ledger: Ledger) -> None:
    for records, through in [(5, {"a": "05"}), (3, {"b": "03"}), (4, {"a": "09"})]:
        counts = {"records": records, "files": 1}
        ledger.succeed(ledger.begin("bronze", {}), counts, through)
    ledger.succeed(ledger.begin("bronze", {}), {})
    assert ledger.progress("bronze") == ({"a": "09", "b": "03"}, {"records": 12, "files": 3})


def test_throughput_counts_recent_successes_alone(ledger: Ledger, clock: Clock) -> None:
    for records in (100, 20, 3):
        attempt_id = ledger.begin("silver", PLAN)
        clock.now += 10
        ledger.succeed(attempt_id, {"records": records})
    ledger.fail(ledger.begin("silver", PLAN), "no")
    ledger.succeed(ledger.begin("silver", PLAN), {"files": 1})
    assert ledger.records_since("silver", NOW) == 123
    assert ledger.records_since("silver", NOW + 20) == 23
    assert ledger.records_since("silver", NOW + 31) == 0


def test_a_note_is_a_position_without_attempts(ledger: Ledger) -> None:
    ledger.note("simulator", {"clock": "17"})
    ledger.note("simulator", {"clock": "18", "world": "abc"})
    assert ledger.position("simulator") == {"clock": "18", "world": "abc"}
    assert ledger.pending("simulator") is None


def test_the_newest_come_first(ledger: Ledger) -> None:
    for number in range(5):
        ledger.fail(ledger.begin("gold", {"n": number}), str(number))
    newest = ledger.latest("gold", outcome="failed", limit=3)
    assert [attempt.error for attempt in newest] == ["4", "3", "2"]


def test_the_ledger_is_bounded(path: Path, clock: Clock) -> None:
    with closing(Ledger(path, clock=clock, keep_attempts=10)) as ledger:
        quiet = ledger.begin("gold", PLAN)  # unfinished: it is the one that must not be forgotten
        for number in range(100):
            ledger.succeed(ledger.begin("silver", {"n": number}), {"records": 1})
        kept = ledger.latest("silver", outcome="succeeded", limit=1000)
        assert 10 <= len(kept) <= 11
        assert kept[0].plan == {"n": 99}
        assert ledger.progress("silver")[1] == {"records": 100}
        pending = ledger.pending("gold")
        assert pending is not None
        assert pending.attempt_id == quiet


def test_a_busy_stage_takes_no_attempts_from_a_quiet_one(path: Path, clock: Clock) -> None:
    with closing(Ledger(path, clock=clock, keep_attempts=10)) as ledger:
        for number in range(5):
            ledger.succeed(ledger.begin("gold", {"n": number}), {})
            for _ in range(50):
                ledger.succeed(ledger.begin("silver", {}), {})
        quiet = ledger.latest("gold", outcome="succeeded", limit=1000)
        assert [attempt.plan["n"] for attempt in quiet] == [4, 3, 2, 1, 0]


def test_stages_that_take_turns_are_each_bounded(path: Path, clock: Clock) -> None:
    with closing(Ledger(path, clock=clock, keep_attempts=200)) as ledger:
        for _ in range(300):
            for stage in ("bronze", "silver"):
                ledger.succeed(ledger.begin(stage, {}), {})
        assert all(200 <= kept <= 203 for kept in ledger.attempts().values())


def test_a_process_that_does_little_forgets_old_attempts_too(path: Path) -> None:
    for _ in range(30):
        with closing(Ledger(path, clock=lambda: NOW, keep_attempts=10)) as ledger:
            ledger.succeed(ledger.begin("upkeep", {}), {})
            assert ledger.attempts()["upkeep"] <= 11


def test_an_error_inside_leaves_nothing_half_written(ledger: Ledger) -> None:
    attempt_id = ledger.begin("silver", PLAN)
    with pytest.raises(AirsideError):
        ledger.succeed(attempt_id, {"records": 5}, {"shard-000": None})  # type: ignore[dict-item] # what SQLite refuses
    assert ledger.progress("silver") == ({}, {})
    pending = ledger.pending("silver")
    assert pending is not None
    assert pending.outcome == "started"
    ledger.succeed(attempt_id, {"records": 5}, PLAN["through"])
    assert ledger.progress("silver") == ({"shard-000": "12"}, {"records": 5})


WRITER = """
import sys
from pathlib import Path
from airside.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), clock=lambda: 1)
number = 0
while True:
    number += 1
    ledger.succeed(ledger.begin("s", {}), {"records": 1}, {"shard-000": f"{number:020}"})
    print(number, flush=True)
"""


def test_another_process_reads_one_moment_while_it_is_written(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True, cwd=TESTS
    )
    assert writer.stdout is not None
    try:
        acknowledged = int(writer.stdout.readline())
        with again(path) as ledger:
            seen = set()
            while len(seen) < 10:
                position, totals = ledger.progress("s")
                assert int(position["shard-000"]) == totals["records"] >= acknowledged
                seen.add(totals["records"])
    finally:
        writer.kill()
        last = [int(line) for line in writer.stdout.read().splitlines()][-1]
        writer.wait()
    with again(path) as ledger:
        position, totals = ledger.progress("s")
        assert int(position["shard-000"]) == totals["records"]
        assert totals["records"] - last in (0, 1)  # what was told is there


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(2).randbytes(len(data) - 4096)
    path.write_bytes(data)


def overwritten(path: Path) -> None:
    path.write_text("not a ledger\n" * 400)


def another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE attempts (stage TEXT, attempt_id INTEGER)")


@pytest.mark.parametrize("damage", [truncated, garbled, overwritten, another_database])
def test_a_damaged_file_is_named(
    path: Path, ledger: Ledger, damage: Callable[[Path], None]
) -> None:
    for number in range(200):
        ledger.succeed(ledger.begin("silver", {"n": number}), {"records": 1}, {"a": str(number)})
    ledger.close()
    damage(path)

    def look() -> None:
        with again(path) as reopened:
            reopened.progress("silver")
            reopened.latest("silver", outcome="succeeded", limit=1000)

    with pytest.raises(CorruptDataError, match=r"ledger\.db"):
        look()


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match=r"ledger\.db: unable to open .* permissions"):
        Ledger(tmp_path / "gone" / "ledger.db", clock=lambda: NOW)
