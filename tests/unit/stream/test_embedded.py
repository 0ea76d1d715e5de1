"""What is true of the SQLite stream alone; the rest is in the contract suite."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from airside.errors import CorruptDataError, RetryableError, TerminalError
from airside.stream import EmbeddedStream, Frame, SequenceRange, frames_to_arrow
from airside.stream.mark import mark_of, read_mark
from airside.stream.salvage import SalvagedStream
from support.streams import START_US, TESTS, batch, position, read_all, records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stream.db"


def opened(path: Path, shards: int = 1) -> closing[EmbeddedStream]:
    return closing(EmbeddedStream(path, clock=lambda: START_US, shards=shards))


def filled(path: Path, puts: int = 40, shards: int = 1) -> None:
    noise = random.Random(1)
    with opened(path, shards) as stream:
        for _ in range(puts):
            stream.put([noise.randbytes(300) for _ in range(30)])
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def count(frames: Iterable[Frame]) -> int:
    return sum(frame.records for frame in frames)


def in_a_child(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, with the tests' helpers at hand."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_existing_stream_keeps_its_shards(path: Path) -> None:
    with opened(path, shards=2) as stream:
        stream.put(batch("a", 0, 50))
    with opened(path, shards=5) as stream:
        stream.put(batch("b", 0, 50))
        assert {frame.shard_id for frame in read_all(stream)} == {"shard-000", "shard-001"}


def test_whoever_opens_a_new_stream_first_says_how_many_shards(path: Path) -> None:
    class Overtaken(EmbeddedStream):
        """Between its look and its deed, another process makes the shards."""

        def _ends(self) -> dict[str, int]:
            ends = super()._ends()
            if not ends and not self._db.in_transaction:
                with opened(path, shards=2) as first:
                    first.put(batch("first", 0, 20))
            return ends

    with closing(Overtaken(path, clock=lambda: START_US, shards=5)) as stream:
        stream.put(batch("second", 0, 80))
        assert {frame.shard_id for frame in read_all(stream)} == {"shard-000", "shard-001"}
        assert len(records(read_all(stream))) == 100


def test_opened_by_many_at_once_it_works_for_all(path: Path) -> None:
    start = threading.Barrier(8)
    errors: list[Exception] = []

    def put(number: int) -> None:
        start.wait()
        try:
            with opened(path, shards=number + 1) as stream:
                stream.put(batch(f"w{number}", 0, 50))
        except Exception as error:  # noqa: BLE001 - reported below
            errors.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with opened(path) as stream:
        assert len(records(read_all(stream))) == 400 == stream.backlog({}).received


def test_restored_it_goes_on_where_the_archive_ends(path: Path) -> None:
    end = {"shard-000": f"{41:020}", "shard-001": f"{7:020}"}
    with opened(path, shards=3) as stream:
        stream.restore(end, START_US + 500)
        stream.put(batch("a", 0, 40))
        found = records(read_all(stream, end))
        first = {record.shard_id: record.sequence_number for record in reversed(found)}
        assert first == {"shard-000": f"{42:020}", "shard-001": f"{8:020}"}
        assert {record.arrived_at_us for record in found} == {START_US + 501}
        assert stream.backlog(end).received == 41 + 7 + 40
    with opened(path, shards=3) as stream:
        assert records(read_all(stream, end)) == found


def test_a_stream_that_has_records_is_not_restored_over(path: Path) -> None:
    with opened(path) as stream:
        stream.put([b"mine"])
        with pytest.raises(TerminalError, match=r"has taken 1 records already; restore into an"):
            stream.restore({"shard-000": f"{9:020}"}, START_US)
        assert [record.payload for record in records(read_all(stream))] == [b"mine"]


def test_a_consumer_ahead_of_the_file_is_told(path: Path) -> None:
    with opened(path) as stream:
        stream.put(batch("a", 0, 30))
        end = position(stream)
    path.unlink()  # somebody makes room …
    mark_of(path).unlink()
    with opened(path) as stream:
        stream.put(batch("b", 0, 10))  # … and the numbers start again below what has been read
        with pytest.raises(CorruptDataError, match=r"ends at record 10 of shard-000, but 30 have"):
            read_all(stream, end)


def test_rows_lost_in_the_middle_are_named(path: Path) -> None:
    with opened(path) as stream:
        for number in range(4):
            stream.put(batch("a", number, 10))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("DELETE FROM frames WHERE first_sequence = 11")
        with pytest.raises(CorruptDataError, match=r"records 11 to 20 of shard-000 are missing"):
            read_all(stream)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("DELETE FROM frames WHERE first_sequence > 11")
        with pytest.raises(CorruptDataError, match=r"records 11 to 40 of shard-000 are missing"):
            read_all(stream)


def test_a_frame_damaged_on_disk_is_named(path: Path) -> None:
    with opened(path) as stream:
        stream.put(batch("a", 0, 50))
        stream.put(batch("a", 1, 50))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            (data,) = database.execute("SELECT data FROM frames WHERE frame_id = 2").fetchone()
            damaged = data[:20] + bytes([data[20] ^ 1]) + data[21:]
            database.execute("UPDATE frames SET data = ? WHERE frame_id = 2", [damaged])
        with pytest.raises(CorruptDataError, match="of shard-000 that begins with record 51 is"):
            read_all(stream)


def test_an_arrival_altered_on_disk_is_named(path: Path) -> None:
    """No checksum of SQLite's or zstd's covers what a row says of its frame."""
    with opened(path) as stream:
        stream.put(batch("a", 0, 50))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("UPDATE frames SET arrived_at_us = arrived_at_us + 64")
        with pytest.raises(CorruptDataError, match="of shard-000 that begins with record 1 is"):
            read_all(stream)


def test_what_an_earlier_version_put_is_read_and_added_to(path: Path) -> None:
    with opened(path) as stream:
        stream.put(batch("a", 0, 50))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ALTER TABLE frames DROP COLUMN checksum")
    mark_of(path).unlink()
    with opened(path) as stream:
        stream.put(batch("a", 1, 50))
        assert count(read_all(stream)) == 100


class TestTheMark:
    """What was lost is told from what never was."""

    def test_a_log_that_lost_its_end_is_named(self, path: Path, tmp_path: Path) -> None:
        left = torn(path, tmp_path / "left", spare_mark=True)
        with pytest.raises(
            CorruptDataError, match=r"ends at record 50 of .*, but 100 were"
        ) as told:
            EmbeddedStream(left, clock=lambda: START_US)
        assert f"`airside backfill --source {left.parent} --data-dir NEW`" in str(told.value)

    def test_a_put_that_was_never_durable_is_not_missed(self, path: Path, tmp_path: Path) -> None:
        """A power cut tears a put's pages before anybody was told that it is safe."""
        left = torn(path, tmp_path / "left", spare_mark=False)
        with closing(EmbeddedStream(left, clock=lambda: START_US)) as stream:
            assert count(read_all(stream)) == 50
            stream.put(batch("a", 2, 50))
            assert count(read_all(stream)) == 100

    @pytest.mark.parametrize("content", [b"", b"\x00" * 60, b'00000000 {"shard-000": "99"}\n'])
    def test_one_that_is_damaged_proves_nothing(self, content: bytes, path: Path) -> None:
        filled(path)
        mark_of(path).write_bytes(content)
        with opened(path) as stream:
            stream.put(batch("a", 0, 50))
        assert read_mark(path)["shard-000"] > 50


