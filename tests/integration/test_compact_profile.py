"""One container that reads Kinesis, keeps its lake on S3, and loses its own disk."""

import shutil
import signal
from pathlib import Path

import pytest

from airside.lake import open_lake
from oracle.corpus import hostile
from support import kinesis
from support.command import airside_here, airside_json, start
from support.contents import archived_lines, warehouse_contents
from support.lakes import assert_no_overlap, fetched
from support.s3 import S3
from support.waiting import eventually

RECORDS = 2_000
SMALL = {
    "AIRSIDE_SILVER__MAX_BATCH_RECORDS": "300",
    "AIRSIDE_SILVER__WINDOW_SECONDS": "0.1",
    "AIRSIDE_BRONZE__CUT_SECONDS": "0.5",
}


@pytest.fixture
def aws(s3: S3, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The addresses of a stream and of a lake, which every process started here finds."""
    for name, value in {**s3.environment, **kinesis.environment()}.items():
        monkeypatch.setenv(name, value)
    return f"kinesis://{kinesis.create(shards=2)}", f"s3://{s3.bucket()}/airport"


def test_a_container_that_loses_its_disk_loses_nothing(
    aws: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, lake_url = aws
    lake = open_lake(lake_url)
    records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=31)]
    disk = tmp_path / "disk"
    where = ("--data-dir", disk, "--stream", stream, "--lake", lake_url)
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)

    for part in range(2):
        feed = tmp_path / "feed.ndjson"
        feed.write_bytes(b"\n".join(records[part * 1_000 :][:1_000]) + b"\n")
        airside_here("ingest", feed, "--stream", stream, "--data-dir", tmp_path / "producer")
        already = len(lake.names("bronze", ".ndjson.zst"))
        running = start("up", "--no-simulator", "--no-dashboard", "--quiet", *where, **SMALL)
        eventually(lambda least=already: len(lake.names("bronze", ".ndjson.zst")) > least, 150)
        running.send_signal(signal.SIGKILL)
        running.wait()
        shutil.rmtree(disk)

    airside_here("run", "--until-drained", *where)

    status = airside_json("status", "--data-dir", disk)
    assert status["archived"] == RECORDS
    assert status["clean"] + status["quarantined"] + status["duplicates"] == RECORDS
    assert status["balanced"] is True
    copy = fetched(lake, tmp_path / "copy")
    assert sorted(archived_lines(copy)) == sorted(records)
    assert_no_overlap(lake)

    # The same archive, read by nobody before, gives the same rows.
    anew = tmp_path / "anew"
    airside_here("backfill", "--source", lake_url, "--stream", stream, "--data-dir", anew)
    assert warehouse_contents(disk / "warehouse.duckdb") == warehouse_contents(
        anew / "warehouse.duckdb"
    )
