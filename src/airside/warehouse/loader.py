"""From the lake into a server's staging tables: each batch once, whatever happens.

What enters: the batch documents of a feed in the lake. What leaves: rows in `staging`, and one row
of `staging.batches` for each batch, with its name. A batch's rows, its account and the checkpoint
come in one transaction, so a crash at any instant leaves a batch loaded or not loaded, and one that
is there already is passed over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airside.errors import CorruptDataError
from airside.events import Feed
from airside.lake import Lake
from airside.warehouse.batch_document import (
    BatchDocument,
    BatchFile,
    published_batches,
    read_batch,
)
from airside.warehouse.retention import forget_reasons
from airside.warehouse.schema import QUARANTINE_COLUMNS, feed_columns, server_ddl
from airside.warehouse.server import Server, Session

_KNOWN = "SELECT batch_name FROM staging.batches"
_INSERT = """
INSERT INTO staging.batches (
    batch_id, received, clean, quarantined, duplicates,
    first_arrived_at, last_arrived_at, committed_at, batch_name
)
VALUES (?, ?, ?, ?, ?, CAST(? AS TIMESTAMP), CAST(? AS TIMESTAMP), CAST(? AS TIMESTAMP), ?)
"""


@dataclass(slots=True)
class Loaded:
    """What a load brought."""

    batches: list[str] = field(default_factory=list)
    """The names of the batches that were new."""
    clean: int = 0
    quarantined: int = 0
    duplicates: int = 0

    @property
    def records(self) -> int:
        """Records that those batches were made of."""
        return self.clean + self.quarantined + self.duplicates


class Loader:
    """Loads a feed's batches from a lake into a server. Belongs to one thread.

    Args:
        server: Where to.
        session: A connection to it.
        lake: Where from.
        feed: Which.
        clock: Microseconds since the Unix epoch, for `committed_at`.
    """

    def __init__(
        self,
        server: Server,
        session: Session,
        lake: Lake,
        feed: Feed,
        *,
        clock: Callable[[], int],
    ) -> None:
        self._server = server
        self._session = session
        self._lake = lake
        self._feed = feed
        self._clock = clock

    def create_tables(self) -> None:
        """Make the staging tables that are missing."""
        for statement in server_ddl(self._feed, self._server):
            self._session.execute(statement)

    def load_new(self, progress: Callable[[int], None] = lambda _: None) -> Loaded:
        """Load every batch of the lake that is not there yet, in the order of their names.

        Args:
            progress: Told the records of each batch when it is committed.

        Raises:
            CorruptDataError: A document or file is not what was written, or does not hold as many
                rows as the document says; what came before it stays loaded.
            AirsideError: The lake or the server cannot be reached.
        """
        known = {name for (name,) in self._session.execute(_KNOWN)}
        loaded = Loaded()
        for name in published_batches(self._lake, self._feed):
            if name in known:
                continue
            document = read_batch(self._lake, self._feed, name)
            self._load(document)
            loaded.batches.append(name)
            loaded.clean += document.clean
            loaded.quarantined += document.quarantined
            loaded.duplicates += document.duplicates
            progress(document.received)
        return loaded

    def bring_back(self) -> int:
        """Load the rows again that retention has removed, under their old ids.

        Gold built anew needs all of them.

        Returns:
            How many batches came back.
        """
        removed = self._session.execute(
            "SELECT batch_name, batch_id FROM staging.batches WHERE removed_at IS NOT NULL"
            " ORDER BY batch_id"
        )
        for name, batch_id in removed:
            document = read_batch(self._lake, self._feed, name)
            with self._session.transaction():
                self._copy(document, batch_id)
                forget_reasons(self._session, batch_id)
                self._session.execute(
                    "UPDATE staging.batches SET removed_at = NULL WHERE batch_id = ?", [batch_id]
                )
        return len(removed)

    def _load(self, document: BatchDocument) -> None:
        execute = self._session.execute
        with self._session.transaction():
            # Redshift does not enforce that names are unique.
            if execute(f"{_KNOWN} WHERE batch_name = ?", [document.batch]):
                return
            ((batch_id,),) = execute("SELECT coalesce(max(batch_id), 0) + 1 FROM staging.batches")
            self._copy(document, batch_id)
            execute(
                _INSERT,
                [
                    batch_id,
                    document.received,
                    document.clean,
                    document.quarantined,
                    document.duplicates,
                    *map(
                        sql_timestamp,
                        (
                            document.first_arrived_at_us,
                            document.last_arrived_at_us,
                            self._clock(),
                        ),
                    ),
                    document.batch,
                ],
            )
            for shard_id, sequence_number in document.through.items():
                self._advance(shard_id, sequence_number)

    def _advance(self, shard_id: str, sequence_number: str) -> None:
        """Batches may come in any order; the checkpoint only moves on."""
        execute = self._session.execute
        known = execute(
            "SELECT sequence_number FROM staging.checkpoints WHERE shard_id = ?", [shard_id]
        )
        if not known:
            execute("INSERT INTO staging.checkpoints VALUES (?, ?)", [shard_id, sequence_number])
        elif known[0][0] < sequence_number:
            execute(
                "UPDATE staging.checkpoints SET sequence_number = ? WHERE shard_id = ?",
                [sequence_number, shard_id],
            )

    def _copy(self, document: BatchDocument, batch_id: int) -> None:
        """Bring the rows in, inside a transaction, and see that they are all there."""
        feed = self._feed
        for table, columns, files, expected in (
            (feed.name, feed_columns(feed), document.clean_files, document.clean),
            ("quarantine", QUARANTINE_COLUMNS, document.quarantine_files, document.quarantined),
        ):
            found = 0
            if files:
                found = self._server.copy_in(
                    self._session,
                    self._lake,
                    table=table,
                    columns=columns,
                    files=files,
                    batch=document.batch,
                    batch_id=batch_id,
                )
            if found != expected:
                raise CorruptDataError(
                    f"batch {document.batch}: {_names(files)} hold {found:,} rows for "
                    f"staging.{table}, its document says {expected:,}; restore both from a copy of "
                    "the lake, or have the batch written again"
                )


def _names(files: list[BatchFile]) -> str:
    return ", ".join(file.name for file in files) or "no files"


def sql_timestamp(us: int) -> str:
    """An instant in microseconds since the Unix epoch, as SQL reads it: UTC, without a zone."""
    instant = datetime.fromtimestamp(us // 1_000_000, tz=UTC).replace(microsecond=us % 1_000_000)
    return instant.replace(tzinfo=None).isoformat(sep=" ")
