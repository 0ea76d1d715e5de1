"""One warehouse with gold for all tests of a worker: dbt takes seconds to start."""

from collections.abc import Iterator

import pytest

from unit.gold.staged_gold import StagedGold


@pytest.fixture(scope="session")
def shared_gold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedGold]:
    staged = StagedGold(tmp_path_factory.mktemp("gold"))
    yield staged
    staged.close()


@pytest.fixture
def staged(shared_gold: StagedGold) -> StagedGold:
    """The shared one, emptied."""
    shared_gold.clear()
    return shared_gold
