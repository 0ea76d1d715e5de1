"""What happened to every single record: the equations, and whether they hold.

    received = archived + awaiting archive
    received = clean + quarantined + duplicates + in flight

What retention has removed from the archive has been archived all the same: it stays in the first
equation, and is told. A directory that was rebuilt from an archive without it has no verdicts on it
(`not_kept`), which is told too, as a term of the second.

Nothing here is derived from the equation it has to prove: `received` is what the stream says it
took, `archived` what the archiver says it wrote, the verdicts are sums over committed batches, and
what waits is counted on the stream, frame by frame, behind each consumer's checkpoint.

Kinesis does not say what it took. There, `received` is what is known to have arrived: up to where
the furthest consumer has read, and as far beyond as has been looked. Each consumer's own count, and
what lies on the stream between its checkpoint and that end, have to give the same sum.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from airside.bronze import BRONZE
from airside.errors import UsageError
from airside.ledger import Ledger
from airside.silver import SILVER
from airside.stream import Backlog, Stream
from airside.stream.salvage import Hole
from airside.warehouse import Reader

_THROUGHPUT_SECONDS = 10
_LOST = "lost"
_INSIDE, _BEYOND = "inside", "beyond"

_VERDICTS = """
WITH verdicts AS (
    SELECT
        CAST(coalesce(sum(received), 0) AS BIGINT) AS loaded,
        CAST(coalesce(sum(clean), 0) AS BIGINT) AS clean,
        CAST(coalesce(sum(quarantined), 0) AS BIGINT) AS quarantined,
        CAST(coalesce(sum(duplicates), 0) AS BIGINT) AS duplicates
    FROM staging.batches
)
SELECT verdicts.*, checkpoints.shard_id, checkpoints.sequence_number
FROM verdicts
LEFT JOIN staging.checkpoints AS checkpoints ON true
"""
_REASONS = """
SELECT reason, CAST(sum(records) AS BIGINT) AS records
FROM (
    SELECT reason, count(*) AS records FROM staging.quarantine GROUP BY reason
    {removed}
) AS counted
GROUP BY reason ORDER BY records DESC, reason
"""
_REMOVED_REASONS = "UNION ALL SELECT reason, records FROM staging.removed_reasons"
_RETENTION = "retention"
_ARCHIVE = "archive records"
_NOT_KEPT = "records not kept"


@dataclass(frozen=True, slots=True)
class Consumer:
    """How one consumer of the stream is doing."""

    lag_records: int
    """Records behind its checkpoint; on Kinesis, at least so many."""
    iterator_age_seconds: float
    """How long the oldest of them has waited; 0 where there is none, and as long as the clock is
    behind its arrival, as after it was set back."""
    records_per_second: float
    """What it got done in the last ten seconds."""
    total_records: int
    """What it has got done since the data directory was made."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """The account at one moment."""

    received: int
    """On Kinesis, as many as are known to have arrived."""
    archived: int
    awaiting_archive: int
    clean: int
    quarantined: int
    duplicates: int
    in_flight: int
    balanced: bool
    consumers: dict[str, Consumer]
    reasons: dict[str, int]
    """Quarantine reason → records, most first."""
    archive_removed: int = 0
    """Of those archived, how many retention has removed since."""
    not_kept: int = 0
    """Of those received, how many have no verdict here: retention had removed them from the archive
    before this directory was rebuilt from it."""
    lost: int = 0
    """Of those received, how many a damaged stream had lost before this directory was made of it.
    They are a term of both equations."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def account(
    stream: Stream, ledger: Ledger, reader: Reader, *, clock: Callable[[], int]
) -> Accounting:
    """Draw up the account.

    A consumer's position and totals are read at one moment, before the stream is counted behind
    that position, so the equations hold exactly while records keep coming.

    Args:
        stream: What took the records.
        ledger: Knows how far the archive has come.
        reader: Knows the verdicts.
        clock: Microseconds since the Unix epoch.
    """
    archive_position, archive_totals = ledger.progress(BRONZE)
    archived = archive_totals.get("records", 0)
    rows = reader.query(_VERDICTS).to_pylist()  # one statement: they belong together
    verdicts = rows[0]
    checkpoint = {row["shard_id"]: row["sequence_number"] for row in rows if row["shard_id"]}
    judged = verdicts["clean"] + verdicts["quarantined"] + verdicts["duplicates"]
    archive_backlog, backlog = stream.backlogs([archive_position, checkpoint])
    retention = ledger.position(_RETENTION)
    not_kept = int(retention.get(_NOT_KEPT, "0"))
    lost, uncounted = _lost(ledger)
    by_archive = archived + archive_backlog.records + lost
    by_silver = judged + not_kept + backlog.records + lost
    received = max(by_archive, by_silver)
    if backlog.received is not None:
        received = backlog.received + uncounted

    def consumer(stage: str, behind: Backlog, done: int) -> Consumer:
        now_us = clock()
        oldest_us = behind.oldest_arrived_at_us
        recent = ledger.records_since(stage, now_us - _THROUGHPUT_SECONDS * 1_000_000)
        return Consumer(
            lag_records=behind.records,
            iterator_age_seconds=max(0.0, (now_us - oldest_us) / 1e6) if oldest_us else 0.0,
            records_per_second=recent / _THROUGHPUT_SECONDS,
            total_records=done,
        )

    reasons = refused_for(reader)
    return Accounting(
        received=received,
        archived=archived,
        awaiting_archive=archive_backlog.records,
        clean=verdicts["clean"],
        quarantined=verdicts["quarantined"],
        duplicates=verdicts["duplicates"],
        in_flight=backlog.records,
        balanced=received == by_archive == by_silver,
        consumers={
            BRONZE: consumer(BRONZE, archive_backlog, archived),
            SILVER: consumer(SILVER, backlog, verdicts["loaded"]),
        },
        reasons=reasons,
        archive_removed=int(retention.get(_ARCHIVE, "0")),
        not_kept=not_kept,
        lost=lost,
    )


