"""dbt's statements of a refresh, run again without dbt.

Most of a small refresh is dbt at work: it makes the same SQL out of the same models each time, and
holds Python's lock meanwhile, for which everything else in the process has to wait. What a refresh
takes in is not in the statements but in the control tables, so they can be run as they are.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from airside.gold.database import Session
from airside.gold.dbt_process import NodeResult, failed

_COMMENT = re.compile(r"\s*/\*.*?\*/\s*", re.DOTALL)
"""What dbt writes before each statement: where it comes from."""
_ASKS = re.compile(r"select\b", re.IGNORECASE)
_MAKES = re.compile(r"(create\s+(?!temporary|or\s+replace\s+temporary)|alter\s)", re.IGNORECASE)
"""What is done once, as where a table was missing."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one model does in a refresh."""

    model: str
    statements: tuple[str, ...]
    """With those that begin and commit the model's transaction."""


def scripts(heard: Iterable[tuple[str, str]]) -> list[Script]:
    """The models' scripts, out of what dbt did; none where it made a table, which it does once.

    Args:
        heard: The model and the SQL of each statement. Those of no model are dbt's own, and those
            that only ask are for its plans.
    """
    statements: dict[str, list[str]] = {}
    for model, commented in heard:
        sql = _COMMENT.sub("", commented, count=1)
        if model and _MAKES.match(sql):
            return []
        if model and not _ASKS.match(sql):
            statements.setdefault(model, []).append(sql)
    return [Script(model, tuple(its_own)) for model, its_own in statements.items()]


def run(session: Session, parts: Iterable[Script]) -> list[NodeResult]:
    """Run the models' scripts, one after the other.

    Args:
        session: A connection that is closed afterwards, which undoes what is not committed.
        parts: In their order.

    Raises:
        AirsideError: A model failed; those before it stand.
    """
    results: list[NodeResult] = []
    for part in parts:
        began = time.monotonic()
        try:
            for statement in part.statements:
                session.execute(statement)
        except duckdb.Error as error:
            raise failed(part.model, str(error)) from error
        results.append(NodeResult(part.model, "success", "", time.monotonic() - began))
    return results
