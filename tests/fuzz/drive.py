"""Fuzzes a target, guided by what code its inputs reach; see `make fuzz`.

Needs atheris, which `make fuzz` installs beside the environment. Inputs that reach something new
are kept in `build/fuzz/TARGET`; what is worth keeping goes into `tests/fuzz/corpus/TARGET`, which
the tests replay. One that fails is written to a file whose name is printed, and
`PYTHONPATH=.venv-fuzz .venv/bin/python tests/fuzz/drive.py TARGET FILE` does it again.
"""

import sys
from pathlib import Path

import atheris

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))  # as pytest does

# What decides what a record is, in Python: its branches guide the fuzzer.
with atheris.instrument_imports(include=["oracle", "airside.dashboard.ingest", "airside.stream"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Hand over to libFuzzer."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: drive.py {{{','.join(TARGETS)}}} [libFuzzer's options and files]")
    name = sys.argv.pop(1)
    atheris.Setup([sys.argv[0], *sys.argv[1:]], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
