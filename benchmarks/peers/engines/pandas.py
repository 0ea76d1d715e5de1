"""pandas: a frame of texts out of orjson, then vectorised columns of Arrow-backed strings."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from peers.documents import names, read, texts
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
    STATUSES,
    TIMES,
    UNIX_TIME,
    Answer,
    folders,
)

TITLE = "pandas"
PACKAGE = "pandas"
NEEDED = "orjson in a Python loop, as read_json stops at the first line that is no JSON"


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    pa.set_cpu_count(threads)
    clean_folder, refused_folder = folders(target)
    records = pd.read_parquet(source)
    read_ones = [read(payload) for payload in records["payload"]]
    records["reason"] = pd.Series([reason for reason, _ in read_ones], dtype="str")
    is_object = records["reason"].isna()
    frame = pd.DataFrame.from_records(
        [texts(document) for reason, document in read_ones if reason is None], columns=names()
    ).astype("str")
    del read_ones
    frame["line"] = records.loc[is_object, "line"].array
    judged = _judged(frame)

    good = judged[judged["reason"].isna()]
    is_again = good.duplicated("event_id")
    clean = good.loc[~is_again, list(CLEAN)]
    clean.to_parquet(clean_folder / "0.parquet", index=False)
    pd.concat(
        [
            records.loc[~is_object, ["line", "reason"]],
            judged.loc[judged["reason"].notna(), ["line", "reason"]],
            good.loc[is_again, ["line"]].assign(reason="duplicate"),
        ]
    ).to_parquet(refused_folder / "0.parquet", index=False)

    legs = (
        clean.dropna(subset=["departure_delay_minutes", "airline_iata"])
        .sort_values(["event_at", "line"])
        .drop_duplicates(
            ["flight_icao", "departure_airport_iata", "scheduled_departure_at"], keep="last"
        )
    )
    answer = legs.groupby("airline_iata")["departure_delay_minutes"].agg(["size", "mean", "median"])
    return list(answer.itertuples(name=None))


def _judged(frame: pd.DataFrame) -> pd.DataFrame:
    """Typed columns, and the first reason that applies."""
    typed = pd.DataFrame({"line": frame["line"], "event_id": frame["event_id"]})
    typed["event_at"] = _event_time(frame["event_timestamp"])
    for name in CODES:
        typed[name] = frame[name].str.upper()
    for name in AIRPORTS:
        typed[name] = _matching(frame[name], AIRPORT).str.upper()
    for name in TIMES:
        typed[f"{name}_at"] = _time(frame[f"{name}_utc"])
    for name in NATURALS:
        typed[name] = _integer(frame[name], NATURAL)
    typed["altitude_ft"] = _integer(frame["altitude_ft"], INTEGER)
    typed["heading"] = typed["heading"].where(typed["heading"] <= 360)
    typed["flight_status"] = frame["flight_status"].str.lower().map(STATUSES)

    for name in ("actual_departure_at", "actual_arrival_at"):
        typed[name] = typed[name].where(typed[name] <= typed["event_at"])
    is_backwards = typed["actual_arrival_at"] < typed["actual_departure_at"]
    typed["actual_arrival_at"] = typed["actual_arrival_at"].mask(is_backwards)
    for of in ("departure", "arrival"):
        late = typed[f"actual_{of}_at"] - typed[f"scheduled_{of}_at"]
        typed[f"{of}_delay_minutes"] = late / pd.Timedelta(minutes=1)

    has_schedule = typed["scheduled_arrival_at"] > typed["scheduled_departure_at"]
    typed["reason"] = pd.Series(pd.NA, index=typed.index, dtype="str").case_when(
        [
            (typed["event_id"].isna(), "missing_event_id"),
            (typed["event_at"].isna(), "bad_event_timestamp"),
            (typed["flight_icao"].isna(), "missing_flight"),
            (typed[list(AIRPORTS)].isna().any(axis=1), "bad_route"),
            (~has_schedule, "bad_schedule"),
            (typed["flight_status"].isna(), "bad_status"),
        ]
    )
    return typed


def _matching(text: pd.Series, pattern: str) -> pd.Series:
    return text.where(text.str.contains(pattern, na=False))


def _time(text: pd.Series) -> pd.Series:
    return pd.to_datetime(
        _matching(text, ISO_TIME), format="ISO8601", utc=True, errors="coerce"
    ).dt.as_unit("us")


def _event_time(text: pd.Series) -> pd.Series:
    number = pd.to_numeric(_matching(text, UNIX_TIME)).astype("Int64")
    seconds = number.where(number < MILLISECONDS_FROM, number / 1_000)
    clock = pd.to_datetime(
        _matching(text, CLOCK_TIME), format="%d/%b/%Y %H:%M:%S", utc=True, errors="coerce"
    )
    unix = pd.to_datetime(seconds.astype("Float64"), unit="s", utc=True)
    return _time(text).fillna(clock.dt.as_unit("us")).fillna(unix.dt.as_unit("us"))


def _integer(text: pd.Series, pattern: str) -> pd.Series:
    number = pd.to_numeric(_matching(text, pattern)).astype("Int64")
    return number.where(number.between(-(2**31), 2**31 - 1)).astype("Int32")
