"""Producers that outrun the pipeline: they wait, nothing is dropped, and it catches up."""

import json
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from airside.errors import UsageError
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.serve import serve_data_dir
from airside.settings import DashboardSettings, Settings, StreamSettings
from airside.stream import EmbeddedStream, Patience, StreamFullError
from support.contents import archived_lines, warehouse_contents

LIMIT = 2_000_000


class Clock:
    def __init__(self) -> None:
        self.now_us = 1_790_000_000_000_000

    def __call__(self) -> int:
        self.now_us += 1_000
        return self.now_us


def noise(number: int, records: int, size: int = 2_000) -> list[bytes]:
    """Records that compression cannot make smaller by much; none of them is a flight event."""
    rng = random.Random(number)
    return [
        json.dumps({"event_id": f"{number}-{n}", "noise": rng.randbytes(size).hex()}).encode()
        for n in range(records)
    ]


def test_a_full_stream_takes_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    stream = EmbeddedStream(tmp_path / "stream.db", clock=Clock(), max_bytes=LIMIT)
    taken = 0

    def fill() -> None:
        nonlocal taken
        while True:
            stream.put(noise(taken, 10))
            taken += 1

    with pytest.raises(StreamFullError, match=r"of 2,000,000 bytes.*airside run.*max_bytes"):
        fill()
    assert taken > 10
    assert stream.backlog({}).records == 10 * taken
    assert (tmp_path / "stream.db").stat().st_size < 1.1 * LIMIT
    with pytest.raises(UsageError, match="put fewer records at a time"):
        stream.put(noise(0, 1_500))

    end = {"shard-000": f"{10 * taken:020}"}
    stream.trim({"shard-000": f"{10 * taken - 5:020}"}, arrived_before_us=0)
    assert stream.backlog({}).records < 10 * taken  # what was read made room, young as it is
    stream.put(noise(taken, 10))
    assert stream.backlog(end).records == 10
    stream.close()


def test_a_producer_waits_for_a_pipeline_that_comes_late(tmp_path: Path) -> None:
    """It outruns a pipeline that does not run yet, to several times the limit."""
    clock, directory = Clock(), DataDir(tmp_path / "data")
    settings = Settings(stream=StreamSettings(max_bytes=LIMIT))
    sent = [record for number in range(60) for record in noise(number, 40)]
    said: list[str] = []
    waiting = threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        waiting.set()

    def produce() -> None:
        stream = EmbeddedStream(directory.stream, clock=clock, max_bytes=LIMIT)
        patience = Patience(60, time.monotonic, threading.Event().wait, tell)
        for start in range(0, len(sent), 40):
            assert patience.put(stream, sent[start : start + 40])
        stream.close()

    directory.open()
    producer = threading.Thread(target=produce)
    producer.start()
    assert waiting.wait(30)  # nobody reads yet
    with open_pipeline(directory, settings, clock) as pipeline:
        while producer.is_alive():
            consume(pipeline)
        producer.join()
        pipeline.drain()

    assert said[0].startswith("Waiting up to 60 s for room")
    assert said[1] == "There is room again; going on."
    assert directory.stream.stat().st_size < 1.1 * LIMIT
    assert archived_lines(directory.root) == sent
    rows = warehouse_contents(directory.warehouse)["staging.quarantine"]
    assert len(rows) == len(sent)
    assert {json.loads(row[-1])["event_id"] for row in rows} == {
        json.loads(record)["event_id"] for record in sent
    }


def consume(pipeline: Pipeline) -> None:
    """What the stages' threads do."""
    pipeline.archiver.run_once(flush=True)
    pipeline.silver.run_once()
    pipeline.make_room()


def test_a_producer_gives_up_when_there_is_no_room_for_too_long(tmp_path: Path) -> None:
    stream = EmbeddedStream(tmp_path / "stream.db", clock=Clock(), max_bytes=LIMIT)
    now = 0.0

    def wait(seconds: float) -> bool:
        nonlocal now
        now += seconds
        return False

    patience = Patience(90, lambda: now, wait)

    def fill() -> None:
        for number in range(100):
            assert patience.put(stream, noise(number, 40))

    with pytest.raises(StreamFullError):
        fill()
    assert 90 <= now < 92
    assert patience.put(stream, [b"small"])  # there is room for this one still
    stopped = Patience(90, lambda: now, lambda _seconds: True)
    assert not stopped.put(stream, noise(0, 40))
    stream.close()


def test_the_door_says_429_with_a_time_to_come_back(tmp_path: Path) -> None:
    directory = DataDir(tmp_path / "data")
    directory.open()
    EmbeddedStream(directory.stream, clock=Clock()).close()
    settings = Settings(stream=StreamSettings(max_bytes=LIMIT), dashboard=DashboardSettings(port=0))
    with serve_data_dir(directory, settings) as address:
        url = f"{address.url}/api/v1/events"
        headers = {"content-type": "application/x-ndjson"}
        answers = []
        for number in range(60):
            body = b"\n".join(noise(number, 40))
            answers.append(httpx.post(url, content=body, headers=headers))
            if answers[-1].status_code != 202:
                break
    refused = answers[-1]
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "nothing was taken" in refused.json()["detail"]
    stream = EmbeddedStream(directory.stream, clock=Clock())
    assert stream.backlog({}).records == 40 * (len(answers) - 1)
    stream.close()
