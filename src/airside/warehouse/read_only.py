"""Lets questions through to DuckDB, and nothing that changes anything.

A read-only transaction keeps the tables as they are, but not the file system and the settings:
`EXPLAIN ANALYZE COPY …` writes a file, a common table expression may be a `COPY` or an `INSERT`,
and some functions of a SELECT switch logging on or checkpoint. So the statement is parsed, by
DuckDB itself, and looked through.
"""

import json
import re

import duckdb

from airside.errors import UsageError

CHANGING_FUNCTIONS = frozenset(
    {
        "checkpoint",
        "create_external_resource",
        "deregister_external_resource",
        "destroy_external_resource",
        "disable_logging",
        "disable_profiling",
        "enable_logging",
        "enable_profiling",
        "force_checkpoint",
        "register_external_resource",
        "register_external_resource_type",
        "truncate_duckdb_logs",
        "write_log",
        # These run text as SQL, past this check.
        "json_execute_serialized_sql",
        "query",
    }
)
"""Functions that do more than answer. Sequences' are not here: the transaction refuses them."""

_EXPLAIN = re.compile(
    r"\s*EXPLAIN(\s+ANALYZE\b)?(\s*\(\s*(ANALYZE|FORMAT)\b[^()]*\))?", re.IGNORECASE
)
_PARTS = re.compile(r'"type":"(?P<node>\w+)_QUERY_NODE"|"function_name":"(?P<function>[^"]*)"')


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse everything but one statement that only asks.

    Raises:
        UsageError: It is not SQL, not one statement, or it would change something.
    """
    kinds = _kinds(sql)
    if kinds == [duckdb.StatementType.EXPLAIN]:
        explain = _EXPLAIN.match(sql)
        if explain is None:
            raise _refused("EXPLAIN after a comment")
        sql = sql[explain.end() :]
        kinds = _kinds(sql)
    if kinds != [duckdb.StatementType.SELECT]:
        raise _refused(", ".join(kind.name for kind in kinds) or "nothing")
    (text,) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0]
    if text.startswith('{"error":true'):
        failure = json.loads(text)
        raise UsageError(f"{failure['error_type']}: {failure['error_message']}")
    # Searched as text, as it may nest deeper than a JSON parser goes; inside a string of the
    # statement these quotes would be escaped.
    for part in _PARTS.finditer(text):
        if part["node"]:
            raise _refused(f"{part['node']} inside it")
        if part["function"].lower() in CHANGING_FUNCTIONS:
            raise _refused(f"one that calls {part['function']}()")


def _kinds(sql: str) -> list[duckdb.StatementType]:
    try:
        return [statement.type for statement in duckdb.extract_statements(sql)]
    except duckdb.Error as error:
        raise UsageError(str(error)) from error
    except ValueError as error:  # DuckDB knows more kinds than its Python client has names for
        raise _refused("one of another kind") from error


def _refused(found: str) -> UsageError:
    return UsageError(
        f"expected one SELECT (or DESCRIBE, SHOW, EXPLAIN) statement, got {found}; only reading is "
        "allowed here"
    )
