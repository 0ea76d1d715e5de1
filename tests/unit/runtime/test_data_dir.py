"""The data directory: whose it is, and who owns it now."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from airside.errors import (
    AirsideError,
    CorruptDataError,
    RetryableError,
    TerminalError,
    UsageError,
)
from airside.runtime.data_dir import DataDir
from airside.runtime.migrations import FORMAT_VERSION, Migration
from support.streams import TESTS

Lock = Callable[[DataDir], AbstractContextManager[None]]
LOCKS = pytest.mark.parametrize(
    "lock", [DataDir.owned, DataDir.merging, DataDir.handing_over, DataDir.replaying]
)


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


@pytest.fixture
def made(data_dir: DataDir) -> DataDir:
    data_dir.open()
    return data_dir


def test_it_is_made_with_all_above_it_and_for_its_user_alone(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "a" / "b" / "data")
    data_dir.open()
    data_dir.check()
    data_dir.open()
    assert stat.S_IMODE(data_dir.root.stat().st_mode) == 0o700
    assert [path.name for path in data_dir.root.iterdir()] == ["airside.json"]


@pytest.mark.parametrize("left", [[], ["lost+found"], [".airside.json.4711"]])
def test_an_empty_directory_becomes_one(data_dir: DataDir, left: list[str]) -> None:
    """Empty is a new disk too, and one whose making was cut off."""
    data_dir.root.mkdir()
    for name in left:
        (data_dir.root / name).mkdir()
    data_dir.open()
    data_dir.check()


def test_a_foreign_directory_is_left_alone(data_dir: DataDir) -> None:
    data_dir.root.mkdir()
    (data_dir.root / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty and not a data directory .*thesis\.tex"):
        data_dir.open()
    assert [path.name for path in data_dir.root.iterdir()] == ["thesis.tex"]


def test_looking_makes_nothing(data_dir: DataDir) -> None:
    with pytest.raises(UsageError, match="holds no data of Airside yet; start with `airside up`"):
        data_dir.check()
    assert not data_dir.root.exists()
    data_dir.root.mkdir()
    with pytest.raises(UsageError, match="holds no data of Airside yet"):
        data_dir.check()
    assert not list(data_dir.root.iterdir())


@pytest.mark.parametrize("above", [False, True])
def test_a_file_in_the_way(tmp_path: Path, above: bool) -> None:
    (tmp_path / "file").write_text("mine")
    data_dir = DataDir(tmp_path / "file" / "data" if above else tmp_path / "file")
    with pytest.raises(UsageError, match=r"the data directory .* cannot be used .*--data-dir"):
        data_dir.open()
    with pytest.raises(UsageError, match="--data-dir"):
        data_dir.check()
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_directory_that_cannot_be_written(made: DataDir) -> None:
    made.root.chmod(0o500)
    with pytest.raises(UsageError, match=r"cannot be used .*Permission denied.*mend its perm"):
        made.open()
    made.root.chmod(0o700)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b"{}", b"\xff", b'{"version": 1}'], ids=repr
)
def test_a_marker_that_says_nothing(made: DataDir, content: bytes) -> None:
    (made.root / "airside.json").write_bytes(content)
    for look in (made.open, made.check):
        with pytest.raises(
            CorruptDataError, match=r"airside\.json is damaged; write .*\{\"format_version\": 1\}"
        ):
            look()


def test_following_that_advice_mends_it(made: DataDir) -> None:
    marker = made.root / "airside.json"
    marker.write_text("")
    with pytest.raises(CorruptDataError) as error:
        made.check()
    marker.write_text(str(error.value).split("again: ")[1])
    made.open()
    made.check()


def test_a_directory_of_a_newer_version(made: DataDir) -> None:
    marker = f'{{"format_version": {FORMAT_VERSION + 1}}}'
    (made.root / "airside.json").write_text(marker)
    for look in (made.open, made.check, made.upgrade):
        with pytest.raises(
            TerminalError, match=rf"has format version {FORMAT_VERSION + 1}, of a newer Airside"
        ):
            look()
    assert (made.root / "airside.json").read_text() == marker


@pytest.mark.parametrize("version", ["0", "-1", "true", '"2"', "1.5", "null"])
def test_a_version_that_is_none(made: DataDir, version: str) -> None:
    (made.root / "airside.json").write_text(f'{{"format_version": {version}}}')
    with pytest.raises(CorruptDataError, match="is damaged"):
        made.open()


def test_an_older_one_is_upgraded_in_steps_and_goes_on_where_it_was_cut_off(
    made: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fails = True

    def second(_paths: object) -> None:
        if fails:
            raise OSError("cut off")
        done.append("second")

    steps = (
        Migration(2, "one", lambda _paths: done.append("first")),
        Migration(3, "two", second),
        Migration(4, "three", lambda _paths: done.append("third")),
    )
    monkeypatch.setattr("airside.runtime.data_dir.MIGRATIONS", steps)
    monkeypatch.setattr("airside.runtime.data_dir.FORMAT_VERSION", 4)
    marker = made.root / "airside.json"
    marker.write_text('{"format_version": 1, "lake": "s3://bucket/prefix"}')
    told: list[str] = []
    with pytest.raises(OSError, match="cut off"):
        made.upgrade(told.append)
    with pytest.raises(TerminalError, match="has format version 2, of an older Airside"):
        made.check()
    fails = False
    made.upgrade(told.append)
    made.upgrade(told.append)
    assert done == ["first", "second", "third"]
    assert [text.removeprefix(f"Upgrading {made.root} from format ") for text in told] == [
        "1 to 2: one.",
        "2 to 3: two.",
        "2 to 3: two.",
        "3 to 4: three.",
    ]
    assert made.lake_url == "s3://bucket/prefix"
    made.check()


def test_an_older_one_that_another_process_owns_is_left_alone(made: DataDir) -> None:
    (made.root / "airside.json").write_text('{"format_version": 1}')
    with made.owned(), pytest.raises(RetryableError, match="another Airside"):
        made.upgrade()
    assert '"format_version": 1' in (made.root / "airside.json").read_text()


def test_a_directory_without_its_marker_is_foreign(made: DataDir) -> None:
    made.stream.write_bytes(b"")
    (made.root / "airside.json").unlink()
    with pytest.raises(UsageError, match=r"not a data directory"):
        made.open()


@pytest.mark.parametrize("part", ["ledger", "warehouse"])
def test_a_stream_that_has_gone_is_missed(made: DataDir, part: str) -> None:
    getattr(made, part).write_bytes(b"")
    with pytest.raises(CorruptDataError, match=r"stream\.db is missing; restore it"):
        made.open()
    made.stream.write_bytes(b"")
    made.open()


def test_a_full_disk_is_said_to_be_one(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RetryableError, match=r"No space left on device.*free disk space"):
            data_dir.open()
    data_dir.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        with pytest.raises(RetryableError, match="free disk space"), data_dir.owned():
            pass
    monkeypatch.setattr(os, "pwrite", full)
    with data_dir.owned():  # who owns it cannot be written down, but it is owned
        assert_owned(data_dir, "unknown")


@LOCKS
def test_a_file_system_without_locks(
    made: DataDir,
    monkeypatch: pytest.MonkeyPatch,
    lock: Lock,
) -> None:
    def unsupported(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(UsageError, match=r"No locks available.*local file system"), lock(made):
        pass


def assert_owned(data_dir: DataDir, owner: object) -> None:
    refusal = rf"\(process {owner}\) is running on .*; stop it"
    with pytest.raises(RetryableError, match=refusal), data_dir.owned():
        pass


def test_it_has_one_owner_at_a_time(made: DataDir) -> None:
    (made.root / "airside.lock").write_text("4711471147114711")  # of an owner before
    with made.owned():
        assert_owned(made, os.getpid())
        assert_owned(DataDir(made.root / ".." / "data"), os.getpid())
    with made.owned():
        pass


def test_an_error_gives_it_back(made: DataDir) -> None:
    def fail() -> None:
        with made.owned():
            raise AirsideError

    with pytest.raises(AirsideError):
        fail()
    with made.owned():
        pass


OWNER = """
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from airside.runtime.data_dir import DataDir
from airside.runtime.migrations import FORMAT_VERSION, Migration
data_dir = DataDir(Path(sys.argv[1]))
data_dir.open()
with data_dir.owned():
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_killed_owner_owns_nothing(made: DataDir) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, made.root],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"mine\n"
    assert_owned(made, owner.pid)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    with made.owned():
        assert_owned(made, os.getpid())


