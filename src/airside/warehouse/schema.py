"""The tables that loading fills; everything downstream of them belongs to gold."""

from airside.events import Feed


def ddl(feed: Feed) -> list[str]:
    """The statements that make the staging tables of a feed where they are missing."""
    columns = ", ".join(f"{column.name} {column.type}" for column in feed.columns)
    return [
        "CREATE SCHEMA IF NOT EXISTS staging",
        f"CREATE TABLE IF NOT EXISTS staging.{feed.name} ({columns}, batch_id BIGINT NOT NULL)",
        """CREATE TABLE IF NOT EXISTS staging.quarantine (
            shard_id VARCHAR NOT NULL,
            sequence_number VARCHAR NOT NULL,
            arrived_at TIMESTAMP NOT NULL,
            reason VARCHAR NOT NULL,
            reasons VARCHAR[] NOT NULL,
            detail VARCHAR NOT NULL,
            payload BLOB NOT NULL,
            batch_id BIGINT NOT NULL
        )""",
        """CREATE TABLE IF NOT EXISTS staging.batches (
            batch_id BIGINT NOT NULL,
            received BIGINT NOT NULL,
            clean BIGINT NOT NULL,
            quarantined BIGINT NOT NULL,
            duplicates BIGINT NOT NULL,
            first_arrived_at TIMESTAMP NOT NULL,
            last_arrived_at TIMESTAMP NOT NULL,
            committed_at TIMESTAMP NOT NULL
        )""",
        """CREATE TABLE IF NOT EXISTS staging.checkpoints (
            shard_id VARCHAR PRIMARY KEY,
            sequence_number VARCHAR NOT NULL
        )""",
    ]
