"""Pieces of work, each of which is done whichever of the others fail."""

import errno
import os
from typing import NoReturn

import pytest

from airside.errors import AirsideError, CorruptDataError, RetryableError
from airside.runtime.apart import apart


def fail_with(error: Exception) -> NoReturn:
    raise error


def test_each_is_done_and_each_error_is_told() -> None:
    damage = CorruptDataError("damaged")
    done, failed = apart({"a": lambda: 1, "b": lambda: fail_with(damage), "c": lambda: 3})
    assert done == {"a": 1, "c": 3}
    assert failed == {"b": damage}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/data/x", "/data/x cannot be used (Too many open files); see"),
        (None, "Too many open files; see"),
    ],
)
def test_what_the_system_refuses_is_no_defect(path: str | None, said: str) -> None:
    refused = OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)
    done, failed = apart({"a": lambda: fail_with(refused), "b": lambda: 2})
    assert done == {"b": 2}
    assert isinstance(failed["a"], RetryableError)
    assert str(failed["a"]).startswith(said)
    assert "tried again" in str(failed["a"])
    assert failed["a"].__cause__ is refused


def test_a_defect_is_one() -> None:
    with pytest.raises(ValueError, match="defect"):
        apart({"a": lambda: fail_with(ValueError("defect"))})
    assert not isinstance(ValueError(), AirsideError)
