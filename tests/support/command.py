"""Runs `airside` as a user does: as a process of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airside.cli import main

AIRSIDE = [sys.executable, "-m", "airside"]


def airside(
    *arguments: str | Path, stdin: bytes | None = None, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; never raises for its exit code."""
    done = subprocess.run(
        [*AIRSIDE, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=clean_environment(**environment),
        timeout=240,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def airside_ok(*arguments: str | Path, stdin: bytes | None = None) -> str:
    """Run a command that has to succeed; returns what it printed."""
    done = airside(*arguments, stdin=stdin)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def airside_json(*arguments: str | Path) -> Any:
    """Run a command with --json in this process and read what it printed."""
    return json.loads(airside_here(*arguments, "--json"))


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start a command and do not wait for it."""
    return subprocess.Popen(
        [*AIRSIDE, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=clean_environment(**environment),
    )


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests, and with a port of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRSIDE_")}
    return kept | {"AIRSIDE_DASHBOARD__PORT": "0"} | more


def airside_here(*arguments: str | Path) -> str:
    """Run a command that has to succeed in this process, where dbt is warm already."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    assert end.value.code == 0, f"{arguments} ended with {end.value.code}"
    return printed.getvalue()
