"""The pipeline with its lake on S3: killed, resumed, and rebuilt from nothing but the lake."""

import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airside.errors import RetryableError, TerminalError
from airside.lake import open_lake
from airside.runtime.clocks import wall_clock
from airside.runtime.compaction import compact
from airside.runtime.data_dir import DataDir
from airside.runtime.observatory import Observatory
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.readers import observe
from airside.settings import load
from airside.stream import EmbeddedStream
from oracle.corpus import hostile
from support.calls import call, refused
from support.command import airside_here, airside_json, start
from support.contents import archived_lines, lake_contents, warehouse_contents
from support.lakes import assert_no_overlap, clean_rows, fetched
from support.s3 import S3, s3_server
from support.waiting import eventually

RECORDS = 1_200
SMALL_BATCHES = {
    "AIRSIDE_SILVER__MAX_BATCH_RECORDS": "150",
    "AIRSIDE_SILVER__WINDOW_SECONDS": "0.05",
    "AIRSIDE_BRONZE__CUT_SECONDS": "0.3",
    "AIRSIDE_BRONZE__CUT_BYTES": "20000",
}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose records wait on the stream, in small frames over two shards."""
    data = tmp_path_factory.mktemp("waiting") / "data"
    records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=21)]
    directory = DataDir(data)
    directory.open()
    settings = load({"data_dir": data, "stream.shards": 2}, {}).settings
    with open_stream_of(directory, settings.stream.shards) as stream:
        for first in range(0, RECORDS, 50):
            stream.put(records[first : first + 50])
    return data


@contextmanager
def open_stream_of(directory: DataDir, shards: int) -> Iterator[EmbeddedStream]:
    stream = EmbeddedStream(directory.stream, clock=wall_clock, shards=shards)
    try:
        yield stream
    finally:
        stream.close()


@pytest.fixture(scope="module")
def local(waiting: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes of them on one machine."""
    data = Path(shutil.copytree(waiting, tmp_path_factory.mktemp("local") / "data"))
    airside_here("run", "--until-drained", "--data-dir", data)
    return data


def quarantined_rows(folder: Path) -> list[Any]:
    """The quarantine's Parquet files."""
    files = folder / "quarantine" / "flight_events" / "**" / "*.parquet"
    rows = duckdb.sql(f"FROM read_parquet('{files}', hive_partitioning = false) ORDER BY ALL")
    return rows.fetchall()


@pytest.fixture
def data(waiting: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(waiting, tmp_path / "data"))


@pytest.fixture
def url(s3: S3) -> str:
    return f"s3://{s3.bucket()}/airport"


def open_in_small_steps(data: Path, url: str) -> AbstractContextManager[Pipeline]:
    """A pipeline whose stages move only when they are told to."""
    settings = load(
        {
            "data_dir": data,
            "lake.url": url,
            "silver.max_batch_records": 150,
            "bronze.cut_bytes": 20_000,
        },
        {},
    ).settings
    return open_pipeline(DataDir(data), settings)


