# ruff: noqa: INP001  sqlfluff loads each file of this folder by itself
"""dbt's `adapter`, as far as the project's macros use it, so that sqlfluff renders without dbt."""

from collections.abc import Callable

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str, _package: str | None = None) -> Callable[..., str]:
    """The macro of the linted dialect, or of standard SQL."""
    macro = context.resolve(f"duckdb__{name}")
    return context.resolve(f"default__{name}") if isinstance(macro, Undefined) else macro
