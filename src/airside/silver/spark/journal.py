"""What has been published, and what the batch under way is about to write.

A batch is published by its document (`warehouse.batch_document`), last. Before it writes its first
file it writes down how far it goes and the names of its files. A driver that starts and finds these
without the document removes the files and does exactly that batch first: it bears the same names,
so not even a worker that outlived its driver leaves a file that nobody knows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from airside.errors import CorruptDataError, UsageError
from airside.events import Feed
from airside.lake import Lake
from airside.silver.files import SUFFIX, ZONES
from airside.stream import Position
from airside.warehouse.batch_document import (
    BatchDocument,
    publish_batch,
    published_batches,
    read_batch,
)

_PREFIX = "spark-"
_DIGITS = 12


class _Intent(msgspec.Struct, frozen=True):
    batch: str
    through: dict[str, str]
    files: list[str]


class Published(NamedTuple):
    """Where a lake stands."""

    batches: list[str]
    """In the order in which they were published."""
    through: Position
    """Shard → the last sequence number done."""
    planned: Position | None = None
    """How far the next batch has to go, where a crash cut it off."""

    @property
    def next_batch(self) -> str:
        """The name of the batch that follows; the same until it is published."""
        number = int(self.batches[-1].removeprefix(_PREFIX)) + 1 if self.batches else 1
        return f"{_PREFIX}{number:0{_DIGITS}}"


@dataclass(frozen=True, slots=True)
class Journal:
    """A feed's batches in a lake."""

    lake: Lake
    feed: Feed

    def recover(self) -> Published:
        """Undo what was not published, and say what was.

        Raises:
            UsageError: Something else has written the lake's silver files.
            CorruptDataError: A document cannot be read.
        """
        batches = published_batches(self.lake, self.feed)
        strangers = [name for name in batches if not name.startswith(_PREFIX)]
        if strangers or (not batches and not self._intended() and self._is_in_use()):
            raise UsageError(
                f"{self.lake.where()} has the cleaned zone of an embedded pipeline, and two that "
                "write there would count records twice; name an empty lake with --lake"
            )
        through = read_batch(self.lake, self.feed, batches[-1]).through if batches else {}
        intent = self._intended()
        if intent is not None and intent.batch not in batches:
            for name in intent.files:
                self.lake.delete(name)
            return Published(batches, through, intent.through)
        return Published(batches, through)

    def intend(self, batch: str, through: dict[str, str], files: list[str]) -> None:
        """Write down how far a batch goes and which files it is about to write."""
        with self.lake.publish(self._intent_name) as path:
            path.write_bytes(msgspec.json.encode(_Intent(batch, through, files)))

    def publish(self, document: BatchDocument) -> None:
        """Let the batch be seen."""
        publish_batch(self.lake, self.feed, document)

    @property
    def _intent_name(self) -> str:
        return f"dedupe/{self.feed.name}/intent.json"

    def _intended(self) -> _Intent | None:
        if self._intent_name not in self.lake.names(f"dedupe/{self.feed.name}", ".json"):
            return None
        try:
            return msgspec.json.decode(self.lake.read(self._intent_name), type=_Intent)
        except msgspec.DecodeError as error:
            raise CorruptDataError(
                f"{self._intent_name} cannot be read ({error}); restore it from a copy of the "
                "lake, or rebuild into a new lake"
            ) from error

    def _is_in_use(self) -> bool:
        return any(self.lake.names(f"{zone}/{self.feed.name}", SUFFIX) for zone in ZONES)
