"""dbt's statements of a refresh, run again without dbt.

Most of a small refresh is dbt at work: it makes the same SQL out of the same models each time, and
holds Python's lock meanwhile, for which everything else in the process has to wait. What a refresh
takes in is not in the statements but in the control tables, so they can be run as they are.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import duckdb

from airside.gold.database import Session
from airside.gold.dbt_process import NodeResult, failed

_COMMENT = re.compile(r"\s*/\*.*?\*/\s*", re.DOTALL)
"""What dbt writes before each statement: where it comes from."""
_ASKS = re.compile(r"select\b", re.IGNORECASE)
_MAKES = re.compile(r"(create\s+(?!temporary|or\s+replace\s+temporary)|alter\s)", re.IGNORECASE)
"""What is done once, as where a table was missing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of a refresh, one of those that begin and commit a model's transaction too."""

    model: str
    statement: str


def script(heard: Iterable[tuple[str, str]]) -> list[Step]:
    """What a refresh does, out of what dbt did; empty where it made a table, which it does once.

    Args:
        heard: The model and the SQL of each statement. Those of no model are dbt's own, and those
            that only ask are for its plans.
    """
    steps = statements(heard)
    return [] if any(_MAKES.match(step.statement) for step in steps) else steps


def statements(heard: Iterable[tuple[str, str]]) -> list[Step]:
    """What dbt did to the models; see `script`."""
    steps = [Step(model, _COMMENT.sub("", sql, count=1)) for model, sql in heard if model]
    return [step for step in steps if not _ASKS.match(step.statement)]


def run(session: Session, steps: Iterable[Step]) -> list[NodeResult]:
    """Run a script, one model after the other.

    Args:
        session: A connection that is closed afterwards, which undoes what is not committed.
        steps: In their order.

    Raises:
        AirsideError: A model failed; those before it stand.
    """
    results: list[NodeResult] = []
    for model, its_own in groupby(steps, key=lambda step: step.model):
        began = time.monotonic()
        try:
            for step in its_own:
                session.execute(step.statement)
        except duckdb.Error as error:
            raise failed(model, str(error)) from error
        results.append(NodeResult(model, "success", "", time.monotonic() - began))
    return results
