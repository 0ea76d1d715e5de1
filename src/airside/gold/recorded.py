"""What dbt does in a new warehouse, as `airside.gold.record` has written it down.

To a warehouse without gold dbt always says the same, and takes seconds for it, most of them to be
imported and to read its project. So its statements come with the package, and with them the
fingerprints of the project that they were made of: where that is another, dbt is asked.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airside.gold.control import Fingerprints
from airside.gold.dbt_process import PROJECT_DIR
from airside.gold.script import Step

PATH = Path(__file__).with_name("recorded.json")
PROJECT = "{project}"
"""Stands for the folder of dbt's project."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """dbt's statements for one project."""

    fingerprints: Fingerprints
    build: tuple[Step, ...]
    """Make reference data, tables and views, and take the first window in."""
    refresh: tuple[Step, ...]
    """Take another window in."""


def recorded() -> Recorded:
    """What came with the package."""
    document = json.loads(PATH.read_text(encoding="utf-8"))
    return Recorded(
        fingerprints=Fingerprints(**document["fingerprints"]),
        build=_read(document["build"]),
        refresh=_read(document["refresh"]),
    )


def _read(steps: Iterable[dict[str, Any]]) -> tuple[Step, ...]:
    project = str(PROJECT_DIR).replace("'", "''")
    return tuple(
        Step(step["model"], "\n".join(step["statement"]).replace(PROJECT, project))
        for step in steps
    )
