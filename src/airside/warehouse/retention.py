"""How long a server's staging keeps rows that gold has taken in.

Gold needs them once more only when it is built anew, and then they come back from the lake
(`Loader.bring_back`). The account of every batch stays: it says what has been loaded. And in
`staging.removed_reasons` stays why how many records were refused, which no batch's account says.
"""

from airside.events import Feed
from airside.warehouse.server import Session

_DUE = """
SELECT max(batches.batch_id)
FROM staging.batches AS batches
WHERE
    batches.removed_at IS NULL
    AND batches.committed_at < CAST(? AS TIMESTAMP)
    AND batches.batch_id <= (SELECT min(through_batch_id) FROM staging.gold_progress)
"""

# Not MERGE: older versions of PostgreSQL have none.
_REMEMBER = (
    """
    UPDATE staging.removed_reasons SET records = removed_reasons.records + leaving.records
    FROM (
        SELECT reason, count(*) AS records FROM staging.quarantine
        WHERE batch_id <= ? GROUP BY reason
    ) AS leaving
    WHERE removed_reasons.reason = leaving.reason
    """,
    """
    INSERT INTO staging.removed_reasons (reason, records)
    SELECT reason, count(*) FROM staging.quarantine
    WHERE batch_id <= ? AND reason NOT IN (SELECT reason FROM staging.removed_reasons)
    GROUP BY reason
    """,
)
_FORGET = """
UPDATE staging.removed_reasons SET records = removed_reasons.records - returned.records
FROM (
    SELECT reason, count(*) AS records FROM staging.quarantine WHERE batch_id = ? GROUP BY reason
) AS returned
WHERE removed_reasons.reason = returned.reason
"""


def forget_reasons(session: Session, batch_id: int) -> None:
    """Take a batch whose rows are back out of the reasons of what was removed.

    Args:
        session: To the server, in the transaction that brought the rows back.
        batch_id: Whose.
    """
    session.execute(_FORGET, [batch_id])
    # Less than none: an earlier version removed rows of this reason and did not count them.
    session.execute("DELETE FROM staging.removed_reasons WHERE records <= 0")


def remove_old(session: Session, feed: Feed, *, loaded_before: str, now: str) -> int:
    """Remove the rows of batches that are old enough and in gold, in one transaction.

    Args:
        session: To the server.
        feed: Whose rows.
        loaded_before: Batches loaded before it are old enough; an instant as SQL reads it.
        now: When this happens, likewise.

    Returns:
        How many batches' rows were removed.
    """
    ((through,),) = session.execute(_DUE, [loaded_before])
    if through is None:
        return 0
    due = "removed_at IS NULL AND batch_id <= ?"
    with session.transaction():
        ((batches,),) = session.execute(
            f"SELECT count(*) FROM staging.batches WHERE {due}", [through]
        )
        for statement in _REMEMBER:
            session.execute(statement, [through])
        for table in (feed.name, "quarantine"):
            session.execute(f"DELETE FROM staging.{table} WHERE batch_id <= ?", [through])
        session.execute(
            f"UPDATE staging.batches SET removed_at = CAST(? AS TIMESTAMP) WHERE {due}",
            [now, through],
        )
    return int(batches)
