"""Rows of Arrow in parts of so many bytes: one may have a MiB, so counting rows bounds nothing."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

MAX_BYTES = 16 * 1024 * 1024


def in_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `MAX_BYTES`, or of one row that is larger."""
    for batch in batches:
        if batch.nbytes <= MAX_BYTES or batch.num_rows <= 1:
            yield batch
        else:
            middle = batch.num_rows // 2
            yield from in_parts([batch.slice(0, middle), batch.slice(middle)])


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of at most `MAX_BYTES`, or of one batch that is larger."""
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if group and size + batch.nbytes > MAX_BYTES:
            yield pa.Table.from_batches(group)
            group, size = [], 0
        group.append(batch)
        size += batch.nbytes
    if group:
        yield pa.Table.from_batches(group)
