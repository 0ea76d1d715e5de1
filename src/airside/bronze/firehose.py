"""Reads archives that Amazon Data Firehose wrote, and makes Airside's own of them.

Firehose puts records one after the other into objects named
`<prefix><stream>-<version>-YYYY-MM-DD-hh-mm-ss-<uuid><extension>`, and keeps of each record no more
than its bytes. So a record's arrival is the time in its file's name, which is about when the oldest
record in it arrived, and its sequence number is its place when the files are read by that time and
then by name: the same files always give the same numbers. Only the last part of a name counts, so
any prefix will do.
"""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from airside.bronze.archive import Archive
from airside.bronze.index import Contents
from airside.errors import CorruptDataError, UsageError
from airside.lake import Lake
from airside.stream import Frame, Run, hour_folder, lines, pack

SHARD = "firehose-000"
"""Says in every row that its sequence number is of our own making."""
_NAME = re.compile(
    r"-\d+-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"((?:\.[A-Za-z0-9_-]+)*)$"
)
_FAILED = re.compile(r"(?:^|/)[A-Za-z-]+-failed/")
"""Where `!{firehose:error-output-type}` puts what Firehose could not deliver; it is no record."""
_UNREADABLE = (".parquet", ".orc", ".snappy", ".hsnappy", ".zip")
_WIDTH = 20
_FRAME_RECORDS = 5_000
_FRAME_BYTES = 4 * 1024 * 1024
_FILE_BYTES = 32 * 1024 * 1024
_GZIP = b"\x1f\x8b"
Warn = Callable[[str], None]


class FirehoseFile(NamedTuple):
    """One object; sorting gives the order in which objects are read."""

    arrived_at_us: int
    """The time in its name, as microseconds since the Unix epoch."""
    name: str


def firehose_files(lake: Lake) -> list[FirehoseFile]:
    """Find the objects below a lake's root that Firehose wrote, in the order to read them.

    Raises:
        UsageError: One is of a format that is not lines of text.
    """
    found = []
    for name in lake.names(""):
        match = _NAME.search(name)
        if match is None or _FAILED.search(name):
            continue
        if match[2].lower().endswith(_UNREADABLE):
            raise UsageError(
                f"{lake.where(name)} is not lines of text; let Firehose deliver records without "
                "format conversion, compressed with GZIP or not at all"
            )
        try:
            at = datetime.strptime(match[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(FirehoseFile(int(at.timestamp()) * 1_000_000, name))
    return sorted(found)


def import_firehose(
    lake: Lake, files: Sequence[FirehoseFile], archive: Archive, warn: Warn
) -> None:
    """Write the records of Firehose's files as an archive of Airside's.

    Args:
        lake: Where the files are.
        files: As `firehose_files` gives them.
        archive: An empty one.
        warn: Told of what is left out.

    Raises:
        CorruptDataError: A file is damaged; says where.
    """
    after = ""
    waiting: list[Frame] = []
    for frame in _frames(lake, files, warn):
        size = sum(len(each.data) for each in waiting)
        if waiting and (size + len(frame.data) > _FILE_BYTES or _hour(frame) != _hour(waiting[0])):
            archive.write(Contents(after, waiting))
            after = waiting[-1].last_sequence_number
            waiting = []
        waiting.append(frame)
    if waiting:
        archive.write(Contents(after, waiting))


def _hour(frame: Frame) -> str:
    return hour_folder("", frame.first_arrived_at_us)


def _frames(lake: Lake, files: Sequence[FirehoseFile], warn: Warn) -> Iterator[Frame]:
    """Give the files' records as frames, numbered from 1."""
    number = 1
    for file in files:
        for payloads in _chunks(_records(lake, file.name, warn)):
            data, raw_bytes = pack(payloads)
            run = Run(str(number).zfill(_WIDTH), len(payloads), file.arrived_at_us)
            yield Frame(SHARD, (run,), data, raw_bytes)
            number += len(payloads)


def _records(lake: Lake, name: str, warn: Warn) -> Iterator[bytes]:
    """Give a file's records. A blank line is none: it comes of a delimiter that was added twice."""
    where = lake.where(name)

    def refused(line: int, size: int) -> None:
        warn(
            f"{where}: line {line:,} has {size:,} bytes and is left out; a record has 1 MiB at most"
        )

    given = 0
    data = lake.read(name)
    file: io.BufferedIOBase = io.BytesIO(data)
    if data.startswith(_GZIP):
        file = gzip.GzipFile(fileobj=file)  # any number of members, one after the other
    try:
        for line in chain.from_iterable(lines(file, refused)):
            if line:
                yield line
                given += 1
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptDataError(
            f"{where} is damaged after record {given:,} ({error}); restore an older version of the "
            "object, or move it elsewhere to go on without its records"
        ) from error


def _chunks(records: Iterator[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for record in records:
        if chunk and (len(chunk) >= _FRAME_RECORDS or size + len(record) > _FRAME_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += len(record) + 1
    if chunk:
        yield chunk