def torn(path: Path, left: Path, *, spare_mark: bool) -> Path:
    """A stream whose log has lost its second put; its mark knows of it, or not."""
    left.mkdir()
    with opened(path) as stream:
        stream.put(batch("a", 0, 50))
        if not spare_mark:
            shutil.copyfile(mark_of(path), left / mark_of(path).name)
        stream.put(batch("a", 1, 50))
        for name in {path.name, f"{path.name}-wal", mark_of(path).name}:
            if not (left / name).exists():
                shutil.copyfile(path.with_name(name), left / name)
    log = left / f"{path.name}-wal"
    os.truncate(log, log.stat().st_size - 100)
    return left / path.name


class TestSalvage:
    def test_one_damaged_frame_costs_no_other(self, path: Path) -> None:
        with opened(path) as stream:
            for number in range(5):
                stream.put(batch("a", number, 10))
            whole = read_all(stream)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("UPDATE frames SET data = zeroblob(20) WHERE frame_id = 3")
        with closing(SalvagedStream(path, {"shard-000": f"{10:020}"})) as salvaged:
            frames = salvaged.read({}, max_records=1_000, max_bytes=1_000_000)
            assert frames == [whole[1], whole[3], whole[4]]
            assert [str(hole) for hole in salvaged.holes] == ["21 to 30 of shard-000"]
            assert salvaged.backlog({}).records == 30

    def test_what_the_mark_knows_of_is_missed(self, path: Path, tmp_path: Path) -> None:
        left = torn(path, tmp_path / "left", spare_mark=True)
        log = left.with_name(f"{left.name}-wal")
        os.truncate(log, log.stat().st_size - 12_000)
        with closing(SalvagedStream(left, {})) as salvaged:
            assert [str(hole) for hole in salvaged.holes] == ["51 to 100 of shard-000"]

    def test_of_a_torn_log_what_is_whole_is_taken(self, path: Path, tmp_path: Path) -> None:
        """SQLite drops the second put, of which no more than a page's end is gone."""
        left = torn(path, tmp_path / "left", spare_mark=True)
        with closing(SalvagedStream(left, {})) as salvaged:
            taken = salvaged.backlog({}).records
            assert taken + sum(hole.records for hole in salvaged.holes) == 100
            assert taken >= 50

    def test_zeroed_pages_cost_what_lies_on_them(self, path: Path) -> None:
        with opened(path) as stream:
            for _ in range(200):
                stream.put([os.urandom(900)])
        content = bytearray(path.read_bytes())
        start = len(content) // 2 // 4096 * 4096
        content[start : start + 8192] = bytes(8192)
        path.write_bytes(content)
        with closing(SalvagedStream(path, {})) as salvaged:
            found = count(salvaged.read({}, max_records=1_000, max_bytes=10_000_000))
            gone = sum(hole.records for hole in salvaged.holes)
        assert found + gone == 200
        assert 0 < gone <= 20

    def test_no_database_at_all_gives_nothing(self, path: Path) -> None:
        path.write_bytes(b"no database" * 1_000)
        with closing(SalvagedStream(path, {})) as salvaged:
            assert salvaged.read({}, max_records=1, max_bytes=1) == []


