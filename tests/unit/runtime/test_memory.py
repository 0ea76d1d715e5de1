"""What a process keeps in its memory."""

import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, sys, threading
from airside.runtime.memory import keep_few_arenas

keep_few_arenas()
held, everybody = [], threading.Barrier(33)

def hold():
    held.append(bytes(50_000))
    everybody.wait()
    everybody.wait()

threads = [threading.Thread(target=hold) for _ in range(32)]
for thread in threads:
    thread.start()
everybody.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
everybody.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_malloc_arenas() -> None:
    told = subprocess.run([sys.executable, "-c", ARENAS], check=True, capture_output=True)
    assert 1 <= told.stdout.count(b"<heap nr=") <= 8


PANDAS = """
import importlib.util, sys
import pyarrow
from airside.runtime.memory import without_pandas

with without_pandas():
    assert pyarrow.array(["a"]).to_pylist() == ["a"]
assert "pandas" not in sys.modules
assert importlib.util.find_spec("pandas")
"""


def test_arrow_does_without_pandas() -> None:
    subprocess.run([sys.executable, "-c", PANDAS], check=True)
