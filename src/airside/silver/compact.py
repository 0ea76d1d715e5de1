"""Merges the small Parquet files of past hours, a piece at a time."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from airside.errors import CorruptDataError, RetryableError
from airside.lake import Lake
from airside.silver.files import range_files
from airside.stream import in_force

_FOLDER_COLUMNS = ("ingest_date", "ingest_hour")
"""The folders' names are no columns; files that an early version merged hold them as such."""
_GROUP_ROWS = 122_880
"""Of a row group, as DuckDB has them: what is held in memory at a time …"""
_GROUP_BYTES = 64 * 1024 * 1024
"""… or so much, and a part's row group more: a refused record may have a MiB."""
_LEVEL = 3  # of zstd; less makes merged files a twelfth larger for a thirtieth of the time


def compact(
    lake: Lake,
    root: str,
    *,
    before: str,
    rest: Callable[[float], object] = lambda _seconds: None,
) -> tuple[int, int]:
    """Merge the files of each hour that is over into one.

    The merged file is published before its parts are deleted, and readers pass over parts that a
    merged file covers, so that a crash in between loses nothing and counts nothing twice.

    Args:
        lake: Where the files are.
        root: The folder of the zone and feed.
        before: Only folders that sort before this one.
        rest: Called again and again, with the seconds of processor time worked since, to leave time
            to others; what it raises ends the merge, which can begin again.

    Returns:
        How many files were read, and how many were written in their place.

    Raises:
        CorruptDataError: A file is damaged: its hour stays as it is, and all else is merged.
    """
    kept, replaced = in_force(range_files(lake, root))
    for file in replaced:
        lake.delete(file.name)
        rest(0.0)
    read = written = 0
    damage: CorruptDataError | None = None
    for _, group in groupby((f for f in kept if f.folder < before), key=lambda f: f[:2]):
        parts = list(group)
        if len(parts) == 1:
            continue
        merged = parts[0]._replace(last=parts[-1].last)
        try:
            with ExitStack() as stack:
                paths: dict[str, Path] = {}
                for part in parts:
                    rest(0.0)
                    paths[part.name] = stack.enter_context(lake.local(part.name))
                _write(paths, stack.enter_context(lake.publish(merged.name)), rest)
        except CorruptDataError as error:
            damage = damage or error
            continue
        for part in parts:
            lake.delete(part.name)
        read += len(parts)
        written += 1
    if damage is not None:
        raise damage
    return read, written


def _write(paths: Mapping[str, Path], merged: Path, rest: Callable[[float], object]) -> None:
    """Write the rows of files, in order, with the columns that any of them has."""
    began = time.thread_time()
    schemas = [_opened(name, path).schema_arrow for name, path in paths.items()]
    schema = pa.unify_schemas(schemas, promote_options="permissive")
    schema = pa.schema(field for field in schema if field.name not in _FOLDER_COLUMNS)
    with pq.ParquetWriter(
        merged, schema, compression="zstd", compression_level=_LEVEL, store_schema=False
    ) as writer:
        for rows in _row_groups(paths, schema):
            writer.write_table(rows)
            rest(time.thread_time() - began)
            began = time.thread_time()


def _row_groups(paths: Mapping[str, Path], schema: pa.Schema) -> Iterator[pa.Table]:
    nothing = schema.empty_table()
    pieces, count, size = [nothing], 0, 0
    for name, path in paths.items():
        for piece in _rows(name, path):
            pieces.append(piece)
            count += piece.num_rows
            size += piece.nbytes
            if count >= _GROUP_ROWS or size >= _GROUP_BYTES:
                yield pa.concat_tables(pieces, promote_options="permissive")
                pieces, count, size = [nothing], 0, 0
    if count:
        yield pa.concat_tables(pieces, promote_options="permissive")


def _rows(name: str, path: Path) -> Iterator[pa.Table]:
    """A file's rows, a row group at a time, on this thread alone."""
    file = _opened(name, path)
    columns = [column for column in file.schema_arrow.names if column not in _FOLDER_COLUMNS]
    for group in range(file.num_row_groups):
        with _damage(name):
            rows = file.read_row_group(group, columns=columns, use_threads=False)
        yield rows


def _opened(name: str, path: Path) -> pq.ParquetFile:
    with _damage(name):
        return pq.ParquetFile(path)


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the system's, not the file's own
            raise RetryableError(
                f"{name} cannot be read ({error.strerror}); let the process open more files "
                "(`ulimit -n`), check the disk, then try again"
            ) from error
        raise CorruptDataError(
            f"{name} cannot be read ({error}); `airside backfill` makes it anew from the archive"
        ) from error
