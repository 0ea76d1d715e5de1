"""What keeps the embedded warehouse's staging in bounds.

The account of batches is folded: single ones for a while, then one row for the batches of an hour,
so that a year of one-second batches is some thousand rows. Rows of events and refused records leave
where a retention is set. Gold needs them once more only when it is built anew, and then they come
back from the lake (`bring_back`), which has the same rows.

All of it runs beside loading, in transactions of its own over rows that loading is done with, each
of bounded size. A crash leaves what a transaction had not committed to the next time.
"""

import duckdb

from airside.errors import UsageError
from airside.events import Feed
from airside.lake import Lake
from airside.stream import RangeFile, in_force
from airside.warehouse.duckdb import DuckDBWarehouse
from airside.warehouse.schema import QUARANTINE_COLUMNS, feed_columns

_BITE = 500_000
"""Rows that one transaction removes, and records that are folded into one row, at most about."""
_SETTLED = """
SELECT
    CASE WHEN count(*) = 2 THEN least(
        (SELECT min(through_batch_id) FROM staging.gold_progress),
        (SELECT max(batch_id) - 1 FROM staging.batches)
    ) END AS through
FROM staging.gold_fingerprints
WHERE name IN ('models', 'reference')
"""
# Only neighbours: an account stands for all ids since the one before it, which hand-over relies on.
# Batches of two hours may alternate for a moment, where several shards are read.
_FOLDED = """
WITH numbered AS (
    SELECT
        *,
        date_trunc('hour', first_arrived_at) AS hour_at,
        row_number() OVER (ORDER BY batch_id)
        - row_number() OVER (PARTITION BY hour_at ORDER BY batch_id) AS run
    FROM staging.batches
    WHERE batch_id <= $through
), due AS (
    SELECT
        *, sum(received) OVER (PARTITION BY hour_at, run ORDER BY batch_id) AS so_far
    FROM numbered
    WHERE hour_at < date_trunc('hour', make_timestamp($before))
)
SELECT
    max(batch_id) AS batch_id,
    sum(received)::BIGINT AS received,
    sum(clean)::BIGINT AS clean,
    sum(quarantined)::BIGINT AS quarantined,
    sum(duplicates)::BIGINT AS duplicates,
    min(first_arrived_at) AS first_arrived_at,
    max(last_arrived_at) AS last_arrived_at,
    max(committed_at) AS committed_at,
    min(batch_id) AS first_batch_id,
    count(*) AS batches
FROM due
GROUP BY hour_at, run, (so_far - 1) // $bite
HAVING count(*) > 1
"""
_DUE = """
WITH due AS (
    SELECT
        batch_id,
        sum(clean + quarantined) OVER (ORDER BY batch_id) AS so_far
    FROM staging.batches
    WHERE
        batch_id > (SELECT coalesce(max(batch_id), 0) FROM staging.removed)
        AND batch_id <= $through
        AND committed_at < make_timestamp($before)
)
SELECT coalesce(max(batch_id) FILTER (so_far <= $bite), min(batch_id)) FROM due
"""


def settled_through(warehouse: DuckDBWarehouse) -> int:
    """The last batch that all of gold has taken in, but never the newest one; 0 where none.

    Nor is any while gold is built anew: each model says how far it has come, and those whose turn
    has not come yet still say how far they had come before.
    """
    try:
        table = warehouse.query(_SETTLED)
    except UsageError:  # gold has not been refreshed yet
        return 0
    return int(table["through"][0].as_py() or 0)


def fold_batches(warehouse: DuckDBWarehouse, *, through: int, arrived_before_us: int) -> int:
    """Fold the accounts of neighbouring batches into one an hour, of hours that were over by then.

    Sums, first and last instants and the last batch's id stay, and so does every answer that
    counts; what is gone is how records were cut into batches.

    Args:
        warehouse: Whose.
        through: The last batch that may be touched.
        arrived_before_us: Microseconds since the Unix epoch.

    Returns:
        How many rows fewer there are.
    """
    with warehouse.beside() as cursor:
        parameters = {"through": through, "before": arrived_before_us, "bite": _BITE}
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE folded AS {_FOLDED}", parameters)
        (rows, batches), *_ = cursor.execute(
            "SELECT count(*), coalesce(sum(batches), 0)::BIGINT FROM folded"
        ).fetchall()
        if rows:
            cursor.execute(
                "DELETE FROM staging.batches USING folded"
                " WHERE batches.batch_id BETWEEN folded.first_batch_id AND folded.batch_id"
            )
            cursor.execute(
                "INSERT INTO staging.batches BY NAME"
                " SELECT * EXCLUDE (first_batch_id, batches) FROM folded"
            )
        cursor.execute("DROP TABLE folded")
    return int(batches - rows)