@LOCKS
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.EMFILE, (RetryableError, "ulimit -n")),
        (errno.ENFILE, (RetryableError, "ulimit -n")),
        (errno.ENOMEM, (RetryableError, "memory")),
        (errno.ENOSPC, (RetryableError, "free disk space")),
        (errno.EACCES, (UsageError, "mend the directory's permissions")),
        (errno.EROFS, (UsageError, "mend the directory's permissions")),
    ],
)
def test_a_lock_that_cannot_be_opened_is_no_defect(
    made: DataDir,
    monkeypatch: pytest.MonkeyPatch,
    lock: Lock,
    code: int,
    expected: tuple[type[AirsideError], str],
) -> None:
    def refused(*_args: object, **_kwargs: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refused)
    kind, next_step = expected
    with pytest.raises(kind, match=rf"{os.strerror(code)}\).*{next_step}"), lock(made):
        pass


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (DataDir.merging, "merged already; try again"),
        (DataDir.handing_over, "another refresh is running"),
        (DataDir.replaying, rf"another replay of the quarantine \(process {os.getpid()}\)"),
    ],
    ids=["merging", "handing over", "replaying"],
)
def test_one_process_at_a_time_does_it(made: DataDir, lock: Lock, said: str) -> None:
    with lock(made), pytest.raises(RetryableError, match=said), lock(made):
        pass
    with made.owned(), made.merging():  # the pipeline itself does so
        pass
