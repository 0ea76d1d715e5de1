"""What these tests say where there is no browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONE = "tests/browser/test_page_rendering.py::test_the_theme_is_remembered"


def run_one(empty: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A browser test in a pytest of its own, with nothing on its PATH."""
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", ONE],
        cwd=ROOT,
        env=inherited | {"PATH": str(empty)} | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_a_browser_they_are_skipped_with_a_reason(tmp_path: Path) -> None:
    done = run_one(tmp_path)
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "1 skipped" in done.stdout
    assert "no Chromium here; on Debian: apt-get install chromium" in done.stdout


def test_without_a_browser_ci_fails(tmp_path: Path) -> None:
    done = run_one(tmp_path, CI="true")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "no Chromium here; on Debian: apt-get install chromium" in done.stdout
