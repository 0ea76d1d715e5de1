"""Engines of `benchmarks/bench_peers.py` that need no installing give what Airside gives.

It compares the others itself before it times them; Spark's would be the dearest test of the suite.
"""

from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
from peers.compare import differing_airlines, differing_rows
from peers.engines import airside, duckdb_sql, pandas
from peers.task import Answer, write_lines

from airside.simulator import Simulator, SimulatorConfig, mess_preset


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hostile records, each reason among them."""
    path = tmp_path_factory.mktemp("peers") / "records.parquet"
    simulator = Simulator(SimulatorConfig(flights_per_day=2_000, mess=mess_preset("hostile")))
    write_lines(path, [each.payload for each in islice(simulator.emissions(), 2_000)])
    return path


@pytest.fixture(scope="module")
def ours(records: Path) -> tuple[Path, Answer]:
    target = records.parent / "airside"
    return target, airside.run(records, target, 2)


@pytest.mark.parametrize("engine", [duckdb_sql, pandas], ids=["duckdb_sql", "pandas"])
def test_rows_and_answer_are_airsides(
    engine: ModuleType, records: Path, ours: tuple[Path, Answer], tmp_path: Path
) -> None:
    answer = engine.run(records, tmp_path, 2)

    assert differing_rows(ours[0], tmp_path) == {"clean": 0, "refused": 0}
    assert differing_airlines(ours[1], answer) == 0


def test_a_row_that_is_missing_is_counted(
    records: Path, ours: tuple[Path, Answer], tmp_path: Path
) -> None:
    duckdb_sql.run(records, tmp_path, 2)
    refused = next((tmp_path / "refused").iterdir())
    frame = pandas.pd.read_parquet(refused)
    frame.iloc[1:].to_parquet(refused, index=False)

    assert differing_rows(ours[0], tmp_path) == {"clean": 0, "refused": 1}
