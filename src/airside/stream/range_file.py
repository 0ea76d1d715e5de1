"""Names of files that hold a range of a shard: `<folder>/<shard>-<first>-<last><suffix>`.

The hour in which the records arrived is the folder, Hive style, so that any tool can prune by it.
"""

import posixpath
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from airside.errors import CorruptDataError


class RangeFile(NamedTuple):
    """A file's name, taken apart. Sorting gives folder, then shard, then stream order."""

    folder: str
    shard_id: str
    first: str
    last: str
    suffix: str

    @classmethod
    def parse(cls, name: str, suffix: str) -> "RangeFile":
        """Take a name apart.

        Raises:
            CorruptDataError: The file is a stranger in its folder.
        """
        folder, base = posixpath.split(name)
        parts = base.removesuffix(suffix).rsplit("-", 2)
        if len(parts) != 3 or not base.endswith(suffix):
            raise CorruptDataError(
                f"{name} is not one of Airside's files: expected <shard>-<first>-<last>{suffix}; "
                "move it out of the lake"
            )
        shard_id, first, last = parts
        return cls(folder, shard_id, first, last, suffix)

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.folder}/{self.shard_id}-{self.first}-{self.last}{self.suffix}"

    def covers(self, other: "RangeFile") -> bool:
        """Whether this file holds all that the other does."""
        return self[:2] == other[:2] and self.first <= other.first and other.last <= self.last


def hour_folder(root: str, arrived_at_us: int) -> str:
    """The folder of an hour of arrival, below a root."""
    hour = datetime.fromtimestamp(arrived_at_us // 1_000_000, tz=UTC)
    return f"{root}/ingest_date={hour:%Y-%m-%d}/ingest_hour={hour:%H}"


def files_by_shard(files: Iterable[RangeFile]) -> dict[str, list[RangeFile]]:
    """Shard → its files in stream order.

    Which is not that of their folders: arrivals on a shard of Kinesis may go back, and so over the
    end of an hour.
    """
    shards: dict[str, list[RangeFile]] = {}
    for file in sorted(files, key=lambda file: (file.shard_id, file.first)):
        shards.setdefault(file.shard_id, []).append(file)
    return shards


def in_force(files: Iterable[RangeFile]) -> tuple[list[RangeFile], list[RangeFile]]:
    """Split files into those that count, sorted, and those that a merged file has replaced.

    Compaction publishes the merged file first and deletes its parts then; when it is cut off in
    between, both are there.
    """
    kept: list[RangeFile] = []
    replaced: list[RangeFile] = []
    longest_first = sorted(files, key=lambda file: file.last, reverse=True)
    for file in sorted(longest_first, key=lambda file: file[:3]):
        (replaced if kept and kept[-1].covers(file) else kept).append(file)
    return kept, replaced
