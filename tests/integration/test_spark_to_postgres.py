"""What Spark cleans, a warehouse loads: the lake between them is all that they share."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from airside.silver.spark.archive import run_to_end
from airside.warehouse.batch_document import BatchDocument
from support.calls import processed
from support.command import airside_json
from support.spark import parts, stage
from support.two_warehouses import both_readers, sorted_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLES = (
    "staging.flight_events",
    "staging.quarantine",
    "staging.checkpoints",
    "main.fct_flight_legs",
    "main.fct_turnarounds",
    "main.int_record_counts",
    "main.rpt_airline_delays",
)


def test_the_lake_of_spark_gives_the_rows_of_the_embedded_pipeline(
    spark: "SparkSession", postgres: str, tmp_path: Path
) -> None:
    data = processed(tmp_path, records=1_000, seed=31)
    (tmp_path / "lake").mkdir()
    documents: list[BatchDocument] = []
    run_to_end(
        spark,
        stage(tmp_path / "lake"),
        parts(data),
        documents.append,
        threading.Event(),
        batch_records=400,
    )
    elsewhere = ("--lake", tmp_path / "lake", "--data-dir", tmp_path / "none")
    done = airside_json("refresh", "--warehouse", postgres, *elsewhere)
    assert done["batches"] == len(documents)
    assert done["records"] == 1_000

    with both_readers(data, postgres) as (embedded, server):
        for table in TABLES:
            expected, found = (
                sorted_rows(reader.query(f"SELECT * FROM {table}").to_pylist())
                for reader in (embedded, server)
            )
            assert found == expected, table
    assert airside_json("refresh", "--warehouse", postgres, *elsewhere)["batches"] == 0
