"""Bronze: every raw record, verbatim, for as long as the archive is to be kept.

Enters: frames of the stream. Leaves: `bronze/<feed>/ingest_date=…/ingest_hour=…/*.ndjson.zst`,
each with an index beside it that keeps what a line cannot: shard, sequence numbers, arrival times.
A crash leaves no half file; what was planned is done again under the same names.
"""

from airside.bronze.archive import BRONZE, Archive, Archiver
from airside.bronze.compact import compact
from airside.bronze.firehose import firehose_files, import_firehose
from airside.bronze.floor import FOLDER, Floor, floor_name, read_floor, remove_before
from airside.bronze.parts import ArchiveParts
from airside.bronze.reader import ArchiveReader

__all__ = [
    "BRONZE",
    "FOLDER",
    "Archive",
    "ArchiveParts",
    "ArchiveReader",
    "Archiver",
    "Floor",
    "compact",
    "firehose_files",
    "floor_name",
    "import_firehose",
    "read_floor",
    "remove_before",
]
