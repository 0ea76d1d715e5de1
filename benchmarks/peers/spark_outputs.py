"""What both ways of doing the task on Spark share: duplicates, files and the answer."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - as its docs have it

from airside.silver.spark.session import open_session
from peers.task import CLEAN, Answer

_SETTINGS = {
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
}


def session(threads: int) -> SparkSession:
    """A session with settings of its own, in the process's Spark of so many cores."""
    spark = (SparkSession.getActiveSession() or open_session(f"local[{threads}]")).newSession()
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def finish(judged: DataFrame, target: Path) -> Answer:
    """Tell duplicates, write both outputs, and answer.

    Args:
        judged: The columns of `CLEAN` and `reason`, a row for each record.
        target: The folder of both outputs.
    """
    # of the records with an id, those without a reason come first, in their order
    by_id = Window.partitionBy("event_id").orderBy(F.col("reason").isNotNull(), "line")
    is_again = F.col("reason").isNull() & (F.row_number().over(by_id) > 1)
    judged = judged.withColumn(
        "reason", F.when(is_again, F.lit("duplicate")).otherwise(F.col("reason"))
    ).persist()
    try:
        clean = judged.where("reason IS NULL").select(*CLEAN)
        clean.write.parquet(str(target / "clean"), mode="overwrite")
        refused = judged.where("reason IS NOT NULL").select("line", "reason")
        refused.write.parquet(str(target / "refused"), mode="overwrite")
        legs = (
            clean.where("departure_delay_minutes IS NOT NULL AND airline_iata IS NOT NULL")
            .groupBy("flight_icao", "departure_airport_iata", "scheduled_departure_at")
            .agg(
                F.max_by("airline_iata", F.struct("event_at", "line")).alias("airline"),
                F.max_by("departure_delay_minutes", F.struct("event_at", "line")).alias("minutes"),
            )
        )
        answer = legs.groupBy("airline").agg(F.count("*"), F.avg("minutes"), F.median("minutes"))
        return [tuple(row) for row in answer.collect()]
    finally:
        judged.unpersist()
