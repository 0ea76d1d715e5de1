"""The view of drift over counts that are written down beforehand."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airside.warehouse import DuckDBWarehouse
from airside.warehouse.drift import Change, drift_changes, drift_findings

PATH = "operational_data.passenger_count"
BEGAN = datetime(2026, 9, 1)  # noqa: DTZ001  the warehouse holds UTC, without a zone
BEGAN_US = 1_788_220_800_000_000


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse(tmp_path / "warehouse.duckdb", clock=lambda: 0)
    yield opened
    opened.close()


def write(warehouse: DuckDBWarehouse, types: list[str | None], expected: str | None) -> None:
    """What is kept of a source whose n-th record, a second each, has the path with this type."""
    execute = warehouse.transform.execute
    execute("DELETE FROM staging.drift_sources; DELETE FROM staging.drift_fields")
    times = [BEGAN + timedelta(seconds=place) for place in range(len(types))]
    execute(
        "INSERT INTO staging.drift_sources VALUES ('fids', ?, ?, ?, ?)",
        [len(types), len(types), times[0], times[-1]],
    )
    for json_type in {*types} - {None}:
        places = [place for place, found in enumerate(types) if found == json_type]
        first, last = places[0], places[-1]
        execute(
            "INSERT INTO staging.drift_fields VALUES ('fids', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(PATH, json_type, expected, len(places), first, first, last + 1),
                *(times[first], times[last], f"of {json_type}"),
            ],
        )


def changed(warehouse: DuckDBWarehouse) -> dict[str, Any]:
    (row,) = drift_findings(warehouse)
    assert row["kind"] == "changed_type"
    return row


def changes(warehouse: DuckDBWarehouse, share: float = 0.2, since_us: int = 0) -> list[Change]:
    return drift_changes(warehouse, share=share, since_us=since_us)


def test_a_share_is_of_one_type_and_what_came_since_it_began(warehouse: DuckDBWarehouse) -> None:
    write(warehouse, ["string", "number"] * 750 + ["boolean"] + ["number", "string"] * 19, "scalar")
    row = changed(warehouse)
    assert row["json_types"] == "string → number → boolean"
    assert (row["records"], row["is_change"], row["example"]) == (1, True, "of boolean")
    assert row["share"] == 1 / 39
    assert row["first_seen_at"] == row["last_seen_at"] == BEGAN + timedelta(seconds=1_500)
    assert changes(warehouse) == [], "one record may be a slip"


def test_a_slip_after_a_change_does_not_hide_it(warehouse: DuckDBWarehouse) -> None:
    write(warehouse, ["number"] * 1_500 + ["string"] * 60 + ["boolean"] + ["string"] * 9, "scalar")
    row = changed(warehouse)
    assert (row["records"], row["share"], row["example"]) == (69, 69 / 70, "of string")
    (change,) = changes(warehouse)
    assert (change.share, change.changes) == (69 / 70, 1)


def test_an_older_change_does_not_hide_a_new_one_from_the_alert(
    warehouse: DuckDBWarehouse,
) -> None:
    write(warehouse, ["number"] * 1_500 + ["string"] * 300 + ["boolean", "string"] * 30, "scalar")
    assert changed(warehouse)["example"] == "of string"
    (change,) = changes(warehouse, since_us=BEGAN_US + 1_700_000_000)
    assert change.share == 0.5
    (both,) = changes(warehouse)
    assert (both.share, both.changes) == (330 / 360, 1), "one path, whatever types"


def test_a_field_that_a_quiet_source_drops_is_news_however_long_it_takes(
    warehouse: DuckDBWarehouse,
) -> None:
    """A thousand records without it may take a week; by then it is long since it last came."""

    def told(missing: int, since_s: int) -> list[str]:
        write(warehouse, ["number"] * 1_500 + [None] * missing, "scalar")
        return [c.summary for c in changes(warehouse, since_us=BEGAN_US + since_s * 1_000_000)]

    said = [f"fids no longer sends {PATH}"]
    assert told(999, since_s=2_400) == []
    assert told(1_000, since_s=2_400) == said
    assert told(1_999, since_s=3_400) == said
    assert told(2_000, since_s=3_400) == [], "it has been told"
    assert told(2_000, since_s=1_400) == said, "within a day of its last record"
    assert told(1_000, since_s=2_600) == [], "the source sends nothing at all any more"


def test_a_field_that_came_seldom_is_news_as_long_as_it_took_to_miss_it(
    warehouse: DuckDBWarehouse,
) -> None:
    def told(missing: int) -> int:
        write(warehouse, ([None] * 49 + ["number"]) * 200 + [None] * missing, "scalar")
        return len(changes(warehouse, share=0, since_us=BEGAN_US + 12_400 * 1_000_000))

    assert [told(missing) for missing in (2_499, 2_500, 4_999, 5_000)] == [0, 1, 1, 0]


def test_null_counts_for_no_type(warehouse: DuckDBWarehouse) -> None:
    write(warehouse, ["null"] * 1_500 + ["array"] * 30 + ["null"] * 30, "scalar")
    row = changed(warehouse)
    assert (row["json_types"], row["records"], row["share"]) == ("array", 30, 0.5)


@pytest.mark.parametrize("seed", range(8))
def test_a_share_is_never_more_than_one(warehouse: DuckDBWarehouse, seed: int) -> None:
    rng = random.Random(seed)
    kinds: list[str | None] = [None, "null", "number", "string", "boolean", "object", "array"]
    types: list[str | None] = []
    for _ in range(rng.randint(1, 6)):
        chosen = rng.sample(kinds, rng.randint(1, 4))
        types += rng.choices(chosen, k=rng.choice([1, 30, 1_200]))
    for expected in ("scalar", "object", None):
        write(warehouse, types, expected)
        for row in drift_findings(warehouse):
            assert 0 < row["share"] <= 1, row
        assert all(0 < change.share <= 1 for change in changes(warehouse, share=0))


def test_a_warehouse_of_an_earlier_version_gets_the_view_when_it_is_opened(
    tmp_path: Path, warehouse: DuckDBWarehouse
) -> None:
    write(warehouse, ["string", "number"] * 750 + ["boolean"] + ["number"] * 39, "scalar")
    told = changed(warehouse)
    warehouse.transform.execute(
        "CREATE OR REPLACE VIEW staging.drift AS"
        " SELECT source_system_id, path, 254 AS share FROM staging.drift_fields"
    )
    warehouse.close()
    again = DuckDBWarehouse(tmp_path / "warehouse.duckdb", clock=lambda: 0)
    assert changed(again) == told
    again.close()