def truncated_in_the_middle(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def truncated_in_the_header(path: Path) -> None:
    os.truncate(path, 60)


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(2).randbytes(len(data) - 4096)
    path.write_bytes(data)


def overwritten(path: Path) -> None:
    path.write_text("flight,status\n6E1234,landed\n" * 40)


def another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE shards (name TEXT)")


@pytest.mark.parametrize(
    "damage",
    [truncated_in_the_middle, truncated_in_the_header, garbled, overwritten, another_database],
)
def test_a_damaged_file_is_named(path: Path, damage: Callable[[Path], None]) -> None:
    filled(path)
    damage(path)
    with pytest.raises(CorruptDataError, match=r"stream\.db"), opened(path) as stream:
        frames_to_arrow(read_all(stream))


def test_an_emptied_file_does_not_pass_for_a_new_stream(path: Path) -> None:
    filled(path)
    with opened(path) as stream:
        end = position(stream)
    os.truncate(path, 0)
    with pytest.raises(CorruptDataError, match=r"ends at record 0 of shard-000, but .* durable"):
        EmbeddedStream(path, clock=lambda: START_US)
    mark_of(path).unlink()
    with opened(path) as stream, pytest.raises(CorruptDataError, match="not the file that it was"):
        read_all(stream, end)


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match=r"stream\.db: unable to open .* permissions"):
        EmbeddedStream(tmp_path / "gone" / "stream.db", clock=lambda: START_US)


