"""A warehouse that has lost what it had committed takes it in again, under the same names."""

import shutil
from pathlib import Path

from oracle.corpus import hostile
from support.command import airside_here, airside_json
from support.contents import lake_contents, warehouse_contents


def test_an_older_copy_of_the_warehouse_catches_up_and_nothing_is_there_twice(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    directory = ("--data-dir", data)
    warehouse = data / "warehouse.duckdb"
    records = [record.replace(b"\n", b" ") for record in hostile(900, seed=5)]

    for part in range(3):
        feed = tmp_path / "feed.ndjson"
        feed.write_bytes(b"\n".join(records[part * 300 :][:300]) + b"\n")
        airside_here("ingest", feed, *directory)
        airside_here("run", "--until-drained", *directory)
        if part == 0:
            shutil.copyfile(warehouse, tmp_path / "older")
    rows, files = warehouse_contents(warehouse), lake_contents(data)
    shutil.copyfile(tmp_path / "older", warehouse)

    airside_here("run", "--until-drained", *directory)

    assert lake_contents(data) == files
    assert warehouse_contents(warehouse) == rows
    assert airside_json("status", *directory)["balanced"] is True
