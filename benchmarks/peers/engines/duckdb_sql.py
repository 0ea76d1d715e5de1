"""DuckDB with Airside's SQL file over the whole file at once, for the columns of the task alone.

It is to Airside's kernel what the other engines are: all records in one statement instead of batch
after batch, duplicates by a window instead of a table of accepted ids, and what nobody asks for
(flags, hashes, positions) left out by the optimizer.
"""

from pathlib import Path

import duckdb

from airside.events import FLIGHT_EVENTS
from airside.silver.kernel import feed_sql
from peers.task import CLEAN, Answer, folders, leg_delays

TITLE = "DuckDB, Airside's SQL"
PACKAGE = "duckdb"
NEEDED = "nothing; Airside's rules in a file of SQL"


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    clean, refused = folders(target)
    columns = ", ".join(["sequence_number AS line", *list(CLEAN)[1:], "reason"])
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(
            f"""
            CREATE VIEW records AS
            SELECT '' AS shard_id, line AS sequence_number, make_timestamp(line) AS arrived_at,
                try(decode(payload)) AS text
            FROM read_parquet('{source}')
            """
        )
        connection.execute(
            f"CREATE TABLE judged AS SELECT {columns} FROM ({feed_sql(FLIGHT_EVENTS)})"
        )
        connection.execute(
            """
            CREATE TABLE again AS
            SELECT line FROM judged WHERE reason IS NULL
            QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY line) > 1
            """
        )
        connection.execute(
            f"COPY (SELECT * EXCLUDE (reason) FROM judged ANTI JOIN again USING (line)"
            f" WHERE reason IS NULL) TO '{clean}/0.parquet'"
        )
        connection.execute(
            "COPY (SELECT line, reason FROM judged WHERE reason IS NOT NULL"
            f" UNION ALL SELECT line, 'duplicate' FROM again) TO '{refused}/0.parquet'"
        )
        return connection.execute(leg_delays(clean)).fetchall()
