"""The dbt project: it says what each table is, and its own tests can fail."""

import random
import re

import pytest
import yaml

from airside.events import FLIGHT_EVENTS
from airside.gold.dbt_process import PROJECT_DIR
from unit.gold.staged_gold import StagedGold, random_events

MODELS = {
    model["name"]: model
    for path in (PROJECT_DIR / "models").rglob("*.yml")
    for model in yaml.safe_load(path.read_text()).get("models", [])
}
DESCRIPTIONS = dict(
    re.findall(
        r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}",
        (PROJECT_DIR / "models/columns.md").read_text(),
        flags=re.DOTALL,
    )
)


def test_every_model_states_its_grain_and_describes_every_column(staged: StagedGold) -> None:
    columns: dict[str, list[str]] = {}
    for row in staged.rows("FROM information_schema.columns WHERE table_schema = 'main'"):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    for path in (PROJECT_DIR / "models").rglob("*.sql"):
        model = MODELS[path.stem]
        assert model["description"].startswith("One row"), path.stem
        documented = [column["name"] for column in model["columns"]]
        assert sorted(documented) == sorted(columns[path.stem])
        assert all(column["description"] for column in model["columns"])


def test_the_contracts_columns_have_the_contracts_words() -> None:
    for column in FLIGHT_EVENTS.columns:
        assert DESCRIPTIONS[column.name] == column.description
    used = re.findall(r"doc\('(\w+)'\)", "".join(p.read_text() for p in PROJECT_DIR.rglob("*.yml")))
    assert set(used) == set(DESCRIPTIONS)


def test_dbts_tests_pass_on_good_data_and_fail_on_bad(staged: StagedGold) -> None:
    staged.load(random_events(random.Random(3), legs=60, events=500))
    staged.gold.refresh()
    tests = staged.gold.test()
    assert [test for test in tests if test.status != "pass"] == []
    assert len(tests) > 120

    staged.execute("DELETE FROM dim_airports WHERE airport_iata = 'AMD'")
    staged.execute("INSERT INTO fct_flight_legs FROM fct_flight_legs LIMIT 1")
    staged.execute("UPDATE fct_turnarounds SET turnaround_minutes = NULL")
    failed = {test.name for test in staged.gold.test() if test.status == "fail"}
    assert {
        "relationships_fct_flight_legs_departure_airport_key__airport_key__ref_dim_airports_",
        "unique_fct_flight_legs_leg_key",
        "every_event_is_in_its_leg",
        "not_null_fct_turnarounds_turnaround_minutes",
    } <= failed
    staged.gold.full_refresh()


@pytest.mark.parametrize("model", ["fct_flight_legs", "fct_flight_activity"])
def test_facts_keep_the_names_and_types_of_the_silver_row(staged: StagedGold, model: str) -> None:
    types = {row["column_name"]: row["column_type"] for row in staged.rows(f"DESCRIBE {model}")}
    shared = [column for column in FLIGHT_EVENTS.columns if column.name in types]
    assert {column.name: types[column.name] for column in shared} == {
        column.name: column.type for column in shared
    }
    assert len(shared) == (38 if model == "fct_flight_activity" else 31)
