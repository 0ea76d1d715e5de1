"""Days of a small airport in seconds: nothing grows beyond its limit. `benchmarks/bench_soak.py`
runs a month of a large one."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

DAYS = 3


def soak_module() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "bench_soak.py"
    spec = importlib.util.spec_from_file_location("bench_soak", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_soak"] = module  # where dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def test_days_of_events_stay_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    bench = soak_module()
    soak = bench.Soak(
        tmp_path / "data",
        days=DAYS,
        flights=40,
        batch_minutes=120,
        refresh_hours=24,
        telemetry_seconds=600,
        keep={
            **bench.KEEP,
            "stream.retention_hours": 2,
            "stream.max_bytes": 1_000_000,
            "bronze.keep_days": 1,
            "silver.keep_days": 1,
            "silver.quarantine_days": 0.5,
            "silver.dedupe_max_ids": 500,
            "warehouse.staging_days": 1,
            "warehouse.batch_hours": 6,
            "warehouse.wal_bytes": 1_000_000,
            "ledger.keep_attempts": 100,
        },
    )
    days = soak.run()
    assert len(days) == DAYS
    assert all(day.records > 300 for day in days)
    beyond = [check for check in soak.checks(days) if not check.holds]
    assert not beyond
    assert days[-1].kept["staging_rows"] < sum(day.records for day in days) / 2
    assert days[-1].events > days[0].events  # gold is kept
