"""How long a server's staging keeps rows that gold has taken in.

Gold needs them once more only when it is built anew, and then they come back from the lake
(`Loader.bring_back`). The account of every batch stays: it says what has been loaded.
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
        for table in (feed.name, "quarantine"):
            session.execute(f"DELETE FROM staging.{table} WHERE batch_id <= ?", [through])
        session.execute(
            f"UPDATE staging.batches SET removed_at = CAST(? AS TIMESTAMP) WHERE {due}",
            [now, through],
        )
    return int(batches)
