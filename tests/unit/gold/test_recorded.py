"""A new warehouse is built by what dbt said when it was asked beforehand."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airside.gold import refresh
from airside.gold.control import Fingerprints
from airside.gold.dbt_process import DbtProcess
from airside.gold.record import record, written
from airside.gold.recorded import PATH, recorded
from airside.gold.script import run
from unit.gold.staged_gold import StagedGold, cut, random_events


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[StagedGold, StagedGold]]:
    """Two warehouses without gold."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    one, other = map(StagedGold, folders)
    yield one, other
    one.close()
    other.close()


def definitions(staged: StagedGold) -> list[dict[str, Any]]:
    return staged.rows(
        "SELECT schema_name, table_name AS name, sql FROM duckdb_tables() UNION ALL"
        " SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1, 2"
    )


def test_it_is_what_dbt_says_today() -> None:
    assert written(record()) == PATH.read_text(encoding="utf-8"), (
        "recorded.json is stale: run `python -m airside.gold.record`"
    )


def test_a_new_warehouse_is_what_dbt_would_have_made_of_it(
    pair: tuple[StagedGold, StagedGold], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_recorded, by_dbt = pair
    rng = random.Random(4)
    batches = cut(rng, random_events(rng, legs=30, events=300), batches=3)
    of_another = replace(recorded(), fingerprints=Fingerprints())
    with monkeypatch.context() as patch:
        patch.setattr(refresh, "recorded", lambda: of_another)
        by_dbt.load(batches[0])
        by_dbt.gold.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(DbtProcess, "invoke", None)  # it would be missed
        for batch in batches:
            as_recorded.load(batch)
            as_recorded.gold.refresh()
    for batch in batches[1:]:
        by_dbt.load(batch)
        by_dbt.gold.refresh()
    assert definitions(as_recorded) == definitions(by_dbt)
    assert as_recorded.tables() == by_dbt.tables()
    for table in ("dim_dates", "aircraft_types", "staging.airports", "staging.gold_progress"):
        assert as_recorded.rows(f"FROM {table} ORDER BY ALL") == by_dbt.rows(
            f"FROM {table} ORDER BY ALL"
        )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_where_it_was_stopped_halfway_dbt_makes_it_good(tmp_path: Path, share: float) -> None:
    staged = StagedGold(tmp_path)
    rng = random.Random(5)
    staged.load(random_events(rng, legs=10, events=80))
    whole = recorded().build
    control = staged.gold._control
    control.create_tables()
    control.load_airports()
    control.open_window(0, None)
    with staged.gold._database.session() as session:
        run(session, whole[: int(share * len(whole))])
    assert staged.gold.refresh().through_batch_id == 1
    assert staged.one("SELECT sum(events) FROM fct_flight_legs") == 80
    assert not staged.gold.refresh().refreshed
    staged.close()
