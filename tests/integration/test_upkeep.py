"""Upkeep: what a pipeline that runs for long keeps, removes and merges by itself."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from airside.errors import CorruptDataError, RetryableError, UsageError
from airside.lake import Lake, LocalLake, open_lake
from airside.runtime.backfill import rebuild
from airside.runtime.pipeline import Pipeline
from airside.runtime.restore import restore
from airside.runtime.upkeep import UPKEEP
from airside.stream import EmbeddedStream
from support.contents import archived_lines, lake_contents, warehouse_contents
from support.dashboards import event
from support.s3 import S3
from support.waiting import eventually
from support.worlds import DAY_US, HOUR_US, QUALITY, SECOND_US, World, another_version


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def test_an_hour_of_small_batches_ends_as_one_file_a_partition(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.live(pipeline, 60, 60 * SECOND_US)
        assert len(world.files("bronze")) == len(world.files("silver")) == 60
        rows = lake_contents(world.directory.root)
        world.live(pipeline, 3, 60 * SECOND_US, refresh=True)  # the next hour has begun
        assert pipeline.upkeep.run_once()["silver_files_merged"] == 60
        for zone in ("bronze", "silver", "quarantine"):
            assert len(world.files(zone)) == 1 + 3
        merged = lake_contents(world.directory.root)
        assert [row for row in merged if row in rows] == rows
        assert pipeline.upkeep.run_once() == {}
        assert world.account(pipeline).balanced
    assert archived_lines(world.directory.root) == world.sent
    before = warehouse_contents(world.directory.warehouse)
    rebuild(world.directory, world.settings, lambda _records: None)
    assert warehouse_contents(world.directory.warehouse) == before


def test_a_pipeline_that_stops_does_not_wait_for_the_merge(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.live(pipeline, 60, 60 * SECOND_US)
        world.live(pipeline, 3, 60 * SECOND_US, refresh=True)
        rows = lake_contents(world.directory.root)
        worked: list[float] = []
        rest = pipeline.upkeep.rest

        def noting(seconds: float) -> None:
            worked.append(seconds)
            rest(seconds)

        pipeline.upkeep.rest = noting
        pipeline.stopping.set()
        with pytest.raises(RetryableError, match="merged at the next start"):
            pipeline.upkeep.run_once()
        assert not any(worked)
        assert len(world.files("silver")) == 60 + 3
    with world.pipeline() as pipeline:
        pipeline.upkeep.run_once()
        assert len(world.files("silver")) == 1 + 3
        assert lake_contents(world.directory.root) == rows
    assert archived_lines(world.directory.root) == world.sent


def test_what_cannot_be_merged_keeps_nothing_else_from_its_work(tmp_path: Path) -> None:
    world = World(tmp_path / "data", **{"warehouse.batch_hours": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 6, 10 * 60 * SECOND_US)
        world.now_us += HOUR_US
        world.live(pipeline, 2, 60 * SECOND_US, refresh=True)
        part = world.directory.root / world.files("bronze")[2]
        whole = part.read_bytes()
        part.write_bytes(whole[:20])
        for _ in range(2):
            with pytest.raises(CorruptDataError, match=part.name):
                pipeline.upkeep.run_once()
            assert len(world.files("bronze")) == 6 + 2
            assert len(world.files("silver")) == len(world.files("quarantine")) == 1 + 2
            batches = pipeline.warehouse.query("SELECT count(*) AS n FROM staging.batches")
            assert batches["n"].to_pylist() == [1 + 2]
        (done,) = pipeline.ledger.latest(UPKEEP, outcome="succeeded", limit=9)
        assert done.counts == {
            "silver_files_merged": 6,
            "quarantine_files_merged": 6,
            "batches_folded": 5,
        }
        world.now_us += HOUR_US
        with pytest.raises(CorruptDataError, match=part.name):
            pipeline.upkeep.run_once()
        part.write_bytes(whole)
        world.now_us += HOUR_US
        done_then = pipeline.upkeep.run_once()
        assert done_then["bronze_files_merged"] == 6
        assert pipeline.upkeep.run_once() == {}


def test_damage_is_looked_at_once_an_hour_and_told_all_the_while(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.live(pipeline, 3, 60 * SECOND_US)
        world.now_us += HOUR_US
        (world.directory.root / world.files("bronze")[1]).write_bytes(b"")
        lake = pipeline.upkeep.lake = NotingLake(world.directory.root)
        told: list[str] = []
        for _ in range(3):
            with pytest.raises(CorruptDataError) as caught:
                pipeline.upkeep.run_once()
            told.append(str(caught.value))
            assert len(lake.read_names) == 4  # the first, and the damaged one, with their indexes
            world.now_us += 60 * SECOND_US
        assert len(set(told)) == 1
        world.now_us += HOUR_US
        with pytest.raises(CorruptDataError):
            pipeline.upkeep.run_once()
        assert len(lake.read_names) == 8


def test_what_may_pass_is_tried_again_at_the_next_look_beside_damage(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.live(pipeline, 3, 60 * SECOND_US)
        world.now_us += HOUR_US
        (world.directory.root / world.files("bronze")[1]).write_bytes(b"")
        lake = pipeline.upkeep.lake = NotingLake(world.directory.root)
        lake.refuses = "silver/"
        with pytest.raises(RetryableError, match="Too many open files"):
            pipeline.upkeep.run_once()
        lake.refuses = None
        with pytest.raises(CorruptDataError):
            pipeline.upkeep.run_once()
        assert len(world.files("silver")) == len(world.files("quarantine")) == 1


def test_what_was_done_beside_damage_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> NoReturn:
        raise CorruptDataError("damaged")

    world = World(tmp_path / "data", **{"warehouse.staging_days": 1})
    count = "SELECT count(*) AS n FROM staging.flight_events"
    with world.pipeline() as pipeline:
        world.live(pipeline, 2, 60 * SECOND_US)
        world.now_us += 2 * DAY_US
        world.live(pipeline, 1, 60 * SECOND_US, refresh=True)
        assert pipeline.reader.query(count)["n"].to_pylist() == [9]
        monkeypatch.setattr(pipeline.upkeep, "_fold_batches", damaged)
        with pytest.raises(CorruptDataError):
            pipeline._keep_up()
        assert pipeline.reader.query(count)["n"].to_pylist() == [3]


def test_a_clock_that_is_set_back_does_not_end_the_hourly_work(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.now_us += 5 * DAY_US
        assert pipeline.upkeep.run_once() == {}
        world.now_us -= 5 * DAY_US
        world.live(pipeline, 3, 60 * SECOND_US)
        world.now_us += HOUR_US
        assert pipeline.upkeep.run_once()["bronze_files_merged"] == 3


def test_a_stream_out_of_reach_keeps_nothing_from_work_that_does_not_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(_positions: object) -> NoReturn:
        raise RetryableError("out of reach")

    world = World(tmp_path / "data", **{"warehouse.staging_days": 1, "warehouse.batch_hours": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 4, HOUR_US // 4)
        world.now_us += 2 * DAY_US
        world.live(pipeline, 2, 60 * SECOND_US, refresh=True)
        with monkeypatch.context() as patch:
            patch.setattr(pipeline.upkeep.stream, "backlogs", out_of_reach)
            for _ in range(2):
                with pytest.raises(RetryableError, match="out of reach"):
                    pipeline.upkeep.run_once()
        (done,) = pipeline.ledger.latest(UPKEEP, outcome="succeeded", limit=9)
        assert done.counts == {"staging_rows_removed": 16, "batches_folded": 3}
        assert pipeline.upkeep.run_once()["bronze_files_merged"] == 4


def test_a_job_that_cannot_be_looked_for_keeps_no_rows_and_accounts(tmp_path: Path) -> None:
    world = World(tmp_path / "data", **{"warehouse.staging_days": 1, "warehouse.batch_hours": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 4, HOUR_US // 4)
        world.now_us += 2 * DAY_US
        world.live(pipeline, 2, 60 * SECOND_US, refresh=True)
        lake = pipeline.upkeep.lake = NotingLake(world.directory.root)
        lake.refuses = "dedupe/"
        with pytest.raises(RetryableError, match="Too many open files"):
            pipeline.upkeep.run_once()
        (done,) = pipeline.ledger.latest(UPKEEP, outcome="succeeded", limit=9)
        assert done.counts == {"staging_rows_removed": 16, "batches_folded": 3}
        assert len(world.files("bronze")) == 6, "a job's files may be there"


def test_an_hour_is_left_alone_until_both_consumers_are_through_with_it(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.pipeline() as pipeline:
        world.live(pipeline, 5, 60 * SECOND_US)
        stream = EmbeddedStream(world.directory.stream, clock=world.clock)
        stream.put([json.dumps(event(900)).encode()])
        stream.close()
        world.now_us += 3 * HOUR_US
        assert "bronze_files_merged" not in pipeline.upkeep.run_once()
        pipeline.archiver.run_once(flush=True)
        assert "bronze_files_merged" not in pipeline.upkeep.run_once()
        pipeline.silver.run_once()
        assert pipeline.upkeep.run_once()["bronze_files_merged"] == 6


def test_staging_shrinks_and_comes_back_when_gold_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "data", **{"warehouse.staging_days": 1, "warehouse.batch_hours": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 24, HOUR_US // 2, refresh=True)
        world.now_us += DAY_US
        world.live(pipeline, 4, 60 * SECOND_US)
        before = world.account(pipeline)
        done = pipeline.upkeep.run_once()
        assert done["staging_rows_removed"] == 24 * 4
        assert done["batches_folded"] == 12  # of twenty-four in twelve hours
        assert pipeline.upkeep.run_once() == {}
        pipeline.refresh()
        kept = pipeline.warehouse.query("SELECT count(*) AS n FROM staging.flight_events")
        assert kept["n"].to_pylist() == [12]
        quality = pipeline.warehouse.query(QUALITY)
        account = world.account(pipeline)
        assert account == before
        assert account.balanced
        assert sum(account.reasons.values()) == account.quarantined == 28
    before = warehouse_contents(world.directory.warehouse)
    monkeypatch.setattr("airside.gold.refresh.Fingerprints.of", another_version(models="another"))
    with world.pipeline() as pipeline:
        pipeline.refresh()
        assert pipeline.warehouse.query(QUALITY) == quality
        world.live(pipeline, 1, SECOND_US, refresh=True)
        assert world.account(pipeline).balanced
        assert sum(world.account(pipeline).reasons.values()) == 29
    after = warehouse_contents(world.directory.warehouse)
    assert len(after["staging.flight_events"]) == 29 * 3
    assert len(after["fct_flight_activity"]) == 29 * 3
    assert len(before["fct_flight_activity"]) == 12, "events last as long as staging's rows"
    legs = {row[0]: row for row in after["fct_flight_legs"]}
    assert legs.keys() == {row[0] for row in before["fct_flight_legs"]}


def test_what_is_old_goes_and_the_account_says_so(tmp_path: Path) -> None:
    days = {"bronze.keep_days": 2, "silver.keep_days": 2, "silver.quarantine_days": 1}
    world = World(tmp_path / "data", **days)
    with world.pipeline() as pipeline:
        world.live(pipeline, 4, HOUR_US // 2)  # two hours
        world.now_us += DAY_US
        world.live(pipeline, 4, HOUR_US // 2)
        pipeline.upkeep.run_once()
        assert len(world.files("quarantine")) == 2  # those of the second day, merged
        assert len(world.files("bronze")) == len(world.files("silver")) == 4
        world.now_us += DAY_US
        world.live(pipeline, 2, HOUR_US // 2)
        done = pipeline.upkeep.run_once()
        assert done["bronze_records_removed"] == 20
        assert len(world.files("bronze")) == len(world.files("silver")) == 3
        account = world.account(pipeline)
        assert account.balanced
        assert (account.archived, account.archive_removed) == (50, 20)
        assert pipeline.warehouse.query("SELECT * FROM staging.flight_events").num_rows == 30
    assert archived_lines(world.directory.root) == world.sent[20:]

    with pytest.raises(UsageError, match=r"removed 20 records.*backfill --source"):
        rebuild(world.directory, world.settings, lambda _records: None)
    told: list[str] = []
    new = World(tmp_path / "new", **days)
    restore(str(world.directory.root), new.directory, new.settings, lambda _: None, told.append)
    assert "removed 20 records" in told[0]
    new.sent, new.now_us = list(world.sent), world.now_us
    with new.pipeline() as pipeline:
        new.live(pipeline, 1, SECOND_US)
        account = new.account(pipeline)
        assert account.balanced
        assert (account.received, account.archived, account.not_kept) == (55, 55, 20)
        assert account.clean + account.quarantined + account.duplicates == 35


@pytest.mark.parametrize("long", [1e6, 1e300])
def test_longer_than_there_has_been_time_is_for_ever(tmp_path: Path, long: float) -> None:
    days = ("bronze.keep_days", "silver.keep_days", "silver.quarantine_days")
    kept = dict.fromkeys((*days, "warehouse.staging_days", "warehouse.batch_hours"), long)
    world = World(tmp_path / "data", **kept, **{"stream.retention_hours": long})
    with world.pipeline() as pipeline:
        world.live(pipeline, 2, HOUR_US)
        world.live(pipeline, 1, HOUR_US, refresh=True)
        assert pipeline.upkeep.run_once() == {}
        pipeline.trim()
        assert len(world.files("bronze")) == len(world.files("silver")) == 3
    assert archived_lines(world.directory.root) == world.sent


def test_nothing_goes_that_silver_has_not_loaded(tmp_path: Path) -> None:
    world = World(tmp_path / "data", **{"bronze.keep_days": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 2, HOUR_US)
        stream = EmbeddedStream(world.directory.stream, clock=world.clock)
        for _ in range(2):
            stream.put([json.dumps(event(901)).encode()])
            pipeline.archiver.run_once(flush=True)  # and silver does not come
            world.now_us += HOUR_US
        stream.close()
        world.now_us += 5 * DAY_US
        assert pipeline.upkeep.run_once()["bronze_records_removed"] == 10
        assert len(archived_lines(world.directory.root)) == 2


def test_a_lake_on_s3_is_kept_up_likewise(tmp_path: Path, s3: S3) -> None:
    url = f"s3://{s3.bucket()}/airport"
    world = World(tmp_path / "data", **{"lake.url": url, "bronze.keep_days": 1})
    lake = open_lake(url)
    with world.pipeline() as pipeline:
        world.live(pipeline, 3, 60 * SECOND_US)
        world.now_us += DAY_US + HOUR_US
        world.live(pipeline, 3, 60 * SECOND_US)
        world.now_us += HOUR_US
        done = pipeline.upkeep.run_once()
        assert done["bronze_records_removed"] == 15
        assert done["silver_files_merged"] == 6
        assert len(lake.names("bronze", ".zst")) == 1
        assert len(lake.names("silver")) == 2
        assert world.account(pipeline).balanced
    shutil.rmtree(world.directory.root)  # the machine is gone; another goes on with the lake
    with world.pipeline() as pipeline:
        world.live(pipeline, 1, SECOND_US)
        account = world.account(pipeline)
        assert account.balanced
        assert (account.received, account.archived, account.not_kept) == (35, 35, 15)
    assert len(lake.names("silver")) == 3  # those before the archive begins are still there


class NotingLake(LocalLake):
    """Notes what is read, and refuses to list one of its folders."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_names: list[str] = []
        self.refuses: str | None = None

    def read(self, name: str) -> bytes:
        self.read_names.append(name)
        return super().read(name)

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        if self.refuses is not None and prefix.startswith(self.refuses):
            raise OSError(errno.EMFILE, "Too many open files")
        return super().names(prefix, suffix)


