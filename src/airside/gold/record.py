"""Writes down what dbt does in a new warehouse: `python -m airside.gold.record`."""

import json
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airside.gold.control import Control, Fingerprints
from airside.gold.database import DuckDBDatabase
from airside.gold.dbt_process import INCREMENTAL, PROJECT_DIR, DbtProcess
from airside.gold.recorded import PATH, PROJECT, Recorded
from airside.gold.script import Step, script, statements
from airside.gold.thresholds import Thresholds
from airside.warehouse.duckdb import DuckDBWarehouse

_CATALOG = '"warehouse".'
"""What dbt calls the file below; without it, a name means whichever file is open."""
_INSTANT = re.compile(r"(__dbt_tmp)\d{14,}")
"""Temporary tables are called after the time; they end with the connection."""
_ANY_BATCH = (
    "INSERT INTO staging.batches"
    " VALUES (1, 0, 0, 0, 0, make_timestamp(0), make_timestamp(0), make_timestamp(0))"
)


def record() -> Recorded:
    """Have dbt build and refresh gold in a warehouse that nothing has been loaded into."""
    variables = asdict(Thresholds())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "warehouse.duckdb"
        warehouse = DuckDBWarehouse(path, clock=lambda: 0)
        database = DuckDBDatabase(path)
        control, dbt = Control(database), DbtProcess(database, Path(scratch) / "work", variables)
        control.create_tables()
        control.load_airports()
        control.open_window(0, None)
        heard: list[tuple[str, str]] = []
        try:
            for command in (("seed", "--full-refresh"), ("run", "--full-refresh")):
                dbt.invoke(*command)
                heard += dbt.heard
            with database.session() as session:
                session.execute(_ANY_BATCH)
            control.open_window(0, None)
            dbt.invoke("run", *INCREMENTAL)
            refresh = script(dbt.heard)
        finally:
            dbt.close()
            warehouse.close()
    return Recorded(
        fingerprints=Fingerprints.of(PROJECT_DIR, variables),
        build=_anywhere(statements(heard)),
        refresh=_anywhere(refresh),
    )


def written(what: Recorded) -> str:
    """The file's text."""
    document = {
        "fingerprints": asdict(what.fingerprints),
        "build": [_lines(step) for step in what.build],
        "refresh": [_lines(step) for step in what.refresh],
    }
    return json.dumps(document, indent=1) + "\n"


def _anywhere(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Statements that hold wherever the warehouse and the package lie."""
    return tuple(Step(step.model, _portable(step.statement)) for step in steps)


def _portable(sql: str) -> str:
    lines = (line.rstrip() for line in sql.splitlines() if line.strip())
    text = "\n".join(lines).removesuffix("...")  # which dbt adds where it tells of a seed
    text = text.replace(str(PROJECT_DIR), PROJECT).replace(_CATALOG, "").rstrip()
    return _INSTANT.sub(r"\1", text)


def _lines(step: Step) -> dict[str, Any]:
    return {"model": step.model, "statement": step.statement.splitlines()}


if __name__ == "__main__":
    PATH.write_text(written(record()), encoding="utf-8")
