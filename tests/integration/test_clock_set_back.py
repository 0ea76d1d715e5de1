"""A machine boots with its clock ahead, takes records, and then has its clock set back."""

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from airside.alerts import AlertStore
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import load

HOUR_US = 3_600_000_000


def test_the_alert_on_lag_is_raised_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_us, seconds = 1_790_000_000_000_000 + 2 * HOUR_US, 1_000.0
    monkeypatch.setattr("airside.runtime.pipeline.time", SimpleNamespace(monotonic=lambda: seconds))
    directory = DataDir(tmp_path)
    settings = load({"data_dir": tmp_path, "alerts.lag_seconds": 60}, {}).settings
    with (
        open_pipeline(directory, settings, lambda: now_us) as pipeline,
        closing(AlertStore(directory.alerts)) as alerts,
    ):
        pipeline.stream.put([b"{}"])
        now_us -= 2 * HOUR_US
        pipeline.monitor.run_once()
        assert alerts.firing() == []
        seconds += 61  # silver stands still
        pipeline.stream.put([b"{}"])
        pipeline.monitor.run_once()
        (alert,) = alerts.firing()
        assert (alert.rule, alert.subject) == ("lag", "silver")
        pipeline.silver.run_once()
        now_us += 61_000_000  # an alert stays for a minute
        pipeline.monitor.run_once()
        assert alerts.firing() == []
