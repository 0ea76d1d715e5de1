"""Silver and gold rebuilt from the archive equal the live ones, row for row."""

from pathlib import Path
from typing import Any

import pytest

from airside.bronze import Archive
from airside.runtime import backfill
from airside.runtime.backfill import transform_archive
from airside.runtime.data_dir import DataDir
from oracle.corpus import hostile
from support.calls import call, copied, refused
from support.command import airside, airside_here, airside_json, airside_ok
from support.contents import archived_lines, lake_contents, warehouse_contents

RECORDS = 6_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that took its records in two goes, over three shards."""
    data = tmp_path_factory.mktemp("live") / "data"
    records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=11)]
    config = data.parent / "airside.toml"
    config.write_text("[stream]\nshards = 3\n")
    for part in range(2):
        lines = b"".join(record + b"\n" for record in records[part::2])
        done = airside("ingest", "-", "--data-dir", data, stdin=lines, AIRSIDE_CONFIG=str(config))
        assert done.returncode == 0, done.stderr
        airside_here("run", "--until-drained", "--data-dir", data)
    return data


@pytest.fixture(scope="module")
def restored(live: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    new = tmp_path_factory.mktemp("restored") / "new"
    airside_here("backfill", "--source", live, "--data-dir", new)
    return new


def test_a_new_directory_made_from_the_archive_equals_the_live_one(
    live: Path, restored: Path
) -> None:
    assert warehouse_contents(restored / "warehouse.duckdb") == warehouse_contents(
        live / "warehouse.duckdb"
    )
    assert lake_contents(restored) == lake_contents(live)
    status = airside_json("status", "--data-dir", restored)
    assert status["balanced"] is True
    assert status["received"] == status["archived"] == RECORDS


def test_a_restored_directory_goes_on_where_the_archive_ends(
    live: Path, restored: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.ndjson"
    more.write_bytes(b'{"event_id": "one more"}\n')
    airside_here("ingest", more, "--data-dir", restored)
    airside_here("run", "--until-drained", "--data-dir", restored)
    status = airside_json("status", "--data-dir", restored)
    assert status["balanced"] is True
    assert status["received"] == status["archived"] == RECORDS + 1
    assert sorted(archived_lines(restored)) == sorted(
        [*archived_lines(live), b'{"event_id": "one more"}']
    )


def test_rebuilding_in_place_changes_no_row(live: Path) -> None:
    before = warehouse_contents(live / "warehouse.duckdb")
    rows = lake_contents(live)
    airside_here("backfill", "--data-dir", live)
    assert warehouse_contents(live / "warehouse.duckdb") == before
    assert lake_contents(live) == rows
    assert airside_json("status", "--data-dir", live)["balanced"] is True
    assert not (live / "rebuild").exists()


def test_a_directory_with_records_of_its_own_is_refused(live: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    airside_ok("ingest", "-", "--data-dir", own, stdin=b"{}\n")
    done = airside("backfill", "--source", live, "--data-dir", own)
    assert done.returncode == 2
    assert "holds records of its own" in done.stderr
    assert airside_json("status", "--data-dir", own)["received"] == 1


def test_a_folder_without_an_archive_is_refused(tmp_path: Path) -> None:
    done = airside("backfill", "--source", tmp_path, "--data-dir", tmp_path / "new")
    assert done.returncode == 2
    assert "there is no archive in" in done.stderr
    assert not (tmp_path / "new").exists()


def test_rows_that_lie_only_in_the_new_warehouses_log_are_not_thrown_away(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = copied(live, tmp_path)
    before = warehouse_contents(data / "warehouse.duckdb")

    def without_room(archive: Archive, *, target: DataDir, **more: Any) -> int:
        done = transform_archive(archive, target=target, **more)
        target.warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"rows")
        return done

    monkeypatch.setattr(backfill, "transform_archive", without_room)
    message = refused(75, "backfill", "--data-dir", data)
    assert "warehouse.duckdb.wal: 4 bytes could not be merged" in message
    assert warehouse_contents(data / "warehouse.duckdb") == before
    monkeypatch.undo()
    assert call("backfill", "--data-dir", data).code == 0
    assert warehouse_contents(data / "warehouse.duckdb") == before
