"""`simulate`, `replay` and `ingest` where their input is closed, or the stream fails half-way."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from airside.errors import RetryableError
from airside.stream import EmbeddedStream
from support.calls import call
from support.command import AIRSIDE, clean_environment


def test_a_closed_stdin_is_said_to_be(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" <&-', *AIRSIDE, "ingest", "-", "--data-dir", "data"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=clean_environment(),
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr == "Error: stdin is closed; pipe records into it, or name a FILE\n"


@pytest.mark.parametrize("command", ["simulate", "replay", "ingest"])
def test_what_was_put_before_an_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    lines = tmp_path / "day.ndjson"
    made = call("simulate", "--events", "6000", "--start", "2026-03-01", "--output", lines)
    assert made.code == 0, made.err
    put = EmbeddedStream.put
    puts: list[int] = []

    def fails_the_second_time(stream: EmbeddedStream, payloads: Sequence[bytes]) -> None:
        if puts:
            raise RetryableError("the stream is out of reach; try again")
        puts.append(len(payloads))
        put(stream, payloads)

    monkeypatch.setattr(EmbeddedStream, "put", fails_the_second_time)
    options = {
        "simulate": ("--events", "6000", "--time-compression", "max"),
        "replay": (lines, "--speed", "max"),
        "ingest": (lines,),
    }
    data = tmp_path / "data"
    done = call(command, *options[command], "--data-dir", data)
    assert done.code == 75
    assert f"Put {puts[0]:,} records on the stream of {data}.\n" in done.err
    assert done.err.endswith("Error: the stream is out of reach; try again\n")
