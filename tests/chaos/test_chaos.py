"""A bounded part of the chaos: what `make chaos` runs for longer and with any seed."""

import os
import shutil
from pathlib import Path

import pytest

from chaos.drive import Chaos

SEED, ROUNDS = 3, 6


@pytest.mark.skipif(
    shutil.which("gcc") is None and "CI" not in os.environ,
    reason="needs gcc for the fault-injecting library",
)
def test_chaos_changes_nothing(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, SEED, ROUNDS)
    try:
        chaos.run()
    except BaseException:
        print(f"make chaos SEED={SEED} ROUNDS={ROUNDS} does it again", *chaos.log, sep="\n")  # noqa: T201 - shown with the failure
        raise
