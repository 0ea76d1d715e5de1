"""A data directory that a test lives through, with the clock in its hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from airside.gold.control import Fingerprints
from airside.lake import LocalLake
from airside.runtime.accounting import Accounting
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Pipeline, open_pipeline
from airside.runtime.readers import observe
from airside.settings import Settings, load
from airside.stream import EmbeddedStream
from support.dashboards import event

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
START_US = 1_790_002_800_000_000
QUALITY = "SELECT * FROM rpt_data_quality ORDER BY ALL"
assert START_US % HOUR_US == 0


class World:
    """A data directory whose clock only the test moves."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.directory = DataDir(root)
        self.settings: Settings = load({"data_dir": root, **settings}, {}).settings
        self.now_us = START_US
        self.sent: list[bytes] = []

    def clock(self) -> int:
        return self.now_us

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        with open_pipeline(self.directory, self.settings, self.clock) as pipeline:
            yield pipeline

    @staticmethod
    def record(number: int) -> bytes:
        """A good record, of an aircraft of its own."""
        return json.dumps(event(number, tail_number=f"VT-{number}")).encode()

    def live(
        self, pipeline: Pipeline, batches: int, every_us: int, *, refresh: bool = False
    ) -> None:
        """A batch at a time, each archived, judged and loaded: good, bad and repeated records."""
        stream = EmbeddedStream(self.directory.stream, clock=self.clock)
        for _ in range(batches):
            number = len(self.sent)
            records = [self.record(number + n) for n in range(3)]
            records += [b'{"event_id": "bad"}', records[0]]
            stream.put(records)
            self.sent += records
            pipeline.archiver.run_once(flush=True)
            pipeline.silver.run_once()
            self.now_us += every_us
        stream.close()
        if refresh:
            pipeline.refresh()

    def account(self, pipeline: Pipeline) -> Accounting:
        with observe(self.directory, pipeline.warehouse, self.clock) as observer:
            return observer.account()

    def files(self, zone: str) -> list[str]:
        suffix = ".zst" if zone == "bronze" else ".parquet"
        return LocalLake(self.directory.root).names(zone, suffix)


def another_version(**changed: str) -> Any:
    """`Fingerprints.of` as it is where the models, or others, are not those of this version."""
    original = Fingerprints.of

    def of(*arguments: Any) -> Fingerprints:
        return replace(original(*arguments), **changed)

    return of
