"""What several modules of commands look at."""

from pathlib import Path

import pytest

from support.calls import copied, processed


@pytest.fixture(scope="session")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has taken 1,500 hostile records and answered; only looked at."""
    return processed(tmp_path_factory.mktemp("answered"))


@pytest.fixture
def own(answered: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed and spoilt."""
    return copied(answered, tmp_path)
