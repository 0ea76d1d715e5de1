"""Spark with Airside's SQL in its Python workers (`mapInArrow`), as `airside spark` has it.

That command finds duplicates by a table of accepted ids on the driver, for it works through a
stream; here all is one batch, and Spark finds them.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from airside.silver.kernel import RECORDS, Kernel
from peers.spark_outputs import finish, session
from peers.task import CLEAN, Answer

TITLE = "Spark, Airside's SQL by mapInArrow"
PACKAGE = "pyspark"
NEEDED = "DuckDB in the workers, which is the idea"

_DDL = {"VARCHAR": "string", "TIMESTAMP": "timestamp_ntz"}


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    records = session(threads).read.parquet(str(source))
    columns = ", ".join(f"{name} {_DDL.get(kind, kind)}" for name, kind in CLEAN.items())
    return finish(records.mapInArrow(_judge, f"{columns}, reason string"), target)


@cache
def _kernel() -> Kernel:
    return Kernel(duckdb.connect(config={"threads": 1}), threads=1)


def _judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        lines = batch["line"]
        records = pa.Table.from_arrays(
            [
                pa.repeat("shard-0", len(lines)),
                pc.utf8_lpad(lines.cast(pa.string()), 20, "0"),
                lines.cast(pa.timestamp("us")),
                batch["payload"],
            ],
            schema=RECORDS,
        )
        rows = _kernel().to_arrow(records).select([*list(CLEAN)[1:], "reason"])
        yield from rows.add_column(0, "line", lines).to_batches()
