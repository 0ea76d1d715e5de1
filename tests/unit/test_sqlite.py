import sqlite3
from pathlib import Path

import pytest

from airside import sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new.db"


def test_a_new_file_that_another_is_changing_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr(sqlite, "sleep", pause)
    db = sqlite.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert len(pauses) == 3
    db.close()
    other.close()


def test_a_file_that_stays_locked_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    now = [0.0]

    def pause(_: float) -> None:
        now[0] += 1.0

    monkeypatch.setattr(sqlite, "sleep", pause)
    monkeypatch.setattr(sqlite, "monotonic", lambda: now[0])
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        sqlite.connect(path)
    assert now[0] > 30
    other.close()
