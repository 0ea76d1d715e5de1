"""Polars: its NDJSON reader and its expressions, eager, on the records that are JSON objects."""

from io import BytesIO
from pathlib import Path

import polars as pl

from peers.documents import read
from peers.task import (
    AIRPORT,
    AIRPORTS,
    CLEAN,
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
    folders,
)

TITLE = "Polars"
PACKAGE = "polars"
NEEDED = (
    "a Python function that says what is UTF-8, JSON and an object, as read_ndjson stops at the"
    " first line that is no JSON; a second look at numbers with a fraction, as it makes the text"
    " 35000 of 35000.0; an array in a text's place comes as text"
)

_SCHEMA = {
    "event_id": pl.String,
    "event_timestamp": pl.String,
    **{name: pl.Struct(dict.fromkeys(fields, pl.String)) for name, fields in SECTIONS.items()},
}
_NUMBERS = {
    name: f"$.{section}.{name}"
    for section, fields in SECTIONS.items()
    for name in fields
    if name in (*NATURALS, "altitude_ft")
}
_MINUTES = 60e6


def run(source: Path, target: Path, threads: int) -> Answer:  # noqa: ARG001 - the environment has it
    """Do the task."""
    clean_folder, refused_folder = folders(target)
    records = pl.read_parquet(source).with_columns(
        reason=pl.col("payload").map_elements(_reason, return_dtype=pl.String)
    )
    objects = records.filter(pl.col("reason").is_null())
    judged = pl.concat([objects.select("line"), _fields(objects["payload"])], how="horizontal")
    judged = _judged(judged)
    good = pl.col("reason").is_null()
    clean = judged.filter(good).filter(pl.col("event_id").is_first_distinct())
    clean.select(list(CLEAN)).write_parquet(clean_folder / "0.parquet")
    pl.concat(
        [
            records.filter(~good).select("line", "reason"),
            judged.filter(~good).select("line", "reason"),
            judged.filter(good)
            .filter(~pl.col("event_id").is_first_distinct())
            .select("line", reason=pl.lit("duplicate")),
        ]
    ).write_parquet(refused_folder / "0.parquet")
    answer = (
        clean.filter(
            pl.col("departure_delay_minutes").is_not_null(), pl.col("airline_iata").is_not_null()
        )
        .sort("event_at", "line")
        .group_by("flight_icao", "departure_airport_iata", "scheduled_departure_at")
        .agg(pl.col("airline_iata", "departure_delay_minutes").last())
        .group_by("airline_iata")
        .agg(
            pl.len(),
            mean=pl.col("departure_delay_minutes").mean(),
            median=pl.col("departure_delay_minutes").median(),
        )
    )
    return list(answer.rows())


def _reason(payload: bytes) -> str | None:
    return read(payload)[0]


def _fields(payloads: pl.Series) -> pl.DataFrame:
    """The texts of each document, trimmed; NULL where there is none."""
    lines = BytesIO(b"\n".join(payloads.to_list()))
    frame = pl.read_ndjson(lines, schema=_SCHEMA, ignore_errors=True).unnest(*SECTIONS)
    text = pl.all().str.strip_chars(" ")
    return (
        frame.with_row_index()
        .update(_with_fractions(payloads), on="index")
        .drop("index")
        .select(pl.when((text != "") & ~text.str.contains(r"^[\[{]")).then(text).name.keep())
    )


def _with_fractions(payloads: pl.Series) -> pl.DataFrame:
    """The numbers, as they are written, of the few documents that write one with a fraction."""
    document = pl.col("payload")
    return (
        payloads.cast(pl.String)
        .to_frame()
        .with_row_index()
        .filter(document.str.contains(r":\s*-?\d+\.\d"))
        .select(
            "index", **{name: document.str.json_path_match(at) for name, at in _NUMBERS.items()}
        )
    )


def _judged(texts: pl.DataFrame) -> pl.DataFrame:
    """Typed columns, and the first reason that applies."""
    return (
        texts.with_columns(
            event_at=_event_time(pl.col("event_timestamp")),
            flight_status=pl.col("flight_status")
            .str.to_lowercase()
            .replace_strict(STATUSES, default=None),
            altitude_ft=_integer(pl.col("altitude_ft"), INTEGER),
            **{name: pl.col(name).str.to_uppercase() for name in CODES},
            **{name: _airport(pl.col(name)) for name in AIRPORTS},
            **{f"{name}_at": _time(pl.col(f"{name}_utc")) for name in TIMES},
            **{name: _integer(pl.col(name), NATURAL) for name in NATURALS},
        )
        .with_columns(
            heading=_where(pl.col("heading"), pl.col("heading") <= 360),
            **{
                name: _where(pl.col(name), pl.col(name) <= pl.col("event_at"))
                for name in ("actual_departure_at", "actual_arrival_at")
            },
        )
        .with_columns(
            actual_arrival_at=_where(
                pl.col("actual_arrival_at"),
                (pl.col("actual_arrival_at") >= pl.col("actual_departure_at")).fill_null(True),
            )
        )
        .with_columns(
            departure_delay_minutes=_minutes("departure"),
            arrival_delay_minutes=_minutes("arrival"),
            reason=pl.when(pl.col("event_id").is_null())
            .then(pl.lit("missing_event_id"))
            .when(pl.col("event_at").is_null())
            .then(pl.lit("bad_event_timestamp"))
            .when(pl.col("flight_icao").is_null())
            .then(pl.lit("missing_flight"))
            .when(pl.any_horizontal(pl.col(AIRPORTS).is_null()))
            .then(pl.lit("bad_route"))
            .when(
                (pl.col("scheduled_arrival_at") > pl.col("scheduled_departure_at"))
                .fill_null(False)
                .not_()
            )
            .then(pl.lit("bad_schedule"))
            .when(pl.col("flight_status").is_null())
            .then(pl.lit("bad_status")),
        )
    )


def _where(column: pl.Expr, condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(column)


def _time(text: pl.Expr) -> pl.Expr:
    zone = pl.when(text.str.ends_with("Z")).then(text.str.replace("Z", "+00:00", literal=True))
    zoned = zone.when(text.str.len_bytes() == 19).then(text + "+00:00").otherwise(text)
    return _where(
        zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_unit="us", time_zone="UTC", strict=False),
        text.str.contains(ISO_TIME),
    )


def _event_time(text: pl.Expr) -> pl.Expr:
    number = _where(text, text.str.contains(UNIX_TIME)).cast(pl.Int64)
    micros = number * pl.when(number < MILLISECONDS_FROM).then(1_000_000).otherwise(1_000)
    clock = _where(text, text.str.contains(CLOCK_TIME)).str.to_datetime(
        "%d/%b/%Y %H:%M:%S", time_unit="us", time_zone="UTC", strict=False
    )
    return pl.coalesce(_time(text), micros.cast(pl.Datetime("us", "UTC")), clock)


def _integer(text: pl.Expr, pattern: str) -> pl.Expr:
    digits = _where(text, text.str.contains(pattern)).str.strip_prefix("+")
    return digits.cast(pl.Int32, strict=False)


def _airport(text: pl.Expr) -> pl.Expr:
    return _where(text.str.to_uppercase(), text.str.contains(AIRPORT))


def _minutes(of: str) -> pl.Expr:
    late = pl.col(f"actual_{of}_at") - pl.col(f"scheduled_{of}_at")
    return late.dt.total_microseconds() / _MINUTES
