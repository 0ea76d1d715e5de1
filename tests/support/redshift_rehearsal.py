"""A rehearsal of Redshift: takes every statement meant for it, and has PostgreSQL do it instead.

Each statement is parsed by sqlglot's Redshift dialect first, so nothing passes that it cannot read;
then what Redshift alone has (COPY, keys, SUPER, DATEDIFF, LAST_VALUE … IGNORE NULLS) is put in
PostgreSQL's words. It shows that the statements do what they should, not that Redshift takes them.
"""

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import psycopg2
import pyarrow.parquet as pq
import sqlglot
from sqlglot import ErrorLevel, exp

from airside.events import FLIGHT_EVENTS
from airside.warehouse.postgres import _as_csv
from airside.warehouse.schema import QUARANTINE_COLUMNS, feed_columns

URL = "redshift://wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com:5439/{database}"
SETUP = """
CREATE FUNCTION keep_known(known anyelement, new anyelement) RETURNS anyelement
    LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($2, $1)';
CREATE AGGREGATE last_known(anyelement) (sfunc = keep_known, stype = anyelement);
"""
_LAYOUT = (exp.DistKeyProperty, exp.DistStyleProperty, exp.SortKeyProperty)
_COMMENT = re.compile(r"\A\s*(/\*.*?\*/\s*)+", re.DOTALL)
_AS_IT_IS = re.compile(
    r"\s*(begin|commit|rollback|set|lock table|alter table|drop (table|view)|create schema)\b|\Z"
    r"|.*\b(pg_|information_schema|svv_)",
    re.IGNORECASE | re.DOTALL,
)
# How dbt asks for a relation's columns, which takes functions that Redshift alone has.
_COLUMNS_OF = re.compile(r"table_name = '([^']+)'.*pg_get_late_binding_view_cols", re.DOTALL)
_COLUMNS = """
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
FROM information_schema.columns WHERE table_name = '{relation}' ORDER BY ordinal_position
"""
_LATE = re.compile(r"\bwith no schema binding\s*;?\s*\Z")
_COPY = re.compile(
    r"COPY incoming_(\w+) FROM '([^']+)' IAM_ROLE (?:default|'[^']+')"
    r" FORMAT AS PARQUET SERIALIZETOJSON MANIFEST"
)


class Rehearsal:
    """Stands in for the module's `connect`.

    Args:
        url: Of the PostgreSQL database that acts.
    """

    def __init__(self, url: str) -> None:
        self.statements: list[str] = []
        """All that was meant for Redshift itself, as it would have got it."""
        self.logins: list[dict[str, Any]] = []
        self._url = url

    def connect(self, **login: Any) -> "_Connection":
        """Instead of `redshift_connector.connect`."""
        self.logins.append(login)
        connection = psycopg2.connect(self._url)
        connection.autocommit = True
        return _Connection(connection, self)


class _Connection:
    def __init__(self, actor: Any, rehearsal: Rehearsal) -> None:
        self.actor = actor
        self.rehearsal = rehearsal
        self.autocommit = False

    def cursor(self) -> "_Cursor":
        return _Cursor(self)

    def close(self) -> None:
        self.actor.close()

    def commit(self) -> None:
        self.cursor().execute("COMMIT")

    def rollback(self) -> None:
        self.cursor().execute("ROLLBACK")


class _Cursor:
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._cursor = connection.actor.cursor()
        self.paramstyle = "format"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: str, args: Any = None) -> "_Cursor":
        sql = _COMMENT.sub("", sql)
        copy = _COPY.fullmatch(sql)
        if copy:
            self._connection.rehearsal.statements.append(sql)
            _copy(self._connection.actor, copy[1], copy[2])
            return self
        columns_of = _COLUMNS_OF.search(sql)
        if columns_of:
            sql = _COLUMNS.format(relation=columns_of[1])
        elif not _AS_IT_IS.match(sql):
            self._connection.rehearsal.statements.append(sql)
            sql = to_postgres(sql)
        if args:
            # dbt binds with %s, Airside's own statements with question marks
            sql = sql if self.paramstyle == "format" else sql.replace("?", "%s")
            self._cursor.execute(sql, list(args))
        elif sql.strip():
            self._cursor.execute(sql)
        return self


def to_postgres(sql: str) -> str:
    """A statement of Redshift in PostgreSQL's words."""
    sql = _LATE.sub("", sql)  # sqlglot does not know it, nor does PostgreSQL
    trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    for tree in trees:
        assert not isinstance(tree, exp.Command), f"sqlglot does not understand: {sql[:300]}"
    return ";\n".join(
        tree.transform(_acted).sql(dialect="postgres", unsupported_level=ErrorLevel.RAISE)
        for tree in trees
    )


def _acted(node: exp.Expression) -> exp.Expression | None:
    match node:
        case exp.Create() if properties := node.args.get("properties"):
            kept = [p for p in properties.expressions if not isinstance(p, _LAYOUT)]
            node.set("properties", exp.Properties(expressions=kept) if kept else None)
        case exp.DataType(this=exp.DataType.Type.SUPER):
            return exp.DataType.build("text[]", dialect="postgres")
        case exp.DataType(this=exp.DataType.Type.VARBINARY):
            return exp.DataType.build("bytea", dialect="postgres")
        case exp.DataType(this=exp.DataType.Type.VARCHAR) if "MAX" in node.sql("redshift"):
            return exp.DataType.build("text", dialect="postgres")
        case exp.TsOrDsAdd() if not isinstance(node.expression, exp.Literal | exp.Neg):
            day = exp.Mul(
                this=exp.paren(node.expression),
                expression=exp.Interval(this=exp.Literal.string("1"), unit=node.args["unit"]),
            )
            return exp.paren(exp.Add(this=node.this, expression=day))
        case exp.IgnoreNulls(this=exp.LastValue()):
            return exp.func("last_known", node.this.this)
    return node


def _copy(actor: Any, table: str, manifest_url: str) -> None:
    """What COPY does: the files of a manifest, column by column in their order."""
    entries = json.loads(Path(manifest_url).read_text())["entries"]
    is_feed = table == FLIGHT_EVENTS.name
    expected = list(feed_columns(FLIGHT_EVENTS) if is_feed else QUARANTINE_COLUMNS)
    for entry in entries:
        path = Path(entry["url"])
        assert entry["mandatory"] is True
        assert entry["meta"] == {"content_length": path.stat().st_size}
        rows = pq.read_table(path)
        assert rows.column_names == expected, "COPY would mix the columns up"
        with actor.cursor() as cursor:
            cursor.copy_expert(
                f"COPY incoming_{table} FROM STDIN (FORMAT csv)", BytesIO(_as_csv(rows))
            )
