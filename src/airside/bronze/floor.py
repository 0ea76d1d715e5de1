"""Where the archive begins, once retention has removed its oldest files.

The floor is a file of the lake beside the archive, so that it goes wherever the archive goes. It is
written before anything is removed: whoever reads the archive begins after it, and neither a file
that a crash left below it, nor the absence of one, is taken for damage. Above the floor the archive
has no gaps.
"""

from collections.abc import Iterable, Sequence

import msgspec

from airside.bronze.archive import DATA_SUFFIX, Archive
from airside.bronze.index import INDEX_SUFFIX, totals
from airside.errors import CorruptDataError
from airside.stream import Position, RangeFile, files_by_shard, hour_folder, in_force

FOLDER = "retention"
_SUFFIX = ".json"


class Floor(msgspec.Struct, frozen=True):
    """What the archive held once, and holds no more."""

    through: dict[str, str] = msgspec.field(default_factory=dict)
    """Shard → the last sequence number that was removed."""
    records: int = 0
    files: int = 0
    stored_bytes: int = 0
    last_arrived_at_us: int = 0
    """When the newest of the removed records had arrived."""

    def covers(self, file: RangeFile) -> bool:
        """Whether a file lies below."""
        return file.last <= self.through.get(file.shard_id, "")


def floor_name(archive: Archive) -> str:
    """The name of the floor's file."""
    return f"{FOLDER}/{archive.feed.name}{_SUFFIX}"


def read_floor(archive: Archive) -> Floor:
    """Where the archive begins.

    Raises:
        CorruptDataError: The file that says so cannot be read.
    """
    name = floor_name(archive)
    if name not in archive.lake.names(FOLDER, _SUFFIX):
        return Floor()
    try:
        return msgspec.json.decode(archive.lake.read(name), type=Floor)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptDataError(
            f"{archive.lake.where(name)} cannot be read ({error}); restore it from a copy of the "
            "archive"
        ) from error


def remove_before(archive: Archive, *, arrived_before_us: int, through: Position) -> int:
    """Remove the oldest files, by the hour, that hold nothing anybody has yet to read.

    The newest file of each shard always stays: it says where the archive ends.

    Args:
        archive: Of which.
        arrived_before_us: Only hours that were over by then.
        through: Shard → through where every consumer has read and archived.

    Returns:
        How many records went.

    Raises:
        CorruptDataError: An index is missing or damaged.
    """
    lake = archive.lake
    floor = read_floor(archive)
    names = lake.names(archive.root, DATA_SUFFIX)
    files = [RangeFile.parse(name, DATA_SUFFIX) for name in names]
    kept, _ = in_force(file for file in files if not floor.covers(file))
    due = _due(kept, hour_folder(archive.root, arrived_before_us), through)
    found = [totals(file.name, lake.read(file.name + INDEX_SUFFIX)) for file in due]
    if due:
        floor = Floor(
            through=floor.through | {file.shard_id: file.last for file in due},
            records=floor.records + sum(each.records for each in found),
            files=floor.files + len(due),
            stored_bytes=floor.stored_bytes + sum(each.stored_bytes for each in found),
            last_arrived_at_us=max(
                floor.last_arrived_at_us, *(each.last_arrived_at_us for each in found)
            ),
        )
        with lake.publish(floor_name(archive)) as path:
            path.write_bytes(msgspec.json.encode(floor))
    if floor.through:
        _sweep(archive, floor, files)
    return sum(each.records for each in found)


def _due(files: Sequence[RangeFile], before: str, through: Position) -> list[RangeFile]:
    """The files that may go: of each shard the first ones, in its order, but never the last."""
    due: list[RangeFile] = []
    for shard_id, group in files_by_shard(files).items():
        for file in group[:-1]:
            if file.folder >= before or file.last > through.get(shard_id, ""):
                break
            due.append(file)
    return due


def _sweep(archive: Archive, floor: Floor, files: Iterable[RangeFile]) -> None:
    """Remove all that lies below the floor; a file before its index, or it would be damage."""
    lake = archive.lake
    for file in files:
        if floor.covers(file):
            lake.delete(file.name)
    for name in lake.names(archive.root, INDEX_SUFFIX):
        if floor.covers(RangeFile.parse(name, DATA_SUFFIX + INDEX_SUFFIX)):
            lake.delete(name)
