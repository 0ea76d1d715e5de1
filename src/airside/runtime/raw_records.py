"""Finds the bytes of single records, in the archive and in what the stream still holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from airside.bronze import BRONZE, Archive
from airside.bronze.archive import DATA_SUFFIX
from airside.errors import CorruptDataError
from airside.events import FLIGHT_EVENTS
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import lake_of
from airside.runtime.readers import Observer
from airside.stream import Frame, RangeFile, frames_to_arrow, in_force

RecordId = tuple[str, str]
Found = dict[RecordId, tuple[bytes, str]]
_TAIL_RECORDS = 200_000
_TAIL_BYTES = 64 * 1024 * 1024


def archived_records(data_dir: DataDir, wanted: Iterable[RecordId]) -> Found:
    """The bytes of those records that the archive has.

    Archive files are named by the range that they hold, so only those are opened in which a wanted
    record lies, and of them only the frames. A record in a damaged file is left out.

    Args:
        data_dir: Where the archive lies.
        wanted: Shard and sequence number of each.
    """
    archive = Archive(lake_of(data_dir), FLIGHT_EVENTS)
    left = set(wanted)
    found: Found = {}
    names = archive.lake.names(archive.root, DATA_SUFFIX)
    files, _ = in_force(RangeFile.parse(name, DATA_SUFFIX) for name in names)
    for file in files:
        inside = {key for key in left if key[0] == file.shard_id and _within(key, file)}
        if not inside:
            continue
        try:
            found |= pick(archive.read(file.name).frames, inside, "archive")
        except CorruptDataError:
            continue
        left -= found.keys()
    return found


def unarchived_frames(observer: Observer) -> list[Frame]:
    """What is on the stream and not archived yet: no more than about a minute's records."""
    position = observer.ledger.position(BRONZE)
    return observer.stream.read(position, max_records=_TAIL_RECORDS, max_bytes=_TAIL_BYTES)


def _within(key: RecordId, file: RangeFile) -> bool:
    return file.first <= key[1] <= file.last


def pick(frames: Iterable[Frame], wanted: set[RecordId], origin: str) -> Found:
    """The bytes of wanted records that lie in frames, with the name of where those are from."""
    picked: Found = {}
    for frame in frames:
        numbers = [
            number
            for shard_id, number in wanted
            if shard_id == frame.shard_id
            and frame.first_sequence_number <= number <= frame.last_sequence_number
        ]
        if numbers:
            for number, payload in _payloads(frame, numbers):
                picked[frame.shard_id, number] = (payload, origin)
    return picked


def _payloads(frame: Frame, numbers: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    rows = frames_to_arrow([frame])
    chosen = rows.filter(pc.is_in(rows["sequence_number"], value_set=pa.array(numbers)))
    row: Mapping[str, object]
    for row in chosen.select(["sequence_number", "payload"]).to_pylist():
        payload = row["payload"]
        assert isinstance(payload, bytes)  # noqa: S101 - the column's type
        yield str(row["sequence_number"]), payload.removesuffix(b"\n")
