"""Where a directory's lake is."""

from pathlib import Path

import pytest

from airside.errors import UsageError
from airside.runtime.data_dir import DataDir
from airside.runtime.lakes import settle_lake
from airside.settings import Settings


def named(url: Path) -> Settings:
    return Settings.model_validate({"lake": {"url": str(url)}})


@pytest.fixture
def used(tmp_path: Path) -> DataDir:
    """A directory with its lake in itself."""
    directory = DataDir(tmp_path / "data")
    directory.open()
    directory.warehouse.touch()
    return directory


def test_by_whatever_name_its_own_lake_stays_its_own(used: DataDir, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(used.root)
    for name in (used.root, used.root / ".." / "data", link):
        assert settle_lake(used, named(name)).url == str(used.root)
    assert used.lake_url is None


def test_another_is_refused(used: DataDir, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has its lake in"):
        settle_lake(used, named(tmp_path / "other"))
