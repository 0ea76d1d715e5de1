from pathlib import Path

import duckdb
import pytest

from airside.gold.database import DuckDBDatabase


def test_a_commit_that_has_ended_its_transaction_is_what_is_reported(tmp_path: Path) -> None:
    with (
        DuckDBDatabase(tmp_path / "gold.duckdb").session() as session,
        pytest.raises(duckdb.TransactionException, match="cannot commit"),
        session.transaction(),
    ):
        session.execute("COMMIT")  # as one that fails on a full disk, it leaves nothing to end
