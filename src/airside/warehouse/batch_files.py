"""Reads the Parquet files of a batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from airside.errors import CorruptDataError
from airside.lake import Lake
from airside.warehouse.arrow_parts import in_parts
from airside.warehouse.batch_document import BatchFile


def column_names(lake: Lake, file: BatchFile) -> list[str]:
    """The columns of a file, in their order.

    Raises:
        CorruptDataError: It is missing, or no Parquet file.
    """
    with _opened(lake, file) as parquet:
        names: list[str] = parquet.schema_arrow.names
        return names


def read_parts(lake: Lake, file: BatchFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """A file's rows, at most `arrow_parts.MAX_BYTES` at a time, with these columns in this order.

    Raises:
        CorruptDataError: It is missing, no Parquet file, or lacks a column.
    """
    with _opened(lake, file) as parquet:
        missing = set(columns) - set(parquet.schema_arrow.names)
        if missing:
            raise CorruptDataError(
                f"{file.name} has no column {min(missing)}; the batch has to be written again by "
                "this version of Airside"
            )
        for group in range(parquet.num_row_groups):  # each for itself, or rows of many are read
            for part in in_parts(parquet.iter_batches(row_groups=[group], columns=list(columns))):
                yield pa.Table.from_batches([part]).select(list(columns))


@contextmanager
def _opened(lake: Lake, file: BatchFile) -> Iterator[pq.ParquetFile]:
    try:
        with lake.local(file.name) as path, pq.ParquetFile(path) as parquet:
            yield parquet
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptDataError(
            f"{file.name} is not a Parquet file ({error}); restore it from a copy of the lake"
        ) from error
