"""Airside: its kernel and its table of accepted ids, batch by batch, as its silver stage has them.

That stage does more: it takes records off the stream, keeps them verbatim, quarantines with details
and bytes, loads a warehouse, and writes down each batch so that a crash at any instant changes
nothing. `bench_pipeline.py` measures that; here it is the transform against other transforms.
"""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from airside.silver.dedupe import Dedupe
from airside.silver.kernel import RECORDS, Kernel
from peers.task import CLEAN, Answer, folders, leg_delays

TITLE = "Airside's kernel"
PACKAGE = "duckdb"
NEEDED = "nothing; computes the contract's other columns and flags too"

_BATCH = 65_536
_SHARD = "shard-0"


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    clean, refused = folders(target)
    columns = ", ".join(["sequence_number::BIGINT AS line", *list(CLEAN)[1:]])
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("SET timezone = 'UTC'; CREATE SCHEMA staging")
        kernel = Kernel(connection)
        dedupe = Dedupe(connection)
        for number, batch in enumerate(pq.ParquetFile(source).iter_batches(_BATCH)):
            rows = kernel.to_arrow(_records(batch))
            rows = rows.append_column("is_duplicate", dedupe.run(rows))
            connection.register("batch", rows)
            connection.execute(
                f"COPY (SELECT {columns} FROM batch WHERE reason IS NULL AND NOT is_duplicate)"
                f" TO '{clean}/{number}.parquet'"
            )
            connection.execute(
                "COPY (SELECT sequence_number::BIGINT AS line, coalesce(reason, 'duplicate') AS"
                " reason FROM batch WHERE reason IS NOT NULL OR is_duplicate)"
                f" TO '{refused}/{number}.parquet'"
            )
        return connection.execute(leg_delays(clean)).fetchall()


def _records(batch: pa.RecordBatch) -> pa.Table:
    """The lines as the stream would have given them, a microsecond apart."""
    lines = batch["line"]
    return pa.Table.from_arrays(
        [
            pa.repeat(_SHARD, len(lines)),
            pc.utf8_lpad(lines.cast(pa.string()), 20, "0"),
            lines.cast(pa.timestamp("us")),
            batch["payload"],
        ],
        schema=RECORDS,
    )
