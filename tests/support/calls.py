"""Runs `airside` in this process and keeps all that a user would see."""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airside.cli import main
from oracle.corpus import hostile


@dataclass(frozen=True)
class Call:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(*arguments: str | Path, stdin: bytes = b"") -> Call:
    """Run a command to its end, whatever that is; a traceback fails the test."""
    out, err = _stream(), _stream()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _stdin(stdin),
        pytest.raises(SystemExit) as end,
    ):
        main([str(argument) for argument in arguments])
    assert isinstance(end.value.code, int)
    return Call(end.value.code, _text(out), _text(err))


def refused(code: int, *arguments: str | Path, stdin: bytes = b"") -> str:
    """Run a command that has to be refused with one clear line; gives that line."""
    done = call(*arguments, stdin=stdin)
    assert done.code == code, f"{arguments}: {done}"
    assert not done.out
    assert "Traceback" not in done.err
    *usage, message = done.err.strip().splitlines()
    assert message.startswith("Error: "), done.err
    assert not usage or usage[0].startswith("Usage: "), done.err
    return message


def processed(folder: Path, records: int = 1_500, seed: int = 3) -> Path:
    """Make a data directory that has taken hostile records and answered."""
    data = folder / "data"
    lines = b"".join(r.replace(b"\n", b" ") + b"\n" for r in hostile(records, seed=seed))
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    assert call("run", "--until-drained", "--data-dir", data).code == 0
    return data


def copied(data: Path, folder: Path) -> Path:
    """A data directory of one's own, to be spoilt."""
    return Path(shutil.copytree(data, folder / "data"))


@contextlib.contextmanager
def _stdin(content: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(content))
    try:
        yield
    finally:
        sys.stdin = before


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode(errors="backslashreplace")