def remove_rows(
    warehouse: DuckDBWarehouse, feed: Feed, *, through: int, loaded_before_us: int
) -> int:
    """Remove rows of batches that were loaded long enough ago.

    What was refused for which reason stays counted.

    Args:
        warehouse: Whose.
        feed: Which.
        through: The last batch that may be touched.
        loaded_before_us: Microseconds since the Unix epoch.

    Returns:
        How many rows went.
    """
    removed = 0
    parameters = {"through": through, "before": loaded_before_us, "bite": _BITE}
    while True:
        with warehouse.beside() as cursor:
            ((due,),) = cursor.execute(_DUE, parameters).fetchall()
            if due is None:
                return removed
            removed += _remove(cursor, feed, due)


def _remove(cursor: duckdb.DuckDBPyConnection, feed: Feed, through: int) -> int:
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE reached AS
        SELECT shard_id, max(sequence_number) AS sequence_number, sum(n)::BIGINT AS row_count
        FROM (
            SELECT shard_id, sequence_number, row_count AS n FROM staging.removed
            UNION ALL
            SELECT shard_id, sequence_number, 1 AS n FROM staging.{feed.name} WHERE batch_id <= ?
            UNION ALL
            SELECT shard_id, sequence_number, 1 AS n FROM staging.quarantine WHERE batch_id <= ?
        )
        GROUP BY shard_id
        """,
        [through, through],
    )
    cursor.execute(
        """
        CREATE OR REPLACE TEMP TABLE reasons AS
        SELECT reason, sum(records)::BIGINT AS records FROM (
            FROM staging.removed_reasons
            UNION ALL
            SELECT reason, count(*) FROM staging.quarantine WHERE batch_id <= ? GROUP BY reason
        ) GROUP BY reason
        """,
        [through],
    )
    count = 0
    for table in (feed.name, "quarantine"):
        ((rows,),) = cursor.execute(
            f"DELETE FROM staging.{table} WHERE batch_id <= ?", [through]
        ).fetchall()
        count += rows
    cursor.execute("DELETE FROM staging.removed")
    cursor.execute(
        "INSERT INTO staging.removed SELECT shard_id, sequence_number, ?, row_count FROM reached",
        [through],
    )
    cursor.execute(
        "INSERT INTO staging.removed SELECT '', '', ?, 0 WHERE NOT EXISTS (FROM reached)",
        [through],  # of nothing but duplicates: it is done with all the same
    )
    cursor.execute("DELETE FROM staging.removed_reasons")
    cursor.execute("INSERT INTO staging.removed_reasons FROM reasons")
    cursor.execute("DROP TABLE reached")
    cursor.execute("DROP TABLE reasons")
    return int(count)


def bring_back(warehouse: DuckDBWarehouse, feed: Feed, lake: Lake, zones: dict[str, str]) -> int:
    """Load the rows again, from the lake, that retention has removed: gold is to be built anew.

    Each row gets the id of a batch of about its arrival: how records were cut into batches decides
    nothing but how much gold takes in at once.

    Args:
        warehouse: Whose.
        feed: Which.
        lake: Where the cleaned zone and the quarantine are.
        zones: Table of staging → the folder of its rows.

    Returns:
        How many of the removed rows the lake no longer has either.
    """
    removed = warehouse.query("SELECT * FROM staging.removed").to_pylist()
    if not removed:
        return 0
    through = {row["shard_id"]: row["sequence_number"] for row in removed}
    wanted = sum(int(row["row_count"]) for row in removed)
    columns = {feed.name: list(feed_columns(feed)), "quarantine": list(QUARANTINE_COLUMNS)}
    gone = "SELECT * FROM staging.removed AS r WHERE r.shard_id = t.shard_id"
    with warehouse.beside() as cursor:  # of one that was cut off
        for table in zones:
            cursor.execute(
                f"DELETE FROM staging.{table} AS t WHERE EXISTS"
                f" ({gone} AND t.sequence_number <= r.sequence_number)"
            )
    for table, root in zones.items():
        files, _ = in_force(RangeFile.parse(n, ".parquet") for n in lake.names(root, ".parquet"))
        names = ", ".join(columns[table])
        for file in files:
            reached = through.get(file.shard_id, "")
            if file.first >= reached:
                continue
            with lake.local(file.name) as path, warehouse.beside() as cursor:
                ((rows,),) = cursor.execute(
                    f"INSERT INTO staging.{table} ({names}, batch_id)"
                    f" SELECT {', '.join(f'f.{name}' for name in columns[table])}, b.batch_id"
                    " FROM read_parquet(?, hive_partitioning = false) AS f"
                    " ASOF JOIN staging.batches AS b ON f.arrived_at <= b.last_arrived_at"
                    " WHERE f.sequence_number <= ?",
                    [str(path), reached],
                ).fetchall()
                wanted -= int(rows)
    with warehouse.beside() as cursor:
        cursor.execute("DELETE FROM staging.removed")
        cursor.execute("DELETE FROM staging.removed_reasons")
    return max(0, wanted)
