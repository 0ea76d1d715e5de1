"""Lets questions through to a server, and nothing that changes anything.

The transaction is read-only and the user's grants decide what may be read at all; this keeps out
what a read-only transaction lets through: a second statement that ends it, settings, and functions
that reach beyond the tables.
"""

import re
from itertools import pairwise

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from airside.errors import UsageError

_EXPLAIN = re.compile(r"\s*EXPLAIN(\s+ANALYZE\b)?(\s+VERBOSE\b)?", re.IGNORECASE)
_REACHING = re.compile(
    r"^(dblink|lo_|pg_advisory|pg_cancel|pg_create|pg_current_logfile|pg_drop|pg_file|pg_import"
    r"|pg_log|pg_logical|pg_ls|pg_notify|pg_promote|pg_read|pg_reload|pg_replication|pg_rotate"
    r"|pg_sleep|pg_stat_file|pg_stat_reset|pg_switch|pg_terminate|pg_try_advisory|pg_wal"
    r"|query_to_xml|cursor_to_xml|table_to_xml|schema_to_xml|database_to_xml|set_config|setval"
    r"|nextval|currval|txid_current$|explain_|system$|xpath_table|ts_stat)",
    re.IGNORECASE,
)


def check(sql: str, dialect: str) -> None:
    """Refuse everything but one statement that only asks.

    Args:
        sql: The statement.
        dialect: As sqlglot calls it.

    Raises:
        UsageError: It is not one statement, or it would change something.
    """
    explain = _EXPLAIN.match(sql)
    question = sql[explain.end() :] if explain else sql
    try:
        tokens = sqlglot.tokenize(question, read=dialect)
        statements = [found for found in sqlglot.parse(question, read=dialect) if found]
    except (SqlglotError, RecursionError) as error:
        raise UsageError(f"not understood: {' '.join(str(error).split())[:500]}") from error
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    kinds = [type(found).__name__.upper() for found in statements]
    if len(statements) != 1 or any(t.token_type == TokenType.SEMICOLON for t in tokens):
        raise _refused(", ".join(kinds) or "nothing")
    (statement,) = statements
    if not isinstance(statement, exp.Query | exp.Values | exp.Table):
        raise _refused(kinds[0])
    for node in statement.walk():
        if isinstance(node, exp.DML | exp.DDL | exp.Command | exp.Into | exp.Lock) and not (
            isinstance(node, exp.Query)
        ):
            raise _refused(f"{type(node).__name__.upper()} inside it")
    for name in _called(tokens):
        if _REACHING.match(name):
            raise _refused(f"one that calls {name}()")


def _called(tokens: list[sqlglot.Token]) -> list[str]:
    """Every name before an opening bracket, however the parser understands it."""
    return [
        name.text for name, bracket in pairwise(tokens) if bracket.token_type == TokenType.L_PAREN
    ]


def _refused(found: str) -> UsageError:
    return UsageError(
        f"expected one SELECT (or VALUES, EXPLAIN) statement, got {found}; only reading is allowed "
        "here"
    )
