"""What a lake promises, on each kind of lake: a file is there whole, or not at all."""

from pathlib import Path

import pytest

from airside.errors import CorruptDataError, RetryableError
from airside.lake import Lake, open_lake

NAME = "bronze/flight_events/ingest_date=2026-03-01/ingest_hour=05/one.txt"


@pytest.fixture(params=["folder", "s3", "s3-without-prefix"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return open_lake(str(tmp_path / "lake"))
    bucket = request.getfixturevalue("s3").bucket()
    return open_lake(f"s3://{bucket}/some/prefix" if request.param == "s3" else f"s3://{bucket}")


def publish(lake: Lake, name: str, data: bytes) -> None:
    with lake.publish(name) as path:
        path.write_bytes(data)


def test_a_file_is_there_when_it_is_whole(lake: Lake) -> None:
    with lake.publish(NAME) as path:
        path.write_bytes(b"half")
        assert lake.names("bronze") == []
        with pytest.raises(CorruptDataError, match=r"one\.txt is missing; restore it"):
            lake.read(NAME)
        with path.open("ab") as file:
            file.write(b" and half")
    assert lake.names("bronze") == [NAME]
    assert lake.read(NAME) == b"half and half"
    assert lake.size(NAME) == 13
    assert lake.sizes("bronze/flight_events") == {NAME: 13}
    with lake.local(NAME) as path:
        assert path.read_bytes() == b"half and half"
    assert lake.where(NAME) == f"{lake.url}/{NAME}"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), RetryableError("later")])
def test_an_error_inside_publishes_nothing(lake: Lake, error: BaseException) -> None:
    def fail() -> None:
        with lake.publish(NAME) as path:
            path.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert lake.names("") == []
    publish(lake, NAME, b"whole")
    with pytest.raises(type(error)):
        fail()
    assert lake.read(NAME) == b"whole"


def test_a_writer_that_writes_nothing_is_an_error(lake: Lake) -> None:
    with pytest.raises(RetryableError, match="cannot be written"), lake.publish(NAME):
        pass
    assert lake.names("") == []


def test_writing_it_again_changes_nothing_and_replaces_whole(lake: Lake) -> None:
    publish(lake, NAME, b"first and longer")
    publish(lake, NAME, b"second")
    publish(lake, NAME, b"second")
    assert lake.names("") == [NAME]
    with lake.publish(NAME) as path:
        path.write_bytes(b"third")
        assert lake.read(NAME) == b"second"
    assert lake.read(NAME) == b"third"


def test_names_are_sorted_and_picked_by_folder_and_ending(lake: Lake) -> None:
    for name in ("b/2.txt", "b/1.txt", "b/c/0.txt", "b/1.json", "a/1.txt", "bb/1.txt"):
        publish(lake, name, name.encode())
    assert lake.names("b", ".txt") == ["b/1.txt", "b/2.txt", "b/c/0.txt"]
    assert lake.names("b") == ["b/1.json", "b/1.txt", "b/2.txt", "b/c/0.txt"]
    assert lake.sizes("b", ".json") == {"b/1.json": 8}
    assert lake.names("nowhere") == []
    assert len(lake.names("")) == 6


def test_a_large_file_arrives_whole(lake: Lake) -> None:
    data = bytes(range(256)) * (40 * 4096)  # 40 MiB: three parts
    publish(lake, NAME, data)
    assert lake.size(NAME) == len(data)
    assert lake.read(NAME) == data
    with lake.local(NAME) as path:
        assert path.read_bytes() == data


def test_an_empty_file_and_odd_names(lake: Lake) -> None:
    for name in ("empty.txt", "gold/ä b+c%20=1&2.parquet"):
        publish(lake, name, b"")
        assert lake.read(name) == b""
    assert lake.names("") == ["empty.txt", "gold/ä b+c%20=1&2.parquet"]


def test_deleting_is_done_once_and_for_all(lake: Lake) -> None:
    publish(lake, NAME, b"")
    lake.delete(NAME)
    lake.delete(NAME)
    lake.delete("no/such/folder.txt")
    assert lake.names("") == []


@pytest.mark.parametrize("ask", ["read", "size"])
def test_a_file_that_is_gone_is_named(lake: Lake, ask: str) -> None:
    publish(lake, "other.txt", b"")
    with pytest.raises(CorruptDataError) as caught:
        getattr(lake, ask)(NAME)
    assert str(caught.value).startswith(f"{lake.where(NAME)} is missing; restore it")


def test_a_copy_of_a_file_that_is_gone_is_refused(lake: Lake) -> None:
    with pytest.raises(CorruptDataError, match="is missing"), lake.local(NAME):
        pass


def test_sweeping_spares_what_is_whole(lake: Lake) -> None:
    publish(lake, NAME, b"whole")
    lake.sweep("bronze", "gold")
    assert lake.read(NAME) == b"whole"


def test_a_lake_is_found_again_by_its_address(lake: Lake) -> None:
    publish(lake, NAME, b"here")
    assert open_lake(lake.url).read(NAME) == b"here"
