import errno
import resource
import socket
from collections.abc import Iterator

import pytest

from airside.runtime.connections import Listener
from airside.runtime.descriptors import MOST, connections_within, raise_limit


@pytest.fixture(autouse=True)
def low() -> Iterator[int]:
    """A low soft limit, put back afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (600, before[1]))
    yield 600
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_it_may_be(low: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    assert raise_limit() == wanted > low
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)


def test_the_limit_is_never_lowered(low: int) -> None:
    assert raise_limit(most=low - 1) == low
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == low


def test_a_limit_that_cannot_be_raised_stays(low: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert raise_limit() == low
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [(64, 8), (160, 32), (256, 128), (1_024, 512), (4_096, 2_048), (65_536, 2_548)],
)
def test_connections_leave_files_for_the_rest(descriptors: int, connections: int) -> None:
    assert connections_within(descriptors, viewers=500) == connections


def test_without_a_descriptor_the_loop_pauses_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(_: socket.socket) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket.socket, "accept", exhausted)
    with Listener(socket.AF_INET, socket.SOCK_STREAM, most=10) as listener:
        for _ in range(2):
            with pytest.raises(OSError, match="Too many open files"):
                listener.accept()
            with pytest.raises(BlockingIOError):  # ends asyncio's round
                listener.accept()
        listener.make_room = lambda: True
        for _ in range(2):
            with pytest.raises(BlockingIOError):
                listener.accept()
