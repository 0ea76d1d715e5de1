"""Refused records that are sent again once the rules let them pass: each event counts once."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from airside.runtime.backfill import rebuild
from airside.runtime.pipeline import Pipeline
from airside.settings import load
from airside.stream import EmbeddedStream
from airside.warehouse import LoadedBatch
from support.calls import call
from support.dashboards import event
from support.worlds import SECOND_US, World

NOTHING = "FROM staging.flight_events LIMIT 0"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A directory that takes whatever comes later for a new event."""
    return World(tmp_path / "data", **{"silver.dedupe_horizon_hours": 1e-9})


def test_one_replay_at_a_time(world: World) -> None:
    with world.pipeline():
        pass
    with world.directory.replaying():
        done = call("quarantine", "replay", "--data-dir", world.directory.root)
    assert done.code == 75
    assert "another replay of the quarantine" in done.err


def refuse(world: World, pipeline: Pipeline, *records: bytes) -> None:
    """Records arrive, and are refused by rules stricter than today's."""
    stream = EmbeddedStream(world.directory.stream, clock=world.clock)
    stream.put(records)
    ends = stream._ends()
    stream.close()
    world.now_us += SECOND_US
    places = range(ends["shard-000"] - len(records) + 1, ends["shard-000"] + 1)
    through = {shard: f"{end:020}" for shard, end in ends.items()}
    count = len(records)
    rows = pa.table(
        {
            "shard_id": ["shard-000"] * count,
            "sequence_number": [f"{place:020}" for place in places],
            "arrived_at": pa.array([datetime.now(UTC)] * count, pa.timestamp("us")),
            "reason": ["bad_status"] * count,
            "reasons": [["bad_status"]] * count,
            "detail": ["of no importance"] * count,
            "payload": pa.array(records, pa.binary()),
        }
    )
    batch = LoadedBatch(
        received=count,
        quarantined=count,
        duplicates=0,
        first_arrived_at_us=world.now_us,
        last_arrived_at_us=world.now_us,
        through=through,
    )
    with pipeline.warehouse.transaction():
        pipeline.warehouse.load(batch, clean=NOTHING, quarantined=rows)


def replay(world: World, pipeline: Pipeline, *options: str) -> str:
    """Send them again, and let the pipeline judge them; gives what the command said."""
    done = call("quarantine", "replay", *options, "--data-dir", world.directory.root)
    assert done.code == 0, done.err
    while pipeline.silver.run_once():
        pass
    return done.err


def clean(pipeline: Pipeline) -> list[str]:
    found = pipeline.warehouse.query("SELECT event_id FROM staging.flight_events ORDER BY ALL")
    return list(found["event_id"].to_pylist())


def record(number: int) -> bytes:
    return json.dumps(event(number)).encode()


def test_what_an_earlier_replay_has_put_is_not_put_again(world: World) -> None:
    with world.pipeline() as pipeline:
        refuse(world, pipeline, record(1), record(2))
        assert "Put 2 records" in replay(world, pipeline, "--reason", "bad_status")
        # staging need not know any more
        pipeline.warehouse.transform.execute("UPDATE staging.flight_events SET event_id = 'gone'")
        refuse(world, pipeline, record(3))
        said = replay(world, pipeline)
        assert "Put 1 record " in said
        assert "Left out 2 records" in said
        assert clean(pipeline) == ["event-3", "gone", "gone"]
        assert world.account(pipeline).balanced


def test_what_has_been_accepted_since_is_not_put_again(world: World) -> None:
    with world.pipeline() as pipeline:
        refuse(world, pipeline, record(1).replace(b'"event-1"', b'" event-1\\u0000"'), record(2))
        refuse(world, pipeline, b"no JSON", b"\xff")
        stream = EmbeddedStream(world.directory.stream, clock=world.clock)
        stream.put([record(1)])  # its producer has done something about it
        stream.close()
        pipeline.silver.run_once()
        said = replay(world, pipeline)
        assert "Put 3 records" in said
        assert "Left out 1 record:" in said
        assert clean(pipeline) == ["event-1", "event-2"]


def test_a_backfill_after_a_replay_says_when_events_count_twice(world: World) -> None:
    with world.pipeline() as pipeline:
        world.live(pipeline, 1, SECOND_US)
        refuse(world, pipeline, record(90))
        replay(world, pipeline)
        pipeline.archiver.run_once(flush=True)
    told: list[str] = []
    for horizon, times in ((world.settings.silver.dedupe_horizon_hours, 2), (10_000_000, 1)):
        changed = {"silver.dedupe_horizon_hours": horizon}
        world.settings = load({"data_dir": world.directory.root, **changed}, {}).settings
        rebuild(world.directory, world.settings, lambda _records: None, told.append)
        with world.pipeline() as pipeline:
            assert clean(pipeline).count("event-90") == times
    assert len(told) == 2
    assert re.search(r"put again.*bad_status.*silver\.dedupe_horizon_hours", told[0])


def test_what_is_refused_again_can_be_sent_again(world: World) -> None:
    with world.pipeline() as pipeline:
        refuse(world, pipeline, b"no JSON")
        for before in range(3):
            said = replay(world, pipeline)
            assert "Put 1 record " in said
            assert (f"Left out {before} record" in said) == (before > 0)
