"""Reads the Parquet files of a batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from airside.errors import CorruptDataError
from airside.lake import Lake
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
    """A file's rows, some at a time, with these columns in this order.

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
        for batch in parquet.iter_batches(columns=list(columns)):
            yield pa.Table.from_batches([batch]).select(list(columns))


@contextmanager
def _opened(lake: Lake, file: BatchFile) -> Iterator[pq.ParquetFile]:
    try:
        yield pq.ParquetFile(pa.BufferReader(lake.read(file.name)))
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptDataError(
            f"{file.name} is not a Parquet file ({error}); restore it from a copy of the lake"
        ) from error
