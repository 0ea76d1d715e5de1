"""The cleaned zone: Parquet files, by the hour in which their records arrived."""

from itertools import groupby
from pathlib import Path

import duckdb

from airside.events import Feed
from airside.lake import Lake
from airside.stream import RangeFile, SequenceRange, hour_folder, in_force

SUFFIX = ".parquet"
_FORMAT = "(FORMAT parquet, COMPRESSION zstd)"


def publish(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    feed: Feed,
    rows: str,
    planned: SequenceRange,
) -> int:
    """Write a batch's accepted rows: one file for each shard and hour of arrival.

    A file is named by the range of its batch, not by the rows that happened to be clean, so the
    same batch done again overwrites it.

    Args:
        connection: Where `rows` can be asked.
        lake: Takes the files.
        feed: Names the folder and the columns.
        rows: A SELECT that gives the feed's columns.
        planned: The batch.

    Returns:
        How many files were written.
    """
    parts = connection.execute(
        "SELECT shard_id, epoch_us(date_trunc('hour', arrived_at)) AS hour_us,"
        f" min(length(sequence_number)) FROM ({rows}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    columns = ", ".join(feed.column_names)
    for shard_id, hour_us, width in parts:
        file = RangeFile(
            hour_folder(f"silver/{feed.name}", hour_us),
            shard_id,
            planned.after.get(shard_id, "0" * width),
            planned.through[shard_id],
            SUFFIX,
        )
        select = f"SELECT {columns} FROM ({rows})"
        if len(parts) > 1:
            select += (
                f" WHERE shard_id = {_quoted(shard_id)}"
                f" AND date_trunc('hour', arrived_at) = make_timestamp({hour_us})"
            )
        write(connection, lake, select, file.name)
    return len(parts)


def write(connection: duckdb.DuckDBPyConnection, lake: Lake, select: str, name: str) -> int:
    """Write the rows of a SELECT as one Parquet file of the lake; returns its size in bytes."""
    with lake.publish(name) as path:
        connection.execute(f"COPY ({select}) TO {_quoted(path)} {_FORMAT}")
        return path.stat().st_size


def compact(lake: Lake, root: Path, feed: Feed, *, before: str) -> tuple[int, int]:
    """Merge the files of each hour that is over into one.

    Args:
        lake: Where the files are.
        root: The lake's local folder, for DuckDB to read from.
        feed: Whose files.
        before: Only folders that sort before this one.

    Returns:
        How many files were read, and how many were written in their place.
    """
    names = lake.names(f"silver/{feed.name}", SUFFIX)
    kept, replaced = in_force(RangeFile.parse(name, SUFFIX) for name in names)
    for file in replaced:
        lake.delete(file.name)
    read = written = 0
    with duckdb.connect() as connection:
        for _, group in groupby((f for f in kept if f.folder < before), key=lambda f: f[:2]):
            parts = list(group)
            if len(parts) == 1:
                continue
            sources = ", ".join(_quoted(root / part.name) for part in parts)
            merged = parts[0]._replace(last=parts[-1].last)
            write(connection, lake, f"FROM read_parquet([{sources}])", merged.name)
            for part in parts:
                lake.delete(part.name)
            read += len(parts)
            written += 1
    return read, written


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
