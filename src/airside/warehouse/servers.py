"""Servers by their URLs. What they need is imported only when one is named: it is an extra."""

import importlib.util
from typing import TYPE_CHECKING

from airside.errors import UsageError
from airside.warehouse.address import Address
from airside.warehouse.server import Server

if TYPE_CHECKING:
    from airside.warehouse.server_reader import ServerReader
    from airside.warehouse.translated import TranslatedReader

_NEEDS = {
    "postgres": ("PostgreSQL", ("psycopg2", "dbt.adapters.postgres", "sqlglot")),
    "redshift": ("Redshift", ("redshift_connector", "dbt.adapters.redshift", "sqlglot")),
}


def open_server(url: str) -> Server:
    """The server at a URL; nothing is asked of it yet.

    Raises:
        UsageError: The URL is not understood, or what it needs is not installed.
    """
    address = Address.parse(url)
    _check_installed(address)
    if address.dialect == "redshift":
        from airside.warehouse.redshift import RedshiftServer  # noqa: PLC0415  an extra

        return RedshiftServer(url)
    from airside.warehouse.postgres import PostgresServer  # noqa: PLC0415  an extra

    return PostgresServer(url)


def open_server_reader(url: str, *, timeout_seconds: float) -> "ServerReader":
    """Whoever asks the server at a URL, in its own dialect.

    Raises:
        UsageError: As `open_server`.
    """
    server = open_server(url)
    from airside.warehouse.server_reader import ServerReader  # noqa: PLC0415  an extra

    return ServerReader(server, timeout_seconds=timeout_seconds)


def translated(reader: "ServerReader") -> "TranslatedReader":
    """The same, in DuckDB's SQL."""
    from airside.warehouse.translated import TranslatedReader  # noqa: PLC0415  an extra

    return TranslatedReader(reader)


def _check_installed(address: Address) -> None:
    name, modules = _NEEDS[address.dialect]
    for module in modules:
        try:
            found = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:  # a package above it is missing
            found = False
        if not found:
            raise UsageError(f"{name} needs {module}: pip install 'airside[{address.dialect}]'")
