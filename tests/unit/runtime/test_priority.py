"""Who comes first where the processors are short."""

import shutil
import subprocess
import sys

import pytest

STAND_BACK = """
import os
from airside.runtime.priority import stand_back

stand_back(10)
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("nice"), reason="only Linux ranks threads"
)
@pytest.mark.parametrize(("started_with", "then"), [(0, 10), (15, 15)])
def test_a_thread_that_stands_back_never_comes_forward(started_with: int, then: int) -> None:
    command = ["nice", "-n", str(started_with), sys.executable, "-c", STAND_BACK]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(told.stdout) == then
