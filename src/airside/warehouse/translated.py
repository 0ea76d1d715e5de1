"""Airside's own questions, put to a server: written in DuckDB's SQL, asked in the server's.

The dashboard, the report and the account ask the same questions of every warehouse. They keep to
what all three can do; what is only spelt differently is respelt here, by sqlglot and a few rules.
"""

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import sqlglot
from sqlglot import ErrorLevel, exp

from airside.warehouse.server_reader import ServerReader

_QUESTIONS = 512
_DOUBLE = exp.DataType.build("double")


class TranslatedReader:
    """See `Reader`; questions are in DuckDB's SQL.

    Args:
        reader: Asks the server.
    """

    def __init__(self, reader: ServerReader) -> None:
        self._reader = reader

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Translate a question and ask it."""
        return self._reader.ask(translate(sql, self._reader.server.address.dialect), parameters)


@lru_cache(maxsize=_QUESTIONS)
def translate(sql: str, dialect: str) -> str:
    """A question in DuckDB's SQL, in another dialect's, with `?` where a value goes.

    Args:
        sql: One of ours; not checked for being a question.
        dialect: As sqlglot calls it.
    """
    tree: exp.Expression = sqlglot.parse_one(sql, read="duckdb").transform(_common)
    if dialect == "redshift":
        tree = tree.transform(_without_filter).transform(_for_redshift)
    text = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
    # Both drivers are given question marks, see `Server.run`.
    return text.replace("%s", "?")


def _common(node: exp.Expression) -> exp.Expression:
    """What DuckDB means by a function that others read otherwise."""
    if isinstance(node, exp.Avg) and not isinstance(node.this, exp.Cast):
        # A mean of whole numbers is a DOUBLE in DuckDB, and a decimal or a whole number elsewhere.
        return exp.Avg(this=exp.cast(node.this, _DOUBLE))
    if isinstance(node, exp.Bracket) and isinstance(node.expressions[0], exp.Slice):
        # Our questions take the beginning of bytes, never of a list.
        length = node.expressions[0].expression
        return exp.Substring(this=node.this, start=exp.Literal.number(1), length=length)
    return node


def _without_filter(node: exp.Expression) -> exp.Expression:
    """`sum(x) FILTER (WHERE y)` as `sum(CASE WHEN y THEN x END)`."""
    if not isinstance(node, exp.Filter):
        return node
    aggregate: exp.Expression = node.this.copy()
    condition = node.expression.this
    counted = aggregate.this
    value = exp.Literal.number(1) if isinstance(counted, exp.Star) else counted
    aggregate.set("this", exp.Case().when(condition.copy(), value.copy()))
    return aggregate


_SPREAD = "(sum({a} * {b}) - sum({a}) * sum({b}) / count(*))"


def _line(node: exp.Expression, template: str) -> exp.Expression:
    """A measure of the least-squares line; both columns are DOUBLE and never NULL."""
    y, x = node.this.sql(), node.expression.sql()
    spreads = {
        name: _SPREAD.format(a=a, b=b)
        for name, a, b in (("sxx", x, x), ("syy", y, y), ("sxy", x, y))
    }
    return exp.maybe_parse(template.format(x=x, y=y, **spreads), dialect="redshift")


def _for_redshift(node: exp.Expression) -> exp.Expression:
    """What Redshift does not have."""
    if isinstance(node, exp.Corr):
        return _line(node, "{sxy} / nullif(sqrt(abs({sxx})) * sqrt(abs({syy})), 0)")
    if isinstance(node, exp.RegrSlope):
        return _line(node, "{sxy} / nullif({sxx}, 0)")
    if isinstance(node, exp.RegrIntercept):
        return _line(node, "avg({y}) - avg({x}) * {sxy} / nullif({sxx}, 0)")
    if isinstance(node, exp.NullSafeEQ):
        one, other = node.this, node.expression
        neither = exp.and_(one.copy().is_(exp.null()), other.copy().is_(exp.null()))
        return exp.paren(exp.or_(exp.EQ(this=one.copy(), expression=other.copy()), neither))
    return node