FULL_DISK = """
import resource, sys
from pathlib import Path
from airside.errors import RetryableError
from support.streams import START_US
from airside.stream import EmbeddedStream
import random
noise = random.Random(3)
stream = EmbeddedStream(Path(sys.argv[1]), clock=lambda: START_US)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
size = int(sys.argv[3])
taken = 0
try:
    while True:
        stream.put([noise.randbytes(1000) for _ in range(size)])
        taken += size
except RetryableError as error:
    print(taken, error)
try:
    stream.put([noise.randbytes(1000) for _ in range(size)])
    print("taken")
except RetryableError as error:
    print("refused", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
stream.put([b"room again"])
"""


@pytest.mark.parametrize("size", [100, 3_000], ids=["at the commit", "in mid-put"])
def test_a_full_disk_takes_nothing_by_half_and_passes(path: Path, size: int) -> None:
    child = in_a_child(FULL_DISK, path, 13 * size * 1000 // 2, size)
    assert child.returncode == 0, child.stderr
    first, second = child.stdout.splitlines()
    taken = int(first.split()[0])
    assert taken > 0
    assert "stream.db: " in first
    assert "free disk space" in first
    assert second.startswith("refused")
    assert "free disk space" in second
    with opened(path) as stream:
        found = records(read_all(stream))
        assert len(found) == taken + 1 == stream.backlog({}).received
        assert found[-1].payload == b"room again"


KILLED_AT = """
import os, sys
from pathlib import Path
from support.streams import START_US, batch
from airside.stream import EmbeddedStream
path = Path(sys.argv[1])
statements = int(sys.argv[2])
for number in range(statements):
    if os.fork():
        os.wait()
        continue
    left = number
    def count(statement):
        global left
        if left == 0:
            os.kill(os.getpid(), 9)
        left -= 1
    stream = EmbeddedStream(path, clock=lambda: START_US)
    stream._db.set_trace_callback(count)
    stream.put(batch("killed", number, 12_000))
    os._exit(0)
"""


def statements_of_a_put(path: Path) -> list[str]:
    seen: list[str] = []
    with opened(path) as stream:
        stream._db.set_trace_callback(seen.append)
        stream.put(batch("a", 0, 12_000))
    return seen


def test_killed_at_any_statement_of_a_put_it_is_not_there(tmp_path: Path, path: Path) -> None:
    statements = statements_of_a_put(tmp_path / "other.db")
    inserts = [number for number, text in enumerate(statements) if text.startswith("INSERT")]
    assert len(inserts) == 3  # the put is cut into frames, so it could be torn
    assert statements[-1] == "COMMIT"
    child = in_a_child(KILLED_AT, path, len(statements) + 1)
    assert child.returncode == 0, child.stderr
    with opened(path) as stream:
        found = [record.payload for record in records(read_all(stream))]
        # Only the last child, which outlived its put, has left one.
        assert found == batch("killed", len(statements), 12_000)


def steps(stream: EmbeddedStream, read: Callable[[], object]) -> int:
    """How much work SQLite does for a read, in steps of its virtual machine."""
    done = 0

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    stream._db.set_progress_handler(step, 1)
    read()
    stream._db.set_progress_handler(None, 1)
    return done


@pytest.mark.parametrize("shards", [1, 3])
def test_a_read_costs_what_it_gives_not_what_waits(tmp_path: Path, shards: int) -> None:
    costs = []
    for puts in (10, 300):
        with opened(tmp_path / f"{puts}.db", shards) as stream:
            stream._db.execute("PRAGMA synchronous = OFF")
            for number in range(puts):
                stream.put(batch("a", number, 30))
            limits = {"max_records": 1, "max_bytes": 1}
            end = position(stream)
            planned = SequenceRange.of({}, stream.read({}, **limits)).through
            costs.append(
                [
                    steps(stream, partial(stream.read, {}, **limits)),
                    steps(stream, partial(stream.read, {}, through=planned, **limits)),
                    steps(stream, partial(stream.read, end, **limits)),
                    steps(stream, partial(stream.backlog, end)),
                ]
            )
    few, many = costs
    assert all(more <= 1.5 * less for less, more in zip(few, many, strict=True)), costs