def note_lost_inside(ledger: Ledger, records: int) -> None:
    """Write down how many records are lost before where a directory's stream goes on.

    Args:
        ledger: Of the directory that goes on without the records.
        records: How many, in all.
    """
    ledger.note(_LOST, {_INSIDE: str(records)})


def note_lost_beyond(ledger: Ledger, holes: Sequence[Hole]) -> None:
    """Write down what is lost after where a directory's stream goes on: it has no number there.

    Args:
        ledger: Of the directory that goes on without the records.
        holes: What is lost.
    """
    ledger.note(
        _LOST, {f"{hole.shard_id}/{hole.first}/{_BEYOND}": str(hole.records) for hole in holes}
    )


def _lost(ledger: Ledger) -> tuple[int, int]:
    """How many records are lost, and how many of those the stream did not count."""
    noted = ledger.position(_LOST)
    beyond = (int(records) for place, records in noted.items() if place.endswith(_BEYOND))
    return sum(map(int, noted.values())), sum(beyond)


def note_removed(ledger: Ledger, archive_records: int, *, is_rebuilt: bool = False) -> None:
    """Write down what retention has removed from the archive so far.

    Args:
        ledger: The directory's.
        archive_records: How many records, in all.
        is_rebuilt: Whether the directory is rebuilt from what is left, without verdicts on them.
    """
    noted = {_ARCHIVE: str(archive_records)}
    if is_rebuilt:
        noted[_NOT_KEPT] = str(archive_records)
    ledger.note(_RETENTION, noted)


def refused_for(reader: Reader) -> dict[str, int]:
    """Quarantine reason → records, most first, also of rows that retention has removed.

    Args:
        reader: A warehouse, asked in DuckDB's SQL.
    """
    try:
        found = reader.query(_REASONS.format(removed=_REMOVED_REASONS))
    except UsageError:  # an earlier version's, which only a writer brings up to date
        found = reader.query(_REASONS.format(removed=""))
    return dict(zip(*found.to_pydict().values(), strict=True))