def test_killed_and_started_again_it_equals_the_local_one(
    data: Path, local: Path, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lake = open_lake(url)
    for name, value in SMALL_BATCHES.items():
        monkeypatch.setenv(name, value)
    for files in (2, 6):
        running = start("run", "--data-dir", data, "--lake", url, **SMALL_BATCHES)
        eventually(lambda enough=files: len(lake.names("silver")) >= enough)
        running.send_signal(signal.SIGKILL)
        running.wait()
    airside_here("run", "--until-drained", "--data-dir", data)  # it remembers its lake

    assert warehouse_contents(data / "warehouse.duckdb") == warehouse_contents(
        local / "warehouse.duckdb"
    )
    assert clean_rows(lake, tmp_path / "copy") == lake_contents(local)
    assert quarantined_rows(tmp_path / "copy") == quarantined_rows(local) != []
    assert sorted(archived_lines(tmp_path / "copy")) == sorted(archived_lines(local))
    assert (tmp_path / "copy" / "gold" / "fct_flight_legs.parquet").exists()
    assert not (data / "bronze").exists()
    assert not (data / "silver").exists()
    status = airside_json("status", "--data-dir", data)
    assert status["balanced"] is True
    assert status["archived"] == RECORDS
    assert call("doctor", "--data-dir", data).code == 0
    airside_here("compact", "--lake", url)
    assert clean_rows(lake, tmp_path / "compacted") == lake_contents(local)
    airside_here("backfill", "--data-dir", data)
    assert warehouse_contents(data / "warehouse.duckdb") == warehouse_contents(
        local / "warehouse.duckdb"
    )
    shutil.rmtree(tmp_path / "copy")
    assert clean_rows(lake, tmp_path / "copy") == lake_contents(local)


@pytest.mark.parametrize(("archived_first", "batches"), [(True, 3), (False, 5)])
def test_a_lost_directory_is_made_again_from_its_lake(
    data: Path, url: str, tmp_path: Path, *, archived_first: bool, batches: int
) -> None:
    """Whether the archive was ahead of the cleaned zone when the machine went, or behind it."""
    lake = open_lake(url)
    with open_in_small_steps(data, url) as pipeline:
        for _ in range(2):
            pipeline.silver.run_once()
        pipeline.archiver.run_once(flush=True)
        if not archived_first:
            more = hostile(500, seed=22)
            pipeline.stream.put([record.replace(b"\n", b" ") for record in more])
        for _ in range(batches if archived_first else 30):
            pipeline.silver.run_once()
    before = {name: lake.read(name) for name in lake.names("silver")}
    shutil.rmtree(data)

    new = tmp_path / "new"
    airside_here("run", "--until-drained", "--data-dir", new, "--lake", url)
    status = airside_json("status", "--data-dir", new)
    assert status["balanced"] is True
    assert status["received"] == status["archived"] == RECORDS
    kept = [name for name, data in before.items() if name in lake.names("silver")]
    assert len(kept) > 2, "what was whole is not written again"
    assert all(lake.read(name) == before[name] for name in kept)
    airside_here("backfill", "--source", url, "--data-dir", tmp_path / "other")
    assert warehouse_contents(new / "warehouse.duckdb") == warehouse_contents(
        tmp_path / "other" / "warehouse.duckdb"
    )
    assert clean_rows(lake, tmp_path / "copy") == lake_contents(tmp_path / "other")

    with open_in_small_steps(new, url) as pipeline:
        pipeline.stream.put([b'{"event_id": "one more"}'])
        pipeline.drain()
    assert airside_json("status", "--data-dir", new)["archived"] == RECORDS + 1
    assert_no_overlap(lake)


def test_a_restore_that_is_cut_off_goes_on(
    data: Path, local: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = open_lake(url)
    with open_in_small_steps(data, url) as pipeline:
        pipeline.archiver.run_once(flush=True)
        for _ in range(4):
            pipeline.silver.run_once()
    new = tmp_path / "new"
    for name, value in SMALL_BATCHES.items():
        monkeypatch.setenv(name, value)
    running = start("run", "--until-drained", "--data-dir", new, "--lake", url, **SMALL_BATCHES)
    files = len(lake.names("silver"))
    eventually(lambda: len(lake.names("silver")) > files + 1)
    running.send_signal(signal.SIGKILL)
    running.wait()
    airside_here("run", "--until-drained", "--data-dir", new, "--lake", url)
    assert warehouse_contents(new / "warehouse.duckdb") == warehouse_contents(
        local / "warehouse.duckdb"
    )
    assert clean_rows(lake, tmp_path / "copy") == lake_contents(local)


def test_a_lake_that_was_compacted_gives_the_same_again(
    data: Path, local: Path, url: str, tmp_path: Path
) -> None:
    lake = open_lake(url)
    with open_in_small_steps(data, url) as pipeline:
        pipeline.archiver.run_once(flush=True)
        while pipeline.silver.run_once():
            pass
    merged = compact(lake, lambda: wall_clock() + 3_600_000_000)
    assert all(read > written for read, written in merged.values()), merged
    assert clean_rows(lake, tmp_path / "compacted") == lake_contents(local)
    assert quarantined_rows(tmp_path / "compacted") == quarantined_rows(local)
    shutil.rmtree(data)
    airside_here("run", "--until-drained", "--data-dir", data, "--lake", url)
    assert warehouse_contents(data / "warehouse.duckdb") == warehouse_contents(
        local / "warehouse.duckdb"
    )
    assert clean_rows(lake, tmp_path / "again") == lake_contents(local)
    assert quarantined_rows(tmp_path / "again") == quarantined_rows(local)


def test_a_new_directory_takes_the_lake_over(data: Path, url: str, tmp_path: Path) -> None:
    lake, new = open_lake(url), tmp_path / "new"
    with open_in_small_steps(data, url) as old:
        old.archiver.run_once(flush=True)
        old.silver.run_once()
        with open_in_small_steps(new, url) as taken:
            taken.stream.put([b'{"event_id": "the new one\'s"}'])
            taken.drain()
        files = lake.sizes("")
        old.stream.put([b'{"event_id": "the old one\'s"}'])
        with pytest.raises(TerminalError, match="another data directory has taken over"):
            old.archiver.run_once(flush=True)
        with pytest.raises(TerminalError, match="another data directory has taken over"):
            old.silver.run_once()
    assert lake.sizes("") == files
    assert_no_overlap(lake)
    for command in (("run", "--until-drained"), ("backfill",)):
        message = refused(1, *command, "--data-dir", data)
        assert f"delete {lake.where('owner.json')}" in message
        assert lake.sizes("") == files


def test_another_lake_than_the_directory_has_is_refused(local: Path, url: str) -> None:
    message = refused(2, "run", "--until-drained", "--data-dir", local, "--lake", url)
    assert f"has its lake in {local}, not in {url}" in message


def test_records_of_its_own_beside_the_archive_of_others_are_refused(
    data: Path, url: str, tmp_path: Path
) -> None:
    with open_in_small_steps(data, url) as pipeline:
        pipeline.archiver.run_once(flush=True)
    own = tmp_path / "own"
    assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
    message = refused(2, "run", "--until-drained", "--data-dir", own, "--lake", url)
    assert "holds records of its own" in message
    third = tmp_path / "third"
    message = refused(2, "backfill", "--source", own, "--data-dir", third, "--lake", url)
    assert "holds an archive already" in message


def test_the_lake_of_a_spark_job_is_refused(url: str, tmp_path: Path) -> None:
    with open_lake(url).publish("dedupe/flight_events/intent.json") as path:
        path.write_bytes(b"{}")
    for command in (("run", "--until-drained", "--data-dir", tmp_path / "d"), ("compact",)):
        assert "are a Spark job's" in refused(2, *command, "--lake", url)
    call("ingest", "-", "--data-dir", tmp_path / "d", stdin=b"{}\n")
    assert DataDir(tmp_path / "d").lake_url is None


def test_a_bucket_that_is_not_there_is_one_line(tmp_path: Path, s3: S3) -> None:
    name = f"s3://none-{uuid.uuid4().hex[:8]}/x"
    assert s3.endpoint == os.environ["AWS_ENDPOINT_URL_S3"]
    message = refused(2, "run", "--until-drained", "--data-dir", tmp_path / "d", "--lake", name)
    assert "there is no bucket none-" in message


def test_the_dashboard_counts_the_lakes_files(data: Path, url: str) -> None:
    with open_in_small_steps(data, url) as pipeline:
        pipeline.archiver.run_once(flush=True)
        pipeline.silver.run_once()
    with observe(DataDir(data)) as observer:
        looked = Observatory(observer, observer.stream, health=None, clock=wall_clock)
        sizes = {part["name"]: part["files"] for part in looked.storage()}
    assert sizes["bronze"] > 1
    assert sizes["silver"] > 0
    assert sizes["stream"] > 0


def test_an_outage_passes(
    data: Path, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.lake.s3._ATTEMPTS", 1)
    with ExitStack() as stack:
        with s3_server() as s3:
            for name, value in s3.environment.items():
                monkeypatch.setenv(name, value)
            url = f"s3://{s3.bucket()}/airport"
            pipeline = stack.enter_context(open_in_small_steps(data, url))
            pipeline.silver.run_once()
        for stage in (pipeline.silver.run_once, pipeline.archiver.run_once):
            with pytest.raises(RetryableError, match="cannot be reached"):
                stage(**({"flush": True} if stage == pipeline.archiver.run_once else {}))
        stack.enter_context(s3_server(port=int(s3.endpoint.rsplit(":", 1)[1])))
        assert pipeline.drain()
        assert clean_rows(open_lake(url), tmp_path / "copy") == lake_contents(local)
    assert airside_json("status", "--data-dir", data)["balanced"] is True


def test_an_outage_of_the_lake_hides_no_other_figure(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_in_small_steps(data, url):
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setattr("airside.lake.s3._ATTEMPTS", 1)
    with observe(DataDir(data)) as observer:
        looked = Observatory(observer, observer.stream, health=None, clock=wall_clock)
        assert {"stream", "warehouse", "ledger"} <= {part["name"] for part in looked.storage()}
        assert looked.pipeline()["received"] == RECORDS


def test_a_lake_in_another_folder(data: Path, local: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    airside_here("run", "--until-drained", "--data-dir", data, "--lake", lake)
    assert lake_contents(lake) == lake_contents(local)
    shutil.rmtree(data)
    airside_here("run", "--until-drained", "--data-dir", data, "--lake", f"file://{lake}")
    assert warehouse_contents(data / "warehouse.duckdb") == warehouse_contents(
        local / "warehouse.duckdb"
    )
    assert lake_contents(fetched(open_lake(str(lake)), tmp_path / "copy")) == lake_contents(local)
