"""Whether two engines gave the same, row by row."""

from math import isclose
from pathlib import Path

import duckdb

from peers.task import CLEAN, REFUSED, Answer


def differing_rows(one: Path, other: Path) -> dict[str, int]:
    """Output → how many of its rows only one of two engines gave."""
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        return {
            name: _only_in_one(connection, columns, one / name, other / name)
            for name, columns in (("clean", CLEAN), ("refused", REFUSED))
        }


def differing_airlines(one: Answer, other: Answer) -> int:
    """How many airlines have an answer of one engine that is not the other's.

    The mean of many numbers depends, in its last digits, on the order in which they are added.
    """
    left, right = ({row[0]: row[1:] for row in answer} for answer in (one, other))
    return sum(
        airline not in left
        or airline not in right
        or left[airline][0] != right[airline][0]
        or not all(
            isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
            for a, b in zip(left[airline][1:], right[airline][1:], strict=True)
        )
        for airline in left.keys() | right.keys()
    )


def examples(one: Path, other: Path, limit: int = 5) -> list[str]:
    """Rows of the clean ones that only the second engine gave, for whoever looks for the cause."""
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        sql = f"({_rows(CLEAN, other / 'clean')}) EXCEPT ALL ({_rows(CLEAN, one / 'clean')})"
        return [str(row) for row in connection.execute(f"{sql} LIMIT {limit}").fetchall()]


def _only_in_one(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, str], one: Path, other: Path
) -> int:
    a, b = _rows(columns, one), _rows(columns, other)
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM ((({a}) EXCEPT ALL ({b})) UNION ALL (({b}) EXCEPT ALL ({a})))"
    ).fetchall()
    return int(count)


def _rows(columns: dict[str, str], folder: Path) -> str:
    """The rows in one type, however an engine spells it in Parquet."""
    casts = ", ".join(f"{name}::{kind} AS {name}" for name, kind in columns.items())
    return f"SELECT {casts} FROM read_parquet('{folder}/*.parquet', hive_partitioning = false)"
