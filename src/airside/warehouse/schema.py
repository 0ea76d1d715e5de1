"""The tables that loading fills; everything downstream of them belongs to gold."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airside.events import Feed
from airside.warehouse.drift import drift_ddl

if TYPE_CHECKING:
    from airside.warehouse.server import Server

QUARANTINE_COLUMNS: Mapping[str, str] = {
    "shard_id": "VARCHAR",
    "sequence_number": "VARCHAR",
    "arrived_at": "TIMESTAMP",
    "reason": "VARCHAR",
    "reasons": "VARCHAR[]",
    "detail": "VARCHAR",
    "payload": "BLOB",
}
"""The columns of `staging.quarantine` without `batch_id`, none of them NULL, in order."""
_REMOVED = {
    "shard_id": "VARCHAR",
    "sequence_number": "VARCHAR",
    "batch_id": "BIGINT",
    "row_count": "BIGINT",
}
"""Shard → through where retention has removed the rows, which batch that was, and how many."""
_REMOVED_REASONS = {"reason": "VARCHAR", "records": "BIGINT"}
"""Why records were refused whose rows retention has removed from the quarantine."""
_BATCH_COUNTS = ("received", "clean", "quarantined", "duplicates")
_BATCH_TIMES = ("first_arrived_at", "last_arrived_at", "committed_at")


def feed_columns(feed: Feed) -> dict[str, str]:
    """Name → DuckDB type of a feed's columns in staging, without `batch_id`."""
    return {column.name: column.type for column in feed.columns}


def ddl(feed: Feed) -> list[str]:
    """The statements that make the staging tables of a feed in DuckDB where they are missing."""
    return [
        "CREATE SCHEMA IF NOT EXISTS staging",
        _table(feed.name, f"{_typed(feed_columns(feed))}, batch_id BIGINT NOT NULL"),
        _table("quarantine", f"{_typed(QUARANTINE_COLUMNS, _NONE_NULL)}, batch_id BIGINT NOT NULL"),
        _table("batches", f"batch_id BIGINT NOT NULL, {_batch_columns('BIGINT', 'TIMESTAMP')}"),
        _table("checkpoints", "shard_id VARCHAR PRIMARY KEY, sequence_number VARCHAR NOT NULL"),
        *drift_ddl(),
        _table("removed", f"{_typed(_REMOVED, _NONE_NULL)}"),
        _table("removed_reasons", f"{_typed(_REMOVED_REASONS, _NONE_NULL)}"),
    ]


def server_ddl(feed: Feed, server: "Server") -> list[str]:
    """The same on a server, whose batches have names: what has been loaded from the lake.

    `removed_at` says that a batch's rows have left staging, see `retention`.
    """
    text, number, instant = (server.types[name] for name in ("VARCHAR", "BIGINT", "TIMESTAMP"))

    def typed(columns: Mapping[str, str]) -> dict[str, str]:
        return {name: server.types[kind] for name, kind in columns.items()}

    batch_id = f"batch_id {number} NOT NULL"
    tables = {
        feed.name: f"{_typed(typed(feed_columns(feed)))}, {batch_id}",
        "quarantine": f"{_typed(typed(QUARANTINE_COLUMNS), _NONE_NULL)}, {batch_id}",
        "batches": (
            f"{batch_id}, {_batch_columns(number, instant)},"
            f" batch_name {text} NOT NULL UNIQUE, removed_at {instant}"
        ),
        "checkpoints": f"shard_id {text} NOT NULL UNIQUE, sequence_number {text} NOT NULL",
        "removed_reasons": f"{_typed(typed(_REMOVED_REASONS), _NONE_NULL)}",
    }
    return [
        "CREATE SCHEMA IF NOT EXISTS staging",
        "CREATE SCHEMA IF NOT EXISTS main",
        *(_table(name, columns, server.table_options(name)) for name, columns in tables.items()),
        *server.indexes(feed),
    ]


_NONE_NULL = " NOT NULL"


def _table(name: str, columns: str, options: str = "") -> str:
    return f"CREATE TABLE IF NOT EXISTS staging.{name} ({columns}){options}"


def _typed(columns: Mapping[str, str], constraint: str = "") -> str:
    return ", ".join(f"{name} {kind}{constraint}" for name, kind in columns.items())


def _batch_columns(number: str, instant: str) -> str:
    columns = dict.fromkeys(_BATCH_COUNTS, number) | dict.fromkeys(_BATCH_TIMES, instant)
    return _typed(columns, _NONE_NULL)
