"""The task that does it all on AWS is lost with its disk: the next one goes on, exactly once."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from airside.lake import open_lake
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import load
from oracle.corpus import hostile
from support import kinesis
from support.command import airside_here, airside_json
from support.contents import archived_lines, lake_contents, warehouse_contents
from support.lakes import clean_rows
from support.s3 import S3


def test_a_lost_task(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in kinesis.environment().items():
        monkeypatch.setenv(name, value)
    stream_url = f"kinesis://{kinesis.create(shards=2)}"
    lake = open_lake(f"s3://{s3.bucket()}/lake")
    records = [r.replace(b"\n", b" ") for r in hostile(900, seed=41)]
    first, second, third = records[:300], records[300:600], records[600:]
    settings = load(
        {
            "data_dir": tmp_path / "one",
            "stream.url": stream_url,
            "lake.url": lake.url,
            "silver.max_batch_records": 60,
        },
        {},
    ).settings
    with open_pipeline(DataDir(tmp_path / "one"), settings) as pipeline:
        pipeline.stream.put(first)
        while pipeline.silver.run_once():
            pass
        pipeline.archiver.run_once(flush=True)
        pipeline.stream.put(second)
        while pipeline.silver.run_once():  # ahead of the archive when the task is lost
            pass
        pipeline.stream.put(third)
    before = {name: lake.read(name) for name in lake.names("silver")}
    shutil.rmtree(tmp_path / "one")

    two = tmp_path / "two"
    options = ("--stream", stream_url, "--data-dir")
    airside_here("run", "--until-drained", *options, two, "--lake", lake.url)
    status = airside_json("status", "--data-dir", two)
    assert status["balanced"] is True
    assert status["received"] == status["archived"] == len(records)
    airside_here("run", "--until-drained", *options, tmp_path / "undisturbed")
    assert warehouse_contents(two / "warehouse.duckdb") == warehouse_contents(
        tmp_path / "undisturbed" / "warehouse.duckdb"
    )
    rows = clean_rows(lake, tmp_path / "copy")
    assert rows == lake_contents(tmp_path / "undisturbed")
    assert Counter(archived_lines(tmp_path / "copy")) == Counter(records)
    assert any(name in before and lake.read(name) == before[name] for name in lake.names("silver"))
