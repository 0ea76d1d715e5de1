# ruff: noqa: INP001  sqlfluff loads each file of this folder by itself
"""dbt's `target`, as far as the project's macros use it: the linted dialect."""

type = "duckdb"  # noqa: A001 - dbt's name