class Crash(BaseException):
    """The process is gone: nobody handles it."""


class CrashingLake(LocalLake):
    """Lets so many changes pass."""

    left = 0

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        with super().publish(name) as path:
            yield path
        self._step()

    def delete(self, name: str) -> None:
        super().delete(name)
        self._step()

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash


def test_upkeep_that_is_cut_off_anywhere_is_done_again(tmp_path: Path) -> None:
    world = World(tmp_path / "data", **{"bronze.keep_days": 1, "silver.keep_days": 1})
    crashes = 0
    with world.pipeline() as pipeline:
        world.live(pipeline, 4, HOUR_US // 4)
        world.now_us += DAY_US
        world.live(pipeline, 4, HOUR_US // 4)
        lake = CrashingLake(world.directory.root)
        kept: Lake = pipeline.upkeep.lake
        for step in range(200):
            lake.left = step % 3
            pipeline.upkeep.lake = lake
            try:
                pipeline.upkeep.run_once()
            except Crash:
                crashes += 1
            else:
                break
            finally:
                pipeline.upkeep.lake = kept
            account = world.account(pipeline)
            assert account.balanced
        assert crashes > 10
        world.now_us += HOUR_US
        pipeline.upkeep.run_once()
        assert world.account(pipeline).archive_removed == 20
    assert archived_lines(world.directory.root) == world.sent[20:]
    assert len(LocalLake(world.directory.root).names("bronze")) == 2  # a file and its index
    assert len(world.files("silver")) == len(world.files("quarantine")) - 1 == 1


def test_the_log_is_merged_beside_loading_while_a_question_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "refresh", lambda _self: 0)
    world = World(
        tmp_path / "data", **{"warehouse.wal_bytes": 1_000_000, "silver.window_seconds": 0.1}
    )
    events = [json.dumps(event(number)).encode() for number in range(12_000)]
    log = world.directory.warehouse.with_name(f"{world.directory.warehouse.name}.wal")
    with world.pipeline() as pipeline:
        world.live(pipeline, 1, SECOND_US)
        stream = EmbeddedStream(world.directory.stream, clock=world.clock)
        with pipeline.warehouse.beside() as asking:
            asking.execute("SELECT count(*) FROM staging.flight_events").fetchall()
            pipeline.start()
            try:
                for start in range(0, len(events), 3_000):
                    stream.put(events[start : start + 3_000])
                    eventually(lambda: not stream.backlog(pipeline.warehouse.checkpoint()).records)
                    eventually(lambda: not log.exists() or log.stat().st_size < 1_000_000)
            finally:
                pipeline.stop()
        stream.close()
        assert world.account(pipeline).balanced


def test_the_files_of_a_spark_job_are_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "data", **{"bronze.keep_days": 1})
    with world.pipeline() as pipeline:
        world.live(pipeline, 3, 60 * SECOND_US)
        with pipeline.lake.publish("dedupe/flight_events/part") as path:
            path.write_text("a job's")
        world.now_us += 9 * DAY_US
        pipeline.upkeep.run_once()
        assert len(world.files("bronze")) == len(world.files("silver")) == 3
