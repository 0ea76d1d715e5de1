"""Makes `docs/images/live-view.svg` from a real run: `python docs/live_view.py`, about a minute."""

import io
import tempfile
import time
from pathlib import Path

from rich.console import Console

from airside.cli.live import screen
from airside.runtime.data_dir import DataDir
from airside.runtime.up import operation
from airside.settings import Settings, SimulatorSettings

WIDTH, HEIGHT = 120, 44
SECONDS = 60
PICTURE = Path(__file__).parent / "images" / "live-view.svg"


def main() -> None:
    """Simulate a busy day ten times as fast as usual, and draw its last moment."""
    simulator = SimulatorSettings(time_compression=600, seed=7)
    with (
        tempfile.TemporaryDirectory() as folder,
        operation(
            DataDir(Path(folder) / "data"), Settings(simulator=simulator), with_simulator=True
        ) as running,
    ):
        time.sleep(SECONDS)
        before = running.snapshot()
        time.sleep(1)
        now = running.snapshot()
        notes = ["Ctrl-C stops; `airside up` goes on where it was."]
        console = Console(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO())
        console.print(screen(now, before, notes, width=WIDTH, height=HEIGHT))
    console.save_svg(str(PICTURE), title="airside up")


if __name__ == "__main__":
    main()
