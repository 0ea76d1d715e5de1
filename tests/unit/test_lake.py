"""The lake: a file is there whole, or not at all."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airside.errors import CorruptDataError, RetryableError
from airside.lake import LocalLake
from support.streams import TESTS

NAME = "bronze/flight_events/ingest_hour=05/one.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def lake(root: Path) -> LocalLake:
    return LocalLake(root)


def publish(lake: LocalLake, name: str, data: bytes) -> None:
    with lake.publish(name) as path:
        path.write_bytes(data)


def files(root: Path) -> list[str]:
    """Everything that lies below a folder, half files too."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_file_is_there_when_it_is_whole(lake: LocalLake, root: Path) -> None:
    with lake.publish(NAME) as path:
        path.write_bytes(b"half")
        assert lake.names("bronze") == []
        with pytest.raises(CorruptDataError, match=r"one\.txt is missing"):
            lake.read(NAME)
        with path.open("ab") as file:
            file.write(b" and half")
    assert lake.names("bronze") == [NAME]
    assert lake.read(NAME) == b"half and half"
    assert lake.size(NAME) == 13
    assert files(root) == [NAME]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), RetryableError("later")])
def test_an_error_inside_publishes_nothing(
    lake: LocalLake, root: Path, error: BaseException
) -> None:
    def fail() -> None:
        with lake.publish(NAME) as path:
            path.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert files(root) == []
    publish(lake, NAME, b"whole")
    with pytest.raises(type(error)):
        fail()
    assert lake.read(NAME) == b"whole"


def test_writing_it_again_changes_nothing_and_replaces_whole(lake: LocalLake, root: Path) -> None:
    publish(lake, NAME, b"first and longer")
    publish(lake, NAME, b"second")
    publish(lake, NAME, b"second")
    assert files(root) == [NAME]
    with lake.publish(NAME) as path:
        path.write_bytes(b"third")
        assert lake.read(NAME) == b"second"
    assert lake.read(NAME) == b"third"


KILLED = """
import os, sys
from pathlib import Path
from airside.lake import LocalLake
with LocalLake(Path(sys.argv[1])).publish(sys.argv[2]) as path:
    path.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


def test_a_writer_killed_halfway_leaves_nothing_to_read(lake: LocalLake, root: Path) -> None:
    publish(lake, "bronze/other.txt", b"other")
    subprocess.run([sys.executable, "-c", KILLED, root, NAME], cwd=TESTS, check=False)
    assert len(files(root)) == 2  # half a file is there …
    assert lake.names("") == ["bronze/other.txt"]  # … and not read
    lake.sweep("gold")
    assert len(files(root)) == 2
    lake.sweep("bronze")
    assert files(root) == ["bronze/other.txt"]
    publish(lake, NAME, b"whole")
    assert lake.read(NAME) == b"whole"


def test_names_are_sorted_and_picked_by_folder_and_ending(lake: LocalLake) -> None:
    for name in ("b/2.txt", "b/1.txt", "b/c/0.txt", "b/1.json", "a/1.txt"):
        publish(lake, name, b"")
    assert lake.names("b", ".txt") == ["b/1.txt", "b/2.txt", "b/c/0.txt"]
    assert lake.names("b") == ["b/1.json", "b/1.txt", "b/2.txt", "b/c/0.txt"]
    assert lake.names("nowhere") == []


def test_deleting_is_done_once_and_for_all(lake: LocalLake) -> None:
    publish(lake, NAME, b"")
    lake.delete(NAME)
    lake.delete(NAME)
    lake.delete("no/such/folder.txt")
    assert lake.names("") == []


@pytest.mark.parametrize("ask", ["read", "size"])
def test_a_file_that_is_gone_is_named(lake: LocalLake, root: Path, ask: str) -> None:
    with pytest.raises(CorruptDataError, match=rf"{root / NAME} is missing; restore it"):
        getattr(lake, ask)(NAME)


def test_a_folder_that_cannot_be_made_is_one_clear_error(lake: LocalLake, root: Path) -> None:
    root.mkdir()
    (root / "bronze").write_text("in the way")
    with pytest.raises(RetryableError, match=r"one\.txt cannot be written .*free disk space or"):
        publish(lake, NAME, b"")
    with pytest.raises(RetryableError, match="cannot be read"):
        lake.read(NAME)
    with pytest.raises(RetryableError, match="cannot be removed"):
        lake.delete(NAME)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_publishes_nothing_and_passes(lake: LocalLake, root: Path) -> None:
    publish(lake, "before.txt", b"before")
    with room_for(100_000), pytest.raises(RetryableError, match=r"one\.txt cannot .*free disk"):
        publish(lake, NAME, bytes(200_000))
    assert files(root) == ["before.txt"]
    publish(lake, NAME, bytes(200_000))
    assert lake.size(NAME) == 200_000


def test_what_is_published_survives_a_power_cut(
    lake: LocalLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.mkdir()
    flushed: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append((os.path.relpath(path, root), (root / NAME).exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    publish(lake, NAME, b"data")
    assert (f"{NAME}.partial", False) in flushed, "its bytes are not on disk before its name is"
    assert (os.path.dirname(NAME), True) in flushed, "its name is not on disk"  # noqa: PTH120 - a name
    folders = {path for path, _ in flushed}
    assert {".", "bronze", "bronze/flight_events"} <= folders, "a new folder is not on disk"


def test_a_disk_that_cannot_flush_publishes_nothing(
    lake: LocalLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    publish(lake, "bronze/flight_events/ingest_hour=05/zero.txt", b"")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RetryableError, match="Input/output error"):
        publish(lake, NAME, b"data")
    assert files(root) == ["bronze/flight_events/ingest_hour=05/zero.txt"]


@contextmanager
def no_descriptor() -> Iterator[None]:
    """Let this process open no more files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda lake: lake.names("bronze"), id="names"),
        pytest.param(lambda lake: lake.sizes("bronze"), id="sizes"),
        pytest.param(lambda lake: lake.sweep("bronze"), id="sweep"),
    ],
)
def test_a_process_that_may_open_no_more_files_can_list_them_later(
    lake: LocalLake, ask: Callable[[LocalLake], object]
) -> None:
    publish(lake, NAME, b"data")
    with no_descriptor(), pytest.raises(RetryableError, match=r"bronze.* cannot be read .*files"):
        ask(lake)
    ask(lake)
    assert lake.sizes("bronze") == {NAME: 4}


def test_the_files_of_a_folder_that_may_not_be_read_do_not_pass_for_gone(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refused(path: Path | str) -> object:
        if str(path).endswith("hour=05"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    publish(lake, NAME, b"data")
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(RetryableError, match=r"hour=05 cannot be read \(Permission denied"):
        lake.names("bronze")


def test_where_there_is_no_folder_there_are_no_files(lake: LocalLake) -> None:
    publish(lake, "bronze", b"a file")
    assert lake.names("bronze") == lake.names("bronze/flight_events") == lake.names("silver") == []
