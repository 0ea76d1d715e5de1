"""Where a warehouse is, as a URL says it.

    postgresql://user@host:5432/database?sslmode=require
    redshift://workgroup.account.region.redshift-serverless.amazonaws.com:5439/database

What the URL leaves out comes from where the database's own clients take it: `PGPASSWORD`,
`~/.pgpass` and their kin for PostgreSQL, IAM for Redshift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from airside.errors import UsageError

Dialect = Literal["postgres", "redshift"]

_DIALECTS: dict[str, Dialect] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "redshift": "redshift",
}
_EXAMPLES = (
    "write postgresql://user@host/database, or "
    "redshift://WORKGROUP.ACCOUNT.REGION.redshift-serverless.amazonaws.com/database"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A warehouse's URL, taken apart. Its text leaves the password out."""

    dialect: Dialect
    host: str | None
    port: int | None
    database: str
    user: str | None
    password: str | None = field(repr=False)
    options: Mapping[str, str] = field(repr=False)
    """What follows the question mark."""

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read a URL.

        Raises:
            UsageError: It is no URL of a warehouse; says which are.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UsageError(
                f"{_hidden(url)} is not a warehouse's URL ({error}); {_EXAMPLES}"
            ) from error
        dialect = _DIALECTS.get(parts.scheme.lower())
        if dialect is None:
            raise UsageError(
                f"{_hidden(url)} is not a warehouse's URL: expected one that begins with "
                f"postgresql:// or redshift://; {_EXAMPLES}"
            )
        database = unquote(parts.path.removeprefix("/"))
        if not database or "/" in database:
            raise UsageError(f"{_hidden(url)} does not name one database; {_EXAMPLES}")
        if dialect == "redshift" and not parts.hostname:
            raise UsageError(f"{_hidden(url)} does not name a host; {_EXAMPLES}")
        return cls(
            dialect=dialect,
            host=unquote(parts.hostname) if parts.hostname else None,
            port=port,
            database=database,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            options=dict(parse_qsl(parts.query)),
        )

    def __str__(self) -> str:
        scheme = "postgresql" if self.dialect == "postgres" else self.dialect
        user = f"{self.user}@" if self.user else ""
        host = self.host or self.options.get("host", "")
        port = f":{self.port}" if self.port else ""
        return f"{scheme}://{user}{host}{port}/{self.database}"


def _hidden(url: str) -> str:
    """The text without what may be a password."""
    head, at, tail = url.rpartition("@")
    scheme, mark, _ = head.partition("://")
    shown = f"{scheme}://…@{tail}" if mark else f"…@{tail}" if at else url
    before, question, _ = shown.partition("?")
    return f"{before}?…" if question else before
