"""Reading back: the archive gives what the stream gave, or says what is missing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airside.errors import CorruptDataError
from airside.stream import SequenceRange, frames_to_arrow
from support.archives import HOUR_US, Bench, bench, read_in_batches


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as desk:
        yield desk


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Bench]:
    """Three shards, a dozen puts over two hours, several files of each shard."""
    with bench(tmp_path, shards=3) as desk:
        for number in range(12):
            desk.put(9)
            if number % 4 == 3:
                desk.archiver().run_once(flush=True)
            if number == 5:
                desk.now_us += HOUR_US
        yield desk


def test_an_archive_of_nothing(desk: Bench) -> None:
    reader = desk.reader()
    assert read_in_batches(reader) == []
    assert (reader.files, reader.end()) == ([], {})


@pytest.mark.parametrize("max_records", [1, 10, 10**9])
def test_it_gives_what_the_stream_gave_in_the_order_of_arrival(
    full: Bench, max_records: int
) -> None:
    assert len(full.files()) > 9
    assert read_in_batches(full.reader(), max_records) == read_in_batches(full.stream)


def test_reads_stop_where_those_of_the_stream_do(full: Bench) -> None:
    for limits in ({"max_records": 30, "max_bytes": 2**40}, {"max_records": 99, "max_bytes": 2000}):
        assert full.reader().read({}, **limits) == full.stream.read({}, **limits)


def test_it_ends_where_the_stream_ends(full: Bench) -> None:
    planned = SequenceRange.of({}, read_in_batches(full.stream))
    assert full.reader().end() == planned.through
    assert full.reader().files == sorted(full.files(), key=lambda name: name.split("/")[-1])


def test_it_reads_on_from_any_place(full: Bench) -> None:
    reader = full.reader()
    frames = read_in_batches(full.stream)
    for cut in (0, 17, 3, len(frames)):
        after = SequenceRange.of({}, frames[:cut]).through
        assert reader.read(after, max_records=10**9, max_bytes=2**40) == frames[cut:]


def test_a_planned_range_is_read_again_exactly(full: Bench) -> None:
    frames = read_in_batches(full.stream)
    reader = full.reader()
    reader.read({}, max_records=1, max_bytes=1)
    after = SequenceRange.of({}, frames[:5])
    planned = SequenceRange.of(after.through, frames[5:23])
    for source in (reader, full.stream):
        again = source.read(planned.after, through=planned.through, max_records=0, max_bytes=0)
        assert again == frames[5:23]
    assert reader.read(planned.through, max_records=10**9, max_bytes=2**40) == frames[23:]


def test_a_range_of_one_shard_leaves_the_others_alone(full: Bench) -> None:
    end = full.reader().end()
    for shard, last in end.items():
        found = full.reader().read({}, through={shard: last}, max_records=0, max_bytes=0)
        assert found == [f for f in read_in_batches(full.stream) if f.shard_id == shard]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    shards=st.integers(1, 3),
    puts=st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.booleans()), max_size=8),
)
def test_whatever_the_files_the_records_are_the_streams(
    tmp_path_factory: pytest.TempPathFactory, shards: int, puts: list[tuple[int, bool, bool]]
) -> None:
    with bench(tmp_path_factory.mktemp("bench"), shards) as desk:
        for records, is_cut, is_next_hour in puts:
            desk.put(records, size=12)
            if is_cut:
                desk.archiver().run_once(flush=True)
            if is_next_hour:
                desk.now_us += HOUR_US
        desk.archiver().run_once(flush=True)
        frames = read_in_batches(desk.reader(), max_records=5)
        assert frames == read_in_batches(desk.stream)
        assert frames_to_arrow(frames) == frames_to_arrow(read_in_batches(desk.stream))


def first_file(desk: Bench) -> Path:
    return desk.root / desk.files()[0]


def index_of(path: Path) -> Path:
    return path.with_name(path.name + ".index.json")


def cut_off(desk: Bench) -> None:
    path = first_file(desk)
    path.write_bytes(path.read_bytes()[:-10])


def without_index(desk: Bench) -> None:
    index_of(first_file(desk)).unlink()


def index_cut_off(desk: Bench) -> None:
    path = index_of(first_file(desk))
    path.write_bytes(path.read_bytes()[:-10])


def index_not_text(desk: Bench) -> None:
    index_of(first_file(desk)).write_bytes(b"\xff\xfe\x00")


def index_of_nothing(desk: Bench) -> None:
    index_of(first_file(desk)).write_text(json.dumps({"shard_id": "a", "after": "", "frames": []}))


def index_without_runs(desk: Bench) -> None:
    path = index_of(first_file(desk))
    document = json.loads(path.read_text())
    document["frames"][0]["runs"] = []
    path.write_text(json.dumps(document))


def index_of_a_negative_size(desk: Bench) -> None:
    path = index_of(first_file(desk))
    document = json.loads(path.read_text())
    document["frames"][0]["stored_bytes"] -= 10_000
    document["frames"][1]["stored_bytes"] += 10_000
    path.write_text(json.dumps(document))


def index_of_another_file(desk: Bench) -> None:
    other = index_of(desk.root / desk.files()[1])
    index_of(first_file(desk)).write_bytes(other.read_bytes())


def under_another_name(desk: Bench) -> None:
    path = first_file(desk)
    other = path.with_name(path.name.replace("-00000000000000000001-", "-00000000000000000002-"))
    index_of(path).rename(index_of(other))
    path.rename(other)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_off, r"\.zst has [\d,]+ bytes, its index says [\d,]+; restore both"),
        (without_index, r"\.zst\.index\.json is missing; restore it"),
        (index_cut_off, r"\.index\.json cannot be read .* restore both"),
        (index_not_text, r"\.index\.json cannot be read"),
        (index_of_nothing, r"\.index\.json cannot be read"),
        (index_without_runs, r"\.index\.json cannot be read"),
        (index_of_a_negative_size, r"\.index\.json cannot be read"),
        (index_of_another_file, r"\.zst is not under its own name: its index says bronze/.*"),
        (under_another_name, r"\.zst is not under its own name: its index says bronze/.*"),
    ],
)
def test_damage_is_named(desk: Bench, damage: Callable[[Bench], None], message: str) -> None:
    for _ in range(2):
        desk.put(7)
        desk.put(7)
        desk.archiver().run_once(flush=True)
    damage(desk)
    with pytest.raises(CorruptDataError, match=message):
        read_in_batches(desk.reader())


def test_a_bit_turned_in_a_file_is_seen_when_it_is_used(desk: Bench) -> None:
    desk.put(50)
    desk.archiver().run_once(flush=True)
    path = first_file(desk)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(CorruptDataError, match=rf"records {1:020} to {50:020} of shard shard-000"):
        frames_to_arrow(read_in_batches(desk.reader()))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (0, rf"records up to {7:020} are missing before bronze/.*{8:020}-{14:020}"),
        (1, rf"records after {7:020} through {14:020} are missing before bronze/.*{15:020}"),
    ],
)
def test_a_file_that_is_gone_is_missed(desk: Bench, place: int, message: str) -> None:
    for _ in range(3):
        desk.put(7)
        desk.archiver().run_once(flush=True)
    gone = desk.root / desk.files()[place]
    gone.unlink()
    index_of(gone).unlink()
    with pytest.raises(CorruptDataError, match=message):
        read_in_batches(desk.reader(), max_records=1)


def test_a_planned_range_beyond_the_end_is_missing_records(desk: Bench) -> None:
    desk.put(7)
    desk.archiver().run_once(flush=True)
    with pytest.raises(CorruptDataError, match=rf"after {7:020} through {9:020} are missing"):
        desk.reader().read({}, through={"shard-000": f"{9:020}"}, max_records=0, max_bytes=0)
    with pytest.raises(CorruptDataError, match="missing before the end of shard-009"):
        desk.reader().read({}, through={"shard-009": f"{9:020}"}, max_records=0, max_bytes=0)


def test_a_stranger_in_the_archive_is_named(desk: Bench) -> None:
    desk.put(7)
    desk.archiver().run_once(flush=True)
    first_file(desk).with_name("notes.ndjson.zst").write_bytes(b"")
    with pytest.raises(CorruptDataError, match=r"notes\.ndjson\.zst is not one of Airside's files"):
        desk.reader()
