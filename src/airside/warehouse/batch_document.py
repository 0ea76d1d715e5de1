"""The hand-over from silver to a warehouse that loads from the lake: one document a batch.

A batch's files are published first, its document last; what no document names is not there. A batch
that is done again overwrites files and document under the same names. A warehouse remembers the
batches that it has loaded, so a document may be read any number of times.
"""

import msgspec

from airside.errors import CorruptDataError
from airside.events import Feed
from airside.lake import Lake

_SUFFIX = ".json"


class BatchFile(msgspec.Struct, frozen=True):
    """One Parquet file of a batch."""

    name: str
    """In the lake."""
    rows: int
    bytes: int
    """Size of the file; Redshift's COPY asks for it."""


class BatchDocument(msgspec.Struct, frozen=True):
    """What a batch was made of, and the files that came of it."""

    batch: str
    """Its name: letters, digits and hyphens, unique in the feed, the same when it is done again."""
    received: int
    clean: int
    quarantined: int
    duplicates: int
    first_arrived_at_us: int
    last_arrived_at_us: int
    """Microseconds since the Unix epoch."""
    through: dict[str, str]
    """Shard → the last sequence number that it covers."""
    clean_files: list[BatchFile]
    """The feed's silver columns."""
    quarantine_files: list[BatchFile]
    """The columns of `staging.quarantine` without `batch_id`."""


def batch_folder(feed: Feed) -> str:
    """Where the documents of a feed are."""
    return f"batches/{feed.name}"


def publish_batch(lake: Lake, feed: Feed, document: BatchDocument) -> None:
    """Let a batch be seen; its files must be there.

    Raises:
        RetryableError: The document cannot be written now.
    """
    with lake.publish(f"{batch_folder(feed)}/{document.batch}{_SUFFIX}") as path:
        path.write_bytes(msgspec.json.encode(document))


def published_batches(lake: Lake, feed: Feed) -> list[str]:
    """The names of all batches in the lake, sorted."""
    folder = batch_folder(feed)
    return [
        name.removeprefix(f"{folder}/").removesuffix(_SUFFIX)
        for name in lake.names(folder, _SUFFIX)
    ]


def read_batch(lake: Lake, feed: Feed, batch: str) -> BatchDocument:
    """Read a batch's document.

    Raises:
        CorruptDataError: It is missing, or not what `publish_batch` wrote.
    """
    name = f"{batch_folder(feed)}/{batch}{_SUFFIX}"
    try:
        document = msgspec.json.decode(lake.read(name), type=BatchDocument)
    except msgspec.DecodeError as error:
        raise CorruptDataError(
            f"{name} cannot be read ({error}); restore it from a copy of the lake, or rebuild the "
            "silver files from the archive"
        ) from error
    if document.batch != batch or document.received != (
        document.clean + document.quarantined + document.duplicates
    ):
        raise CorruptDataError(
            f"{name} does not add up or bears another name ({document.batch}); restore it from a "
            "copy of the lake, or rebuild the silver files from the archive"
        )
    return document
