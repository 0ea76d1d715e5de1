"""Spark with its own functions: `from_json` and column expressions, no Python in the workers."""

from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as its docs have it

from peers.spark_outputs import finish, session
from peers.task import (
    AIRPORT,
    AIRPORTS,
    CLOCK_TIME,
    CODES,
    INTEGER,
    ISO_TIME,
    MILLISECONDS_FROM,
    NATURAL,
    NATURALS,
    SECTIONS,
    STATUSES,
    TIMES,
    UNIX_TIME,
    Answer,
)

TITLE = "Spark, native functions"
PACKAGE = "pyspark"
NEEDED = (
    "each record read as the only element of an array, as from_json passes over what follows a"
    " record; UTF-8 told by decoding and encoding again; an array in a text's place comes as text"
)

_SCHEMA = "STRUCT<event_id: STRING, event_timestamp: STRING, {}>".format(
    ", ".join(
        f"{section}: STRUCT<{', '.join(f'{field}: STRING' for field in fields)}>"
        for section, fields in SECTIONS.items()
    )
)
_OPTIONS = {"allowSingleQuotes": "false", "mode": "PERMISSIVE"}


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    records = session(threads).read.parquet(str(source))
    return finish(_judged(_texts(_documents(records))), target)


def _documents(records: DataFrame) -> DataFrame:
    """The document of each record, or what is wrong with it."""
    text = F.decode("payload", "UTF-8")
    wrapped = F.concat(F.lit("["), F.col("text"), F.lit("]"))
    elements = F.from_json(wrapped, "ARRAY<STRING>", _OPTIONS)
    parsed = F.from_json(wrapped, f"ARRAY<{_SCHEMA}>", _OPTIONS)
    document = F.when(F.size("parsed") == 1, F.col("parsed")[0])
    return _once(records.select("line", "payload", text.alias("text")), parsed=parsed).select(
        "line",
        document.alias("document"),
        # only the suspicious are worth a second look
        F.when(
            F.col("text").contains("\ufffd") & (F.encode("text", "UTF-8") != F.col("payload")),
            F.lit("not_utf8"),
        )
        .when(document["event_id"].isNotNull(), F.lit(None))
        .when(F.coalesce(F.size(elements), F.lit(-1)) != 1, F.lit("not_json"))
        .when(~F.coalesce(elements[0].startswith("{"), F.lit(False)), F.lit("not_object"))
        .alias("unread"),
    )


def _once(frame: DataFrame, **columns: Column) -> DataFrame:
    """Add columns that are computed once, however often they are used.

    The optimizer would put their expressions wherever they are used, and parse a record for each
    field; it does not reach through a generator.
    """
    row = F.struct(*(column.alias(name) for name, column in columns.items()))
    return frame.select("*", F.explode(F.array(row)).alias("row")).select(
        *frame.columns, *(f"row.{name}" for name in columns)
    )


def _texts(documents: DataFrame) -> DataFrame:
    """Every scalar as trimmed text; what is blank, an object or an array is NULL."""

    def text(path: str) -> Column:
        trimmed = F.trim(F.col(f"document.{path}"))
        return F.when(trimmed.rlike(r"^[^\[{]"), trimmed)

    return documents.select(
        "line",
        "unread",
        text("event_id").alias("event_id"),
        text("event_timestamp").alias("event_timestamp"),
        *(
            text(f"{section}.{field}").alias(field)
            for section, fields in SECTIONS.items()
            for field in fields
        ),
    )


def _judged(texts: DataFrame) -> DataFrame:
    """Typed columns, and the first reason that applies."""
    typed = texts.select(
        "line",
        "unread",
        "event_id",
        _event_time(F.col("event_timestamp")).alias("event_at"),
        *(F.upper(name).alias(name) for name in CODES),
        *(F.when(F.col(name).rlike(AIRPORT), F.upper(name)).alias(name) for name in AIRPORTS),
        *(_time(F.col(f"{name}_utc")).alias(f"{name}_at") for name in TIMES),
        *(_integer(F.col(name), NATURAL).alias(name) for name in NATURALS),
        _integer(F.col("altitude_ft"), INTEGER).alias("altitude_ft"),
        _statuses()[F.lower("flight_status")].alias("flight_status"),
    )
    actual_departure, actual_arrival = (
        F.when(F.col(name) <= F.col("event_at"), F.col(name))
        for name in ("actual_departure_at", "actual_arrival_at")
    )
    return (
        typed.withColumns(
            {
                "heading": F.when(F.col("heading") <= 360, F.col("heading")),
                "actual_departure_at": actual_departure,
                "actual_arrival_at": actual_arrival,
            }
        )
        .withColumn(
            "actual_arrival_at",
            F.when(
                F.coalesce(F.col("actual_arrival_at") >= F.col("actual_departure_at"), F.lit(True)),
                F.col("actual_arrival_at"),
            ),
        )
        .withColumns(
            {
                "departure_delay_minutes": _minutes("departure"),
                "arrival_delay_minutes": _minutes("arrival"),
                "reason": F.when(F.col("unread").isNotNull(), F.col("unread"))
                .when(F.col("event_id").isNull(), F.lit("missing_event_id"))
                .when(F.col("event_at").isNull(), F.lit("bad_event_timestamp"))
                .when(F.col("flight_icao").isNull(), F.lit("missing_flight"))
                .when(
                    F.col("departure_airport_iata").isNull()
                    | F.col("arrival_airport_iata").isNull(),
                    F.lit("bad_route"),
                )
                .when(
                    ~F.coalesce(
                        F.col("scheduled_arrival_at") > F.col("scheduled_departure_at"),
                        F.lit(False),
                    ),
                    F.lit("bad_schedule"),
                )
                .when(F.col("flight_status").isNull(), F.lit("bad_status")),
            }
        )
    )


def _statuses() -> Column:
    return F.create_map(*(F.lit(word) for pair in STATUSES.items() for word in pair))


def _time(text: Column) -> Column:
    return F.when(text.rlike(ISO_TIME), text.cast("timestamp"))


def _event_time(text: Column) -> Column:
    number = text.cast("bigint")
    unix = F.when(number < MILLISECONDS_FROM, F.timestamp_seconds(number)).otherwise(
        F.timestamp_millis(number)
    )
    return (
        F.when(text.rlike(UNIX_TIME), unix)
        .when(text.rlike(CLOCK_TIME), F.to_timestamp(text, "d/MMM/yyyy HH:mm:ss"))
        .otherwise(_time(text))
    )


def _integer(text: Column, pattern: str) -> Column:
    return F.when(text.rlike(pattern), text.cast("int"))


def _minutes(of: str) -> Column:
    actual, scheduled = (F.unix_micros(f"{kind}_{of}_at") for kind in ("actual", "scheduled"))
    return (actual - scheduled) / F.lit(60_000_000.0)
