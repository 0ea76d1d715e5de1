"""A bounded part of the damage: one of each sort, and what has to come of it."""

import pytest

from chaos.damage import Damage, Laboratory

CUT, ZEROED, FLIPPED = "the end is cut off", "the end is zeroed", "a bit is flipped"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("damage"), seed=7)


@pytest.mark.parametrize(
    ("damage", "outcome"),
    [
        (Damage("cut off", "stream.db-wal", CUT, "1"), "its records are lost"),
        (Damage("cut off", "ledger.db-wal", CUT, "2"), "equal"),
        (Damage("cut off", "warehouse.duckdb.wal", ZEROED, "1"), ""),
        (Damage("cut off", "silver", FLIPPED, "1"), "0 lost"),
    ],
    ids=str,
)
def test_nothing_good_is_lost_and_what_is_lost_is_told(
    laboratory: Laboratory, damage: Damage, outcome: str
) -> None:
    assert outcome in laboratory.examine(damage)
