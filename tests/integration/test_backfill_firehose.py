"""What Firehose archived gives the same answers as the live run that it went past."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from airside.lake import open_lake
from oracle.corpus import hostile
from support.calls import call, refused
from support.command import airside_here, airside_json
from support.contents import GOLD
from support.firehose import file_name, gzipped
from support.s3 import S3

RECORDS = 3_000
A_FILE = 130
PLACE = ("arrived_at", "sequence_number", "shard_id", "batch_id")
"""What Firehose does not keep of a record, and how records were cut into batches."""


@pytest.fixture(scope="module")
def records() -> list[bytes]:
    return [r for r in (r.replace(b"\n", b" ") for r in hostile(RECORDS, seed=31)) if r]


@pytest.fixture(scope="module")
def live(records: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("live") / "data"
    lines = b"".join(record + b"\n" for record in records)
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    airside_here("run", "--until-drained", "--data-dir", data)
    return data


def deliver(url: str, records: list[bytes], prefix: str) -> None:
    """Write the records as Firehose would, a file a minute, in every way that it may."""
    lake = open_lake(url)
    for number, first in enumerate(range(0, len(records), A_FILE)):
        with lake.publish(file_name(number, prefix)) as path:
            path.write_bytes(
                gzipped(
                    records[first : first + A_FILE],
                    members=1 + number % 3,
                    last_newline=bool(number % 4),
                )
            )


def contents(data: Path) -> dict[str, list[Any]]:
    """Table → its rows, less a record's place on the stream."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return {
            table: connection.execute(
                f"SELECT COLUMNS(lambda c: c NOT IN {PLACE} AND c NOT LIKE '%batch_id')"
                f" FROM {table} ORDER BY ALL"
            ).fetchall()
            for table in ("staging.flight_events", "staging.quarantine", *GOLD)
        }


def test_from_s3(records: list[bytes], live: Path, s3: S3, tmp_path: Path) -> None:
    bucket = s3.bucket()
    deliver(f"s3://{bucket}", records, "bronze/flight_events/{at:%Y/%m/%d/%H/}")
    source = f"s3://{bucket}/bronze/flight_events"
    new = tmp_path / "new"
    airside_here("backfill", "--source", source, "--data-dir", new)
    assert contents(new) == contents(live)
    status = airside_json("status", "--data-dir", new)
    assert status["balanced"] is True
    assert status["archived"] == len(records)
    airside_here("backfill", "--data-dir", new)
    assert contents(new) == contents(live), "it is an archive like any other"


def test_from_a_folder_with_hive_prefixes(records: list[bytes], live: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    deliver(
        str(raw),
        records,
        "bronze/flight_events/ingest_date={at:%Y-%m-%d}/ingest_hour={at:%H}/",
    )
    airside_here("backfill", "--source", raw, "--data-dir", tmp_path / "new")
    assert contents(tmp_path / "new") == contents(live)


def test_damage_is_one_line_and_mended_it_goes_on(records: list[bytes], tmp_path: Path) -> None:
    raw, new = tmp_path / "raw", tmp_path / "new"
    deliver(str(raw), records[:400], "")
    name = file_name(2, "")
    whole = (raw / name).read_bytes()
    (raw / name).write_bytes(whole[:-30])
    message = refused(65, "backfill", "--source", raw, "--data-dir", new)
    assert f"{raw / name} is damaged after record" in message
    (raw / name).write_bytes(whole)
    airside_here("backfill", "--source", raw, "--data-dir", new)
    assert airside_json("status", "--data-dir", new)["archived"] == 400


def test_nothing_of_firehoses_is_told(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes.txt").write_text("no delivery")
    message = refused(2, "backfill", "--source", tmp_path / "raw", "--data-dir", tmp_path / "new")
    assert "nothing of Firehose's below" in message
    assert not (tmp_path / "new").exists()
    message = refused(2, "backfill", "--source", tmp_path / "none", "--data-dir", tmp_path / "new")
    assert "there is no folder" in message
