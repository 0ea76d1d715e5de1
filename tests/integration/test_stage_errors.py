"""Which errors of a stage pass, and which stop the pipeline."""

import errno
import os
from pathlib import Path

import pytest

from airside.errors import AirsideError, CorruptDataError
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import Health, open_pipeline
from airside.settings import Settings


@pytest.fixture(autouse=True)
def _stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages run on the test's own thread, which could not come forward again."""
    monkeypatch.setattr("airside.runtime.pipeline.stand_back", lambda _niceness: None)


@pytest.mark.parametrize("stage", ["bronze", "silver", "upkeep"])
def test_a_stage_that_the_system_refuses_something_tries_again(tmp_path: Path, stage: str) -> None:
    """No descriptor, no memory: libraries of others hand that on as it is."""
    told: list[tuple[str | None, int]] = []
    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as pipeline:
        health = pipeline.health[stage] = Health()

        def work() -> None:
            told.append((health.error, health.failures))
            if len(told) < 3:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/data/x")
            pipeline.stopping.set()

        pipeline._loop(stage, work, 0.001, 0.0)
        assert pipeline.fatal is None
        assert (health.error, health.failures) == (None, 0)
    assert [failures for _, failures in told] == [0, 1, 2]
    assert str(told[1][0]).startswith("/data/x cannot be used (Too many open files); see")


@pytest.mark.parametrize(
    ("stage", "error"), [("silver", CorruptDataError("damaged")), ("upkeep", ValueError("defect"))]
)
def test_what_cannot_pass_stops_it(tmp_path: Path, stage: str, error: Exception) -> None:
    def work() -> None:
        raise error

    with open_pipeline(DataDir(tmp_path / "data"), Settings()) as pipeline:
        pipeline.health[stage] = Health()
        if isinstance(error, AirsideError):
            pipeline._loop(stage, work, 0.001, 0.0)
        else:
            with pytest.raises(type(error)):
                pipeline._loop(stage, work, 0.001, 0.0)
        assert pipeline.stopping.is_set()
        assert pipeline.fatal is not None
        assert str(error) in str(pipeline.fatal)


@pytest.mark.parametrize(
    ("every", "waits"), [(1.0, [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]), (60.0, [60.0] * 6)]
)
def test_a_failure_makes_no_stage_work_more_often(every: float, waits: list[float]) -> None:
    assert [Health(failures=n).patience(every) for n in range(1, 7)] == waits
