"""kill -9 of a streaming Spark driver, within a batch and between two: nothing lost or twice."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oracle.corpus import hostile
from support.archives import Bench, bench
from support.command import start
from support.spark import archive_of, contents, embedded, need_java, rows
from support.waiting import eventually


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "archive").mkdir()
    with bench(tmp_path / "archive", shards=2) as made:
        yield made


class Follower:
    """`airside spark --streaming`, which the test kills and starts again."""

    def __init__(self, archive: Bench, tmp_path: Path) -> None:
        self.lake = tmp_path / "lake"
        self._checkpoint = tmp_path / "checkpoint"
        self._arguments = (
            *("spark", "--streaming", "--window", "1s", "--master", "local[2]"),
            *("--source", archive.root, "--lake", self.lake),
            *("--checkpoint", self._checkpoint, "--data-dir", tmp_path / "none"),
        )

    def killed_when(self, seen: Callable[[], object]) -> None:
        """Run it until there is something to see, and kill it at that instant."""
        process = start(*self._arguments)
        eventually(lambda: process.poll() is not None or seen(), 240, pause=0.01)
        assert process.poll() is None, process.communicate()[1]
        process.send_signal(signal.SIGKILL)
        process.wait()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it meanwhile, and stop it in good order."""
        process = start(*self._arguments)
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, process.communicate()[1]

    def follows(self) -> bool:
        """Whether Spark has looked at the archive and waits for more."""
        return any((self._checkpoint / "commits").glob("[0-9]*"))

    def batch_begun(self) -> str | None:
        """The batch that has written down what it is about to write, and is not published."""
        try:
            intent = json.loads((self.lake / "dedupe/flight_events/intent.json").read_bytes())
        except FileNotFoundError:
            return None
        batch: str = intent["batch"]
        return None if batch in self.published() else batch

    def published(self) -> list[str]:
        return sorted(path.stem for path in (self.lake / "batches").rglob("*.json"))


@pytest.mark.timeout(600)  # Spark starts three times
def test_kills_within_and_between_batches(archive: Bench, tmp_path: Path) -> None:
    need_java()
    payloads = hostile(1_500, seed=31)
    follower = Follower(archive, tmp_path)
    archive_of(archive, payloads[:500], seconds=1_000)

    follower.killed_when(follower.batch_begun)
    assert follower.published() == []
    archive_of(archive, payloads[500:1_000], seconds=1_000)
    follower.killed_when(lambda: len(follower.published()) == 2)
    with follower.running():
        eventually(follower.follows, 240)
        archive_of(archive, payloads[1_000:], seconds=1_000)
        eventually(lambda: len(follower.published()) == 3, 240)

    made = contents(follower.lake)
    (tmp_path / "calm").mkdir()
    calm = embedded(archive, tmp_path / "calm")
    assert made["silver"] == rows(calm, "silver")
    assert made["quarantine"] == rows(calm, "quarantine")
    assert [document.received for document in made["documents"]] == [500, 500, 500]
