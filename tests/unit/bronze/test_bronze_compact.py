"""Compaction: fewer files, the same records, at whatever step it is cut off."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from airside.bronze import Archive, compact
from airside.errors import CorruptDataError, RetryableError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from support.archives import FOLDER, HOUR_US, Bench, bench, read_in_batches

LATER = "bronze/flight_events/ingest_date=2025-09-25"
ALL = 2**30


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as desk:
        yield desk


def fill(desk: Bench, files: int, records: int = 10) -> None:
    for _ in range(files):
        desk.put(records)
        desk.archiver().run_once(flush=True)


def sizes(desk: Bench) -> list[int]:
    return [desk.lake.size(name) for name in desk.files()]


def test_the_files_of_an_hour_become_one(desk: Bench) -> None:
    fill(desk, 3)
    total = sum(sizes(desk))
    before = b"".join(desk.lake.read(name) for name in desk.files())
    assert compact(desk.archive, before=LATER, max_bytes=ALL) == (3, 1)
    assert desk.files() == [f"{FOLDER}/shard-000-{1:020}-{30:020}.ndjson.zst"]
    assert desk.lake.names("bronze") == [*desk.files(), f"{desk.files()[0]}.index.json"]
    assert sizes(desk) == [total]
    assert desk.lake.read(desk.files()[0]) == before
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


def test_doing_it_again_changes_nothing(desk: Bench) -> None:
    fill(desk, 3)
    compact(desk.archive, before=LATER, max_bytes=ALL)
    found = desk.snapshot()
    assert compact(desk.archive, before=LATER, max_bytes=ALL) == (0, 0)
    assert desk.snapshot() == found


def test_hours_and_shards_stay_apart(tmp_path: Path) -> None:
    with bench(tmp_path, shards=2) as desk:
        fill(desk, 3)
        desk.now_us += HOUR_US
        fill(desk, 2)
        assert len(desk.files()) == 10
        assert compact(desk.archive, before=LATER, max_bytes=ALL) == (10, 4)
        assert len(desk.files()) == 4
        assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


def test_the_hour_that_is_not_over_is_left_alone(desk: Bench) -> None:
    fill(desk, 2)
    desk.now_us += HOUR_US
    fill(desk, 2)
    this_hour = FOLDER.replace("hour=18", "hour=19")
    assert compact(desk.archive, before=this_hour, max_bytes=ALL) == (2, 1)
    assert [name.startswith(this_hour) for name in desk.files()] == [False, True, True]


def test_a_merged_file_is_of_bounded_size(desk: Bench) -> None:
    fill(desk, 7)
    limit = 2 * max(sizes(desk))
    assert compact(desk.archive, before=LATER, max_bytes=limit) == (6, 3)
    assert max(sizes(desk)) <= limit
    assert len(desk.files()) == 4  # the last has no neighbour left
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


def test_files_over_the_limit_stay_as_they_are(desk: Bench) -> None:
    fill(desk, 3)
    found = desk.snapshot()
    assert compact(desk.archive, before=LATER, max_bytes=1) == (0, 0)
    assert desk.snapshot() == found


def test_what_comes_late_for_a_compacted_hour_is_merged_next_time(desk: Bench) -> None:
    fill(desk, 2)
    desk.put(10)
    compact(desk.archive, before=LATER, max_bytes=ALL)
    desk.archiver().run_once(flush=True)
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)
    assert compact(desk.archive, before=LATER, max_bytes=ALL) == (2, 1)
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


def test_a_file_that_is_archived_again_after_compaction_counts_once(desk: Bench) -> None:
    fill(desk, 3)
    parts = desk.snapshot()
    compact(desk.archive, before=LATER, max_bytes=ALL)
    name = sorted(parts)[2]
    (desk.root / name).write_bytes(parts[name])  # the archiver was cut off before it noted it
    (desk.root / (name + ".index.json")).write_bytes(parts[name + ".index.json"])
    assert len(desk.files()) == 2
    assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)
    assert compact(desk.archive, before=LATER, max_bytes=ALL) == (0, 0)
    assert len(desk.lake.names("bronze")) == 2


class Crash(BaseException):
    """The process is gone: nobody handles it."""


class CrashingLake(LocalLake):
    """Lets so many changes pass."""

    def __init__(self, root: Path, changes: int) -> None:
        super().__init__(root)
        self.left = changes

    def _step(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise Crash

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        with super().publish(name) as path:
            yield path
            self._step()
        self._step()

    def delete(self, name: str) -> None:
        super().delete(name)
        self._step()


def test_cut_off_at_any_step_nothing_is_lost_or_there_twice(tmp_path: Path) -> None:
    steps = 2 * (4 + 2 * 2)  # two groups: two files published, two deleted with their indexes
    for step in range(steps + 1):
        (tmp_path / str(step)).mkdir()
        with bench(tmp_path / str(step)) as desk:
            fill(desk, 4)
            limit = 2 * max(sizes(desk))
            lake = CrashingLake(desk.root, step)
            with suppress(Crash):
                compact(Archive(lake, FLIGHT_EVENTS), before=LATER, max_bytes=limit)
            assert (lake.left < 0) == (step < steps), "the steps are not the ones that are"
            # Whoever reads or archives in between sees the records as they are …
            assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)
            # … and compacting again finishes what was begun.
            compact(desk.archive, before=LATER, max_bytes=limit)
            assert len(desk.files()) == 2
            assert read_in_batches(desk.reader()) == read_in_batches(desk.stream)


def test_damage_is_not_merged_away(desk: Bench) -> None:
    fill(desk, 3)
    damaged = desk.root / desk.files()[1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = desk.snapshot()
    with pytest.raises(CorruptDataError, match="its index says"):
        compact(desk.archive, before=LATER, max_bytes=ALL)
    assert desk.snapshot() == found


def test_an_hour_with_damage_keeps_no_other_from_being_merged(desk: Bench) -> None:
    for _ in range(3):
        fill(desk, 2)
        desk.now_us += HOUR_US
    damaged, neighbour, *_ = desk.files()
    (desk.root / damaged).write_bytes(b"")
    with pytest.raises(CorruptDataError, match=damaged):
        compact(desk.archive, before=LATER, max_bytes=ALL)
    assert desk.files()[:2] == [damaged, neighbour]
    assert len(desk.files()) == 4


def test_a_gap_is_not_merged_away(desk: Bench) -> None:
    fill(desk, 3)
    desk.lake.delete(desk.files()[1])
    found = desk.snapshot()
    with pytest.raises(CorruptDataError, match=rf"after {10:020} through {20:020} are missing"):
        compact(desk.archive, before=LATER, max_bytes=ALL)
    assert desk.snapshot() == found


class ListedLake(LocalLake):
    """Asked for one file's size, which would be a request for each on S3, it fails."""

    is_listing = False

    def sizes(self, prefix: str, suffix: str = "") -> dict[str, int]:
        self.is_listing = True
        try:
            return super().sizes(prefix, suffix)
        finally:
            self.is_listing = False

    def size(self, name: str) -> int:
        assert self.is_listing
        return super().size(name)


def test_one_listing_says_how_large_all_files_are(desk: Bench) -> None:
    fill(desk, 3)
    desk.now_us += HOUR_US
    fill(desk, 1)
    archive = Archive(ListedLake(desk.root), FLIGHT_EVENTS)
    assert compact(archive, before=LATER, max_bytes=ALL) == (3, 1)


def test_it_rests_after_what_is_damaged_and_after_each_removal_too(desk: Bench) -> None:
    fill(desk, 3)
    parts = desk.snapshot()
    compact(desk.archive, before=LATER, max_bytes=ALL)
    for name, data in parts.items():  # a merge was cut off before it removed them
        (desk.root / name).write_bytes(data)

    def stop(_seconds: float) -> None:
        raise RetryableError("stopped")

    for left in (3, 2, 1):
        with pytest.raises(RetryableError, match="stopped"):
            compact(desk.archive, before=LATER, max_bytes=ALL, rest=stop)
        assert len(desk.files()) == left
    desk.now_us += HOUR_US
    fill(desk, 2)
    (desk.root / desk.files()[1]).write_bytes(b"")
    with pytest.raises(RetryableError, match="stopped"):
        compact(desk.archive, before=LATER, max_bytes=ALL, rest=stop)
